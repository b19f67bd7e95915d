"""How the list of models looks: a table for people, a form for `--json`."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from qa.inventory import SEEDS, InstalledModel, Inventory
from qa.wire import Form

COLUMNS: Final = ("FOOTNOTE_MODEL", "SIZE", "CONTEXT", "MEMORY", "FITS HERE", "GOLD QUESTIONS")
NUMBERS: Final = ("SIZE", "CONTEXT", "MEMORY")
EMBEDDERS: Final = ("FOOTNOTE_EMBEDDER", "SIZE")
UNKNOWN: Final = "?"


class ScoreForm(Form):
    right: int
    answerable: int
    withheld: int
    unanswerable: int
    source: str


class ModelForm(Form):
    name: str
    engine: Literal["embedded", "ollama", "openai"]
    kind: Literal["language", "embedder"]
    size: int
    present: bool
    context: int
    memory: int
    fits: bool | None
    score: ScoreForm | None
    remedy: str


class RecommendationForm(Form):
    name: str
    reason: str


class ModelsForm(Form):
    models: tuple[ModelForm, ...]
    absent: tuple[str, ...]
    available: int
    recommended: RecommendationForm


def models_text(found: Inventory) -> str:
    """The language models, the embedders, below a model what it lacks; then what does not answer, and what to take."""
    return "\n".join([*_language_models(found), "", *_embedders(found), "", *found.absent, *_conclusion(found)])


def _language_models(found: Inventory) -> Iterator[str]:
    models = [model for model in found.models if model.kind == "language"]
    lines = _table(COLUMNS, [_row(model) for model in models])
    yield next(lines)
    for model, line in zip(models, lines, strict=True):
        yield line
        if model.remedy:
            yield f"    has no chat template. {model.remedy}"


def _row(model: InstalledModel) -> tuple[str, ...]:
    """The cells of COLUMNS."""
    score = model.score
    told = f"{score.right} of {score.answerable} right, {score.withheld} of {score.unanswerable} withheld" if score else "not measured"
    fits = {True: "yes", False: "no", None: UNKNOWN}[model.fits]
    return model.name, _size(model), f"{model.context:,}" if model.context else UNKNOWN, _megabytes(model.memory), fits, told


def _embedders(found: Inventory) -> Iterator[str]:
    return _table(EMBEDDERS, [(model.name, _size(model)) for model in found.models if model.kind == "embedder"])


def _conclusion(found: Inventory) -> Iterator[str]:
    unmeasured = [model.name for model in found.models if model.kind == "language" and not model.score]
    if unmeasured:
        yield f"`footnote eval {SEEDS} --model {unmeasured[-1]}` measures one that is not, in some minutes."
    yield f"Memory that is free here: {_megabytes(found.available)}."
    chosen = found.recommended
    yield f"Recommended: FOOTNOTE_MODEL={chosen.name}, {chosen.reason}." if chosen.name else f"No recommendation: {chosen.reason}."


def _size(model: InstalledModel) -> str:
    return _megabytes(model.size) + ("" if model.present else ", to be fetched")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size else UNKNOWN


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Numbers to the right, words to the left."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = (f"{cell:{'>' if name in NUMBERS else '<'}{width}}" for name, cell, width in zip(columns, row, widths, strict=True))
        yield "  ".join(cells).rstrip()
