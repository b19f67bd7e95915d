"""How well claims are checked against their evidence: `make bench-claims`, or `python -m tests.bench_claims BENCH_FOLDER`.

Gold sentences of the public question sets with one thing made untrue ought to be withdrawn, the same sentences said otherwise ought to
stand. `alone` checks a claim against the sentence it was made from; `among` also lets it find support in the sentences around. The articles
are of two halves: the rules were written after the even ones, and the odd ones were measured only. Intervals: Wilson (1927), 95%.
"""

import argparse
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Final

from qa.types import Claim
from qa.verify import fault, support
from tests.claim_changes import CHANGES, runs
from tests.claim_forms import FORMS, keeps_quotations
from tests.claim_sets import Gold, gold

EACH: Final = 350
"""Claims of a kind, at most."""
Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class Made:
    """A claim made from a gold sentence; `why` is why the checks withdraw it beside that sentence, `among` beside its neighbours too."""

    kind: str
    sound: bool
    text: str
    source: Gold
    why: str | None = None
    among: str | None = None
    seconds: float = 0.0


def made(sources: Sequence[Gold], seed: int, each: int = EACH) -> list[Made]:
    """Corrupted and sound claims, up to so many of each kind; the kinds that few sentences allow choose first."""
    found: list[Made] = []
    for kind, change in CHANGES.items():
        found += _some(kind, False, sources, lambda one, rng, change=change: change(one.text, _others(one), rng), seed, each)
    found += _some("clause", False, sources, _changed_clause, seed, each)
    found += _some("short", False, sources, _other_answer, seed, each)
    for kind, form in FORMS.items():
        found += _some(kind, True, sources, form, seed, each)
    return found


def _some(kind: str, sound: bool, sources: Sequence[Gold], make: Callable[..., str | None], seed: int, each: int) -> Iterator[Made]:
    rng = random.Random(f"{seed} {kind}")
    count = 0
    for source in rng.sample(sources, len(sources)):
        text = make(source, rng)
        if text and (text != source.text or (sound and kind in ("verbatim", "hedged"))) and count < each:
            if sound and not keeps_quotations(text, source):
                continue
            count += 1
            yield Made(kind, sound, text, source)


def _changed_clause(source: Gold, rng: random.Random) -> str | None:
    """A shortened or turned sentence with one thing of any kind changed: further from the source than a changed sentence."""
    forms = [FORMS[kind] for kind in ("shortened", "moved", "second", "turned")]
    text = next((made for form in forms if (made := form(source, rng)) and made != source.text), None)
    kinds = list(CHANGES)
    rng.shuffle(kinds)
    return next((made for kind in kinds if text and (made := CHANGES[kind](text, _others(source), rng)) and made != text), None)


def _other_answer(source: Gold, rng: random.Random) -> str | None:
    """The answer alone, its number, date or name changed."""
    if len(source.answer.split()) > 6:
        return None
    for kind in ("date", "number", "name"):  # "in" and "is", since a name or a year that opens a text may be none
        made = CHANGES[kind](f"It is in {source.answer}", _others(source), rng)
        if made and made.removeprefix("It is in ") not in source.text:
            return made.removeprefix("It is in ")
    return None


def _others(source: Gold) -> list[str]:
    """Names of the sentences around, the likeliest to be confused."""
    return [re.sub(r"['’]s?$|-$", "", match[0]) for text in (source.before, source.after, source.title) for match in runs(text)]


def checked(claim: Made) -> Made:
    began = time.perf_counter()
    why = fault(claim.text, claim.source.asked, claim.source.alone())
    seconds = time.perf_counter() - began
    among = support(Claim(claim.text, ()), claim.source.asked, claim.source.among())[1]
    return Made(claim.kind, claim.sound, claim.text, claim.source, why, among, seconds)


def wilson(hits: int, of: int) -> str:
    """`97.1% (96.0-98.0)`: a share and the interval of Wilson (1927)."""
    if not of:
        return "none"
    share, square = hits / of, Z * Z / of
    middle, half = (share + square / 2) / (1 + square), Z * sqrt(share * (1 - share) / of + square / of / 4) / (1 + square)
    return f"{100 * share:5.1f}% ({100 * (middle - half):.1f}-{100 * (middle + half):.1f})"


def table(claims: Sequence[Made]) -> Iterator[str]:
    for sound in (False, True):
        told = "sound, withdrawn" if sound else "corrupted, caught"
        of = [claim for claim in claims if claim.sound == sound]
        for kind in (*dict.fromkeys(claim.kind for claim in of), "all"):
            those = [claim for claim in of if kind in (claim.kind, "all")]
            alone, among = (sum(bool(why) for why in several) for several in ([c.why for c in those], [c.among for c in those]))
            yield f"{told:18} {kind:10} {len(those):5}  alone {wilson(alone, len(those)):22} among {wilson(among, len(those))}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--half", choices=("even", "odd", "both"), default="odd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH)
    parser.add_argument("--show", nargs=2, metavar=("KIND", "N"), default=None, help="failing examples of a kind")
    options = parser.parse_args()
    sources = [one for one in gold(options.bench, options.seed) if options.half == "both" or one.even == (options.half == "even")]
    claims = [checked(claim) for claim in made(sources, options.seed, options.each)]
    print(*table(claims), sep="\n")
    print(f"{1000 * sum(claim.seconds for claim in claims) / len(claims):.2f} ms a claim, {len(sources)} gold sentences ({options.half})")
    if options.show:
        wrong = [claim for claim in claims if options.show[0] in (claim.kind, "all") and bool(claim.why) == claim.sound]
        for claim in wrong[: int(options.show[1])]:
            print(f"\n{claim.kind}: {claim.text}\n  of {claim.source.text}\n  {claim.source.question} {claim.why or 'stands'}")


if __name__ == "__main__":
    main()
