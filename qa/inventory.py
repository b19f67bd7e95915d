"""The models that engines have: what each takes of memory, how well it was measured to answer, and which is best on this machine. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

WIDTH: Final = 2  # bytes of a number in the cache of keys and values
ENGINE: Final = 240_000_000  # bytes beside weights and cache, measured: Ollama 70 to 150, ours 80 to 105 and 134 for earlier prompts
FOOTNOTE: Final = 550_000_000  # bytes of Footnote itself, measured: embedder, second reader, vectors of the seeds
SEEDS: Final = "seeds/questions.jsonl"


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how much memory the context of a model takes. `key` and `value` are the numbers a head keeps of each token;
    `context` is the tokens that the model was trained to take in."""

    layers: int
    heads: int  # of keys and values
    key: int
    value: int
    context: int

    def cache(self, context: int, slots: int) -> int:
        """Bytes of the keys and values of `slots` contexts of so many tokens each, or of fewer where the model was trained on fewer."""
        return self.layers * self.heads * (self.key + self.value) * WIDTH * min(context, self.context or context) * slots


def shape(facts: Mapping[str, Any]) -> Shape | None:
    """From the metadata of a GGUF file, or what Ollama tells of it; None where something is missing.

    Models with a sliding window or with layers that keep nothing take less than is told here.
    """
    family = facts.get("general.architecture")

    def number(key: str) -> int:
        told = facts.get(f"{family}.{key}")
        return told if isinstance(told, int) else 0

    layers, heads = number("block_count"), number("attention.head_count")
    length = number("attention.key_length") or (number("embedding_length") // heads if heads else 0)
    if not layers or not length:
        return None
    kept = number("attention.head_count_kv") or heads  # told layer by layer by some models: then all, which is rather too many
    return Shape(layers, kept, length, number("attention.value_length") or length, number("context_length"))


@dataclass(frozen=True, slots=True)
class Score:
    """What came of the gold questions: how many of the answerable were answered rightly, and of the others withheld."""

    right: int
    answerable: int
    withheld: int
    unanswerable: int
    source: str  # the document that has the figures

    @property
    def share(self) -> float:
        return (self.right + self.withheld) / (self.answerable + self.unanswerable)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a model of ours before its file is here."""

    shape: Shape
    score: Score | None = None


KNOWN: Final[Mapping[str, Known]] = {
    "embedded": Known(Shape(28, 2, 128, 128, 32_768), Score(36, 48, 23, 24, "TRUST.md")),
    "embedded:smollm2": Known(Shape(30, 3, 64, 64, 8_192)),
}


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that FOOTNOTE_MODEL (kind language) or FOOTNOTE_EMBEDDER can be set to.

    `size` is of its file and `memory` what it takes with the context asked for, in bytes, `context` what it was trained on, in tokens;
    0 where it is not known. `fits` tells whether there is that much memory here: None where it is not known, or elsewhere. `present` is
    false for a file that would be fetched; `remedy` mends a model that has no chat template.
    """

    name: str
    engine: Literal["embedded", "ollama", "openai"]
    kind: Literal["language", "embedder"]
    size: int
    present: bool
    context: int = 0
    memory: int = 0
    fits: bool | None = None
    score: Score | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`name` is the value of FOOTNOTE_MODEL; empty where no model will do, and `reason` says what would."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """All models, the engines that do not answer (each with what to do), and what to take. `available` is in bytes."""

    models: tuple[InstalledModel, ...]
    absent: tuple[str, ...]
    available: int
    recommended: Recommendation


def memory_needed(size: int, model: Shape | None, context: int, slots: int) -> int:
    """Bytes that a model takes, with its engine and Footnote beside it; 0 where that cannot be told."""
    return size + model.cache(context, slots) + ENGINE + FOOTNOTE if model and size else 0


def recommend(models: Sequence[InstalledModel], available: int) -> Recommendation:
    """The best measured of the models that fit; where none of these is measured, the largest; where none fits, what would help."""
    usable = [model for model in models if model.kind == "language" and not model.remedy]
    fitting = [model for model in usable if model.fits]
    measured = {model.name: model.score for model in fitting if model.score}
    if measured:
        name, score = max(measured.items(), key=lambda one: one[1].share)
        told = f"{score.right} of {score.answerable} gold questions right, {score.withheld} of {score.unanswerable} withheld"
        return Recommendation(name, f"the best of those measured that fit: {told} ({score.source})")
    if fitting:
        name = max(fitting, key=lambda model: model.size).name
        return Recommendation(name, "the largest that fits; none that fits has been measured")
    least = min((model for model in usable if model.memory), key=lambda model: model.memory, default=None)
    if least is None:
        return Recommendation("", "of no model here is it known that it fits")
    missing = f"{(least.memory - available) / 1e6:,.0f} MB"
    return Recommendation("", f"nothing fits; {least.name} would with {missing} more, or take a server elsewhere (FOOTNOTE_MODEL_URL)")
