"""The embedder: text → unit vectors. MiniLM on onnxruntime inside this process, or a model of an Ollama server."""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from qa import weights
from qa.address import OLLAMA_URL
from qa.errors import EngineError, SettingsError, WeightsError
from qa.settings import Settings
from qa.tokens import estimate
from qa.types import Progress, Span

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from qa.ollama import Ollama

Vectors = npt.NDArray[np.float32]

MOST_POSITIONS: Final = 512  # of MiniLM; longer texts are cut there
ADVISED_TOKENS: Final = 256  # the max_seq_length of all-MiniLM-L6-v2's own configuration; passages keep to it
BATCH: Final = 32  # texts per request to Ollama


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity. Safe to use from several threads."""

    @property
    def fingerprint(self) -> str:
        """Model, digest, dimensions and pooling: vectors of different fingerprints cannot be compared."""

    @property
    def dimensions(self) -> int: ...

    @property
    def parallel(self) -> int:
        """How many texts are worth embedding at once, each in a thread of its own."""

    @property
    def limit(self) -> int:
        """Most tokens of a text, special tokens included, at which it is still embedded well."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 for each text: shape (len(texts), dimensions). Raises EngineError."""

    def embed_parts(self, text: str, parts: Sequence[Span]) -> Vectors:
        """A row of length 1 for the text, then one for each part of it: shape (1 + len(parts), dimensions). Raises EngineError."""

    def count(self, text: str) -> int:
        """Tokens of the text, special tokens included; never too few."""


class MiniLM:
    """all-MiniLM-L6-v2, int8: mean of the last hidden states, scaled to length 1.

    One text at a time and without padding: quicker than batches on a CPU, and since int8 scales by what is in the batch, the only way
    in which a text always gets the same vector.
    """

    dimensions: Final = 384
    limit: Final = ADVISED_TOKENS

    def __init__(self, model: Path, tokenizer: Path, threads: int, digest: str = "") -> None:
        """Nothing is loaded before it is needed; then raises WeightsError where a file is not what it should be. `digest` is computed
        where it is not given. Two texts in two threads take three quarters of the time of one after the other with both."""
        self._files = model, tokenizer
        self._loading = threading.Lock()
        self._loaded: tuple[InferenceSession, Tokenizer] | None = None
        self.parallel = threads
        digest = digest or hashlib.sha256(model.read_bytes()).hexdigest()
        self.fingerprint = f"all-minilm-l6-v2-int8:{digest[:12]}:{self.dimensions}:mean:parts-in-context"

    def load(self) -> "tuple[InferenceSession, Tokenizer]":
        """What reads texts, loaded once. Raises WeightsError."""
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(*self._files)
            return self._loaded

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [self._vector(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), dtype=np.float32)

    def embed_parts(self, text: str, parts: Sequence[Span]) -> Vectors:
        """A part's vector is the mean over its tokens as they stand in the whole text, so that a sentence knows what its pronouns mean
        ("late chunking", Günther et al. 2024), and the text is read once for all. A part beyond the cut gets the vector of the whole."""
        coded = self.load()[1].encode(text)
        states = self._states(_cut(coded.ids))
        offsets = [*coded.offsets[: len(states) - 1], (0, 0)]  # the last is the special token, of a text that was cut too
        starts, ends = np.array(offsets, dtype=np.int64).T
        rows = [states.mean(axis=0)]
        for part in parts:
            inside = (starts < part.end) & (ends > part.start) & (ends > starts)
            rows.append(states[inside].mean(axis=0) if inside.any() else rows[0])
        return unit(np.stack(rows))

    def count(self, text: str) -> int:
        return len(self.load()[1].encode(text).ids)

    def _vector(self, text: str) -> Vectors:
        return unit(self._states(_cut(self.load()[1].encode(text).ids)).mean(axis=0))

    def _states(self, token_ids: list[int]) -> Vectors:
        """The last hidden states, shape (tokens, dimensions)."""
        ids = np.array([token_ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        states: Vectors = self.load()[0].run(["last_hidden_state"], inputs)[0][0]
        return states


def _load(model: Path, tokenizer: Path) -> "tuple[InferenceSession, Tokenizer]":
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the longest text ever seen
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        words = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # both libraries raise bare classes of their own
        raise WeightsError(f"The embedder cannot be loaded: {error}", f"Delete {model} and {tokenizer} and try again.") from error
    words.no_padding()
    words.no_truncation()
    return session, words


def _cut(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MOST_POSITIONS else [*ids[: MOST_POSITIONS - 1], ids[-1]]


class OllamaEmbedder:
    """An embedding model of an Ollama server. A text that does not fit the model is an error, never cut."""

    parallel: Final = 1  # the server has as many cores at one text

    def __init__(self, server: "Ollama", model: str) -> None:
        """Raises EngineError where the server does not answer or the model cannot embed."""
        self._server, self._model = server, model
        self.limit = min(server.context(model) or MOST_POSITIONS, MOST_POSITIONS) * 2 // 3  # tokens are only estimated
        self.dimensions = self.embed(["dimensions"]).shape[1]
        self.fingerprint = f"ollama:{model}:{server.digest(model)[:12]}:{self.dimensions}:ollama:parts-alone"

    def count(self, text: str) -> int:
        return estimate(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        parts = [self._server.embed(self._model, texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return unit(np.concatenate([np.asarray(part, dtype=np.float32) for part in parts]))

    def embed_parts(self, text: str, parts: Sequence[Span]) -> Vectors:
        """Each part read alone: a server does not show what it makes of the tokens. A part without a word gets the vector of the whole."""
        return self.embed([text, *(part.of(text).strip() or text for part in parts)])


def unit(vectors: Vectors) -> Vectors:
    """The same directions at length 1; raises EngineError for a vector that has none."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
        raise EngineError("The embedder gave a vector without direction", "Check the embedding model, or set FOOTNOTE_EMBEDDER=embedded.")
    scaled: Vectors = (vectors / lengths).astype(np.float32)
    return scaled


def setting_of(fingerprint: str) -> str:
    """The setting that names the embedder of a fingerprint: `embedded`, or `ollama:NAME`."""
    engine, *parts = fingerprint.split(":")
    return f"ollama:{':'.join(parts[:-4])}" if engine == "ollama" else "embedded"


def open_embedder(settings: Settings, progress: Progress) -> Embedder:
    """The embedder that the settings name; its files or its model are fetched where missing. MiniLM is loaded when it is first used.

    Raises SettingsError for an unknown engine, WeightsError or EngineError where the embedder cannot be had.
    """
    engine, _, name = settings.embedder.partition(":")
    if settings.embedder == "embedded":
        model, tokenizer = (
            weights.fetch(one, settings.cache, settings.weights, progress) for one in (weights.MINILM, weights.MINILM_TOKENIZER)
        )
        return MiniLM(model, tokenizer, settings.threads or 2, weights.MINILM.sha256)
    if engine == "ollama" and name:
        from qa.ollama import Ollama

        server = Ollama(settings.model_url or OLLAMA_URL, settings.timeout)
        server.ensure(name, progress)
        return OllamaEmbedder(server, name)
    raise SettingsError(f"There is no embedder {settings.embedder!r}", "Set FOOTNOTE_EMBEDDER to embedded or ollama:NAME.")
