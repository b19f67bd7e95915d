"""How likely an answer is to be right: a few named signals, and the logistic model that makes one probability of them.

The models stand in `confidence.json`, one for each language model that was measured; `footnote eval --calibrate` fits one to the user's own
cases and keeps it in the home folder, where it goes before the shipped one. Pure but for reading these files.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from qa.errors import SettingsError
from qa.reader import Reader, Text
from qa.types import Evidence
from qa.words import content_words, one_line, stem, vocabulary

FILE: Final = Path(__file__).with_name("confidence.json")
OWN: Final = "confidence.json"  # in the home folder
LEAST: Final = 1e-3  # no probability is taken to be nearer to 0 or 1
LOGITS: Final = frozenset(("yes", "stated", "answers"))  # signals that are probabilities, weighed by their logits


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for an answer; None where the engine or the reader that would tell is not there.

    `yes`: the language model's probability, shown the sources alone, that they state what the question asks for. `stated`: its probability,
    shown all evidence, that some sentence does. `answers`: the second reader's probability that the sources answer. `words`: the share of
    the question's words in them. `found`: how good a piece of evidence retrieval thought them.

    Tried beside these and left out, as the AUC on answers left out of the fit (.87; `yes` alone .79) did not rise: how sure the reader is
    of the words that answer, whether they are the claim's, what it says of the claim itself, how far its best sentence stands above the
    sources, the language model's probability of the words that it wrote.
    """

    yes: float | None = None
    stated: float | None = None
    answers: float | None = None
    words: float | None = None
    found: float | None = None

    def told(self) -> dict[str, float]:
        """The signals that are there, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


NAMES: Final = tuple(field.name for field in fields(Signals))


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic model of the signals, fitted to the answers of one language model. `usual` stands in for a signal that is missing.

    `answers`, `right`: how many it was fitted to, and how many of them were right; `auc`, `calibration_error`, `brier`: its figures on
    answers that it was not fitted to (cross-validation).
    """

    model: str
    intercept: float
    weights: Mapping[str, float]
    usual: Mapping[str, float]
    answers: int
    right: int
    auc: float
    calibration_error: float
    brier: float

    def probability(self, signals: Signals) -> float:
        """Between 0 and 1."""
        given = scaled(signals)
        total = self.intercept + sum(weight * given.get(name, self.usual.get(name, 0.0)) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


MODELS: Final = TypeAdapter(tuple[Confidence, ...])


def scaled(signals: Signals) -> dict[str, float]:
    """The signals that are there as they are weighed: probabilities as logits, the others as they are."""
    return {name: _logit(value) if name in LOGITS else value for name, value in signals.told().items()}


def confidence_of(model: str, home: Path) -> Confidence:
    """That of the language model of this name, the user's own before the shipped; the first shipped one where it was never measured.

    Raises SettingsError for a file that is not understood.
    """
    shipped = read(FILE)
    known = [*(read(home / OWN) if (home / OWN).exists() else ()), *shipped]
    return next((one for one in known if one.model == model), shipped[0])


def read(path: Path) -> tuple[Confidence, ...]:
    """The models of a file. Raises SettingsError."""
    hint = "Remove it, or fit it again with `footnote eval CASES --calibrate`."
    try:
        found = MODELS.validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", hint) from error
    except ValidationError as error:
        raise SettingsError(f"{path} holds no confidence: {error.errors()[0]['msg']}", hint) from error
    if not found or any(set(one.weights) - set(NAMES) for one in found):
        raise SettingsError(f"{path} is of another version", hint)
    return found


def keep(fitted: Confidence, home: Path) -> Path:
    """Put a model in the place of the user's own for the same language model. Returns the file."""
    path = home / OWN
    others = [one for one in (read(path) if path.exists() else ()) if one.model != fitted.model]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(MODELS.dump_json((fitted, *others), indent=2))
    part.replace(path)
    return path


def least(several: Iterable[Signals]) -> Signals:
    """The least of each signal over the sentences of an answer: it is as good as its weakest."""
    told = [one.told() for one in several]
    return Signals(**{name: min(one[name] for one in told if name in one) for name in NAMES if any(name in one for one in told)})


def answering(second: Reader | None, question: str, group: Sequence[Evidence]) -> float | None:
    """The second reader's probability that the sources of a sentence, sentences of one article, answer the question: that of the best of
    them where it has read them with what stands before, else of all together. None without a reader."""
    before = [item.answers for item in group if item.answers is not None]
    if before or second is None:
        return max(before, default=None)
    source = Text(" ".join(one_line(item.text) for item in group), group[0].passage.heading)
    return second.read(question, [source])[0].answers


def shared_words(question: str, group: Sequence[Evidence]) -> float:
    """The share of the question's content words that stand in the sources or their headings; 1 where it has none."""
    asked = {stem(word) for word in content_words(question)}
    present = vocabulary(" ".join(text for item in group for text in (item.text, item.passage.heading)))
    return len(asked & present) / len(asked) if asked else 1.0


def _logit(probability: float) -> float:
    kept = min(max(probability, LEAST), 1 - LEAST)
    return math.log(kept / (1 - kept))
