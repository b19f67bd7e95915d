"""The second reader: a small network of our own that reads question and text together, on onnxruntime inside this process.

It tells whether a text answers a question and with which of its words, and whether a text supports a claim. It is made by `qa/training`;
MODEL_CARD.md has its figures and what it is bad at.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from qa import weights
from qa.errors import SettingsError, WeightsError
from qa.settings import Settings
from qa.types import Progress

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

FILE: Final = Path(__file__).with_name("reader.onnx")
SHA256: Final = "eaf3ed92163336a95a15ae951f978ed4aa8ddaf743237fbe76ca62644c300897"
LENGTH: Final = 192
"""Tokens of a pair, at most; what is longer is cut at its end. It was trained on pairs of up to 128."""
MOST_ASKED: Final = 400
"""Characters of a question or claim that are read: at most some 100 tokens, so that the text has room."""
MOST_ANSWER: Final = 30
"""Tokens of an answer's span, at most."""

T = TypeVar("T")
Verdict = Literal["supported", "contradicted", "unsettled"]
VERDICTS: Final[tuple[Verdict, ...]] = ("supported", "contradicted", "unsettled")


@dataclass(frozen=True, slots=True)
class Text:
    """What is read: one or a few sentences, with what is known of them (`context`: title and date of their article)."""

    text: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says to a question. `answers`: probability that it answers; `start` and `end`: the characters of the text that would be
    the answer, if any; `span`: how much of the probability of all spans is theirs."""

    answers: float
    start: int
    end: int
    span: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a text says of a claim; the three probabilities make 1."""

    supported: float
    contradicted: float
    unsettled: float

    @property
    def verdict(self) -> Verdict:
        return max(VERDICTS, key=lambda one: float(getattr(self, one)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """From scores to probabilities (Platt 1999; Guo et al. 2017): `scale` and `shift` of the score that a text answers, `temperature` of
    the three scores of a judgement. Fitted on articles that were not trained on."""

    scale: float = 1.0
    shift: float = 0.0
    temperature: float = 1.0


class Reader:
    """Safe to use from several threads. Pairs are read one at a time, unpadded, side by side on so many threads: int8 scales by what is in
    a batch, so only this way a text is always read alike; and it is no slower."""

    def __init__(self, model: Path, tokenizer: Path, threads: int) -> None:
        """Raises WeightsError where a file cannot be loaded."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # both libraries raise bare classes of their own
            raise WeightsError(
                f"The second reader cannot be loaded: {error}", "Install Footnote again, or set FOOTNOTE_READER=none."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LENGTH, strategy="longest_first")
        told = self._session.get_modelmeta().custom_metadata_map
        self.calibration = Calibration(**json.loads(told.get("calibration", "{}")))
        self._pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="reader")

    def read(self, question: str, texts: Sequence[Text], stopped: Callable[[], bool] = bool) -> tuple[Reading, ...]:
        """What each text says to the question, in their order; fewer, from the first on, where `stopped` says so in between."""
        return tuple(self._each(lambda text: self._reading(question, text), texts, stopped))

    def judge(self, claim: str, texts: Sequence[Text], stopped: Callable[[], bool] = bool) -> tuple[Judgement, ...]:
        """What each text says of the claim (a sentence, or a question with its answer), in their order; see `read`."""
        return tuple(self._each(lambda text: self._judgement(claim, text), texts, stopped))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _each(self, one: Callable[[Text], T], texts: Sequence[Text], stopped: Callable[[], bool]) -> Iterator[T]:
        waiting = [self._pool.submit(one, text) for text in texts]
        try:
            for job in waiting:
                if stopped():
                    return
                yield job.result()
        finally:
            for job in waiting:
                job.cancel()

    def _reading(self, question: str, text: Text) -> Reading:
        joint, offset = joined(text.context, text.text)
        coded = self._tokenizer.encode(question[:MOST_ASKED], joint)
        answers, starts, ends, _ = self._scores(coded.ids, coded.type_ids)
        places = np.array(coded.offsets, dtype=np.int64)
        free = (np.array(coded.type_ids) == 1) & (places[:, 1] > places[:, 0]) & (places[:, 0] >= offset)
        probability = 1 / (1 + np.exp(-(self.calibration.scale * float(answers[0]) + self.calibration.shift)))
        if not free.any():
            return Reading(float(probability), 0, 0, 0.0)
        first, last, share = best_span(starts[0], ends[0], free)
        return Reading(float(probability), int(places[first, 0]) - offset, int(places[last, 1]) - offset, share)

    def _judgement(self, claim: str, text: Text) -> Judgement:
        coded = self._tokenizer.encode(claim[:MOST_ASKED], joined(text.context, text.text)[0])
        scores = self._scores(coded.ids, coded.type_ids)[3][0] / self.calibration.temperature
        return Judgement(*map(float, softmax(scores)))

    def _scores(self, ids: Sequence[int], kinds: Sequence[int]) -> tuple[Floats, Floats, Floats, Floats]:
        inputs = {"ids": np.array([ids], dtype=np.int64), "kinds": np.array([kinds], dtype=np.int64)}
        inputs["mask"] = np.ones_like(inputs["ids"])
        answers, starts, ends, judgements = self._session.run(["answers", "starts", "ends", "judgements"], inputs)
        return answers, starts, ends, judgements


def joined(context: str, text: str) -> tuple[str, int]:
    """The second text of a pair, as it is read, and where `text` begins in it."""
    return (f"{context}: {text}", len(context) + 2) if context else (text, 0)


def softmax(scores: Floats) -> Floats:
    """Probabilities in the proportions of the exponentials."""
    powers = np.exp(scores - scores.max())
    shares: Floats = powers / powers.sum()
    return shares


def best_span(starts: Floats, ends: Floats, free: npt.NDArray[np.bool_]) -> tuple[int, int, float]:
    """First and last token of the likeliest answer of at most MOST_ANSWER tokens among those that are free, and its probability."""
    first = softmax(np.where(free, starts, -np.inf))
    last = softmax(np.where(free, ends, -np.inf))
    both = np.triu(np.outer(first, last)) - np.triu(np.outer(first, last), MOST_ANSWER)
    start, end = np.unravel_index(int(both.argmax()), both.shape)
    return int(start), int(end), float(both[start, end])


def open_reader(settings: Settings, progress: Progress) -> Reader | None:
    """The reader that the settings name; None where they want none. Raises SettingsError, WeightsError."""
    if settings.reader == "none":
        return None
    if settings.reader != "embedded":
        raise SettingsError(f"There is no second reader {settings.reader!r}", "Set FOOTNOTE_READER to embedded or none.")
    tokenizer = weights.fetch(weights.MINILM_TOKENIZER, settings.cache, settings.weights, progress)
    return Reader(checked(FILE), tokenizer, settings.threads or 2)


def checked(path: Path) -> Path:
    """The path, where the file is the one that this version was measured with. Raises WeightsError."""
    hint = "Install Footnote again, or set FOOTNOTE_READER=none to go on without it: it finds and checks worse."
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"The second reader {path} cannot be read: {error.strerror}", hint) from error
    if digest != SHA256:
        raise WeightsError(f"The second reader {path} is damaged: its digest is {digest[:12]}…, not {SHA256[:12]}…", hint)
    return path
