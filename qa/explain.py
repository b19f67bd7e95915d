"""What each stage of retrieval did to every hit, as text for a terminal. Pure."""

from collections.abc import Sequence
from typing import Final

from qa.types import Evidence, Hit, Search, Step

OWN: Final = ("fused", "rescored")  # scores that a stage's own score repeats


def explanation(found: Search) -> str:
    """Each hit with its place and score after each stage, and what the score is made of; those that fell behind; the evidence."""
    if not found.hits:
        return "Nothing was found."
    shown = {hit.passage.id for hit in found.hits}
    behind = [hit for hit in _behind(found) if hit.passage.id not in shown]
    lines = [line for number, hit in enumerate(found.hits, 1) for line in _about(str(number), hit, found.steps)]
    if behind:
        lines += ["", "Fell behind:", *(line for hit in behind for line in _about("-", hit, found.steps))]
    return "\n".join([*lines, "", "Evidence:", *map(_sentence, found.evidence)])


def _behind(found: Search) -> list[Hit]:
    """The hits that stood among the first after some stage, as the last stage knew them."""
    first = dict.fromkeys(hit.passage.id for step in found.steps for hit in step.hits[: len(found.hits)])
    last = {hit.passage.id: hit for step in found.steps for hit in step.hits}
    return [last[id_] for id_ in first]


def _about(number: str, hit: Hit, steps: Sequence[Step]) -> list[str]:
    places = [f"{step.stage} {_place(hit, step)}" for step in steps]
    parts = [f"{name} {value:.3g}" for name, value in hit.scores.items() if name not in OWN]
    return [f"{number:>3}  {hit.passage.heading} · {hit.passage.location}", f"     {' → '.join(places)}", f"     {', '.join(parts)}"]


def _place(hit: Hit, step: Step) -> str:
    """Place and score after a stage, "3 (0.812)"; "-" where the hit was not there."""
    places = ((place, other.score) for place, other in enumerate(step.hits, 1) if other.passage.id == hit.passage.id)
    return next((f"{place} ({score:.3f})" for place, score in places), "-")


def _sentence(item: Evidence) -> str:
    likely = ""
    if item.answers is not None:
        words = " ".join(item.likely.split())
        likely = f", answers {item.answers:.2f}" + (f": “{words}”" if words else "")
    return f"[{item.number}] {' '.join(item.text.split())} · {item.passage.location} ({item.score:.3f}{likely})"
