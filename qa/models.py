"""The language model that the settings name: of an Ollama server, of an OpenAI-compatible one, or the embedded llama.cpp."""

import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qa import weights
from qa.address import OLLAMA_URL, answers, is_local
from qa.errors import EngineError, SettingsError
from qa.gguf import Metadata, read_metadata
from qa.settings import Settings
from qa.thoughts import left_open
from qa.tokens import estimate
from qa.types import Progress

if TYPE_CHECKING:
    import httpx
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage, MessageLikeRepresentation
    from langchain_core.runnables import Runnable

    from qa.completions import Request

EMBEDDED: Final = {"embedded": weights.QWEN, "embedded:smollm2": weights.SMOLLM2}
SERVER_HINT: Final = "Check FOOTNOTE_MODEL_URL and that the server runs, or set FOOTNOTE_MODEL=embedded."
PROBE: Final = 2.0  # seconds that an Ollama server nobody named has for an answer
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LanguageModel:
    """A LangChain chat model with what the rest of Footnote must know of it.

    `context` is in tokens; `count` tells the tokens of a text (by the model's own tokenizer where the engine shows it, else rather too
    many); `requesting` gives the chat model set up for one kind of call; `digest` tells one model of a name from the next, where known;
    `alive` tells whether an engine of our own still runs.
    """

    name: str
    context: int
    count: Callable[[str], int]
    requesting: "Callable[[Request], Runnable[LanguageModelInput, AIMessage]]"
    close: Callable[[], None] = lambda: None
    digest: str = ""
    alive: Callable[[], bool] = lambda: True

    @classmethod
    def of(cls, chat: "BaseChatModel", name: str = "test", context: int = 4096) -> "LanguageModel":
        """Any LangChain chat model, with nothing asked of it but its stop sequences."""

        def requesting(request: "Request") -> "Runnable[LanguageModelInput, AIMessage]":
            return chat.bind(stop=list(request.stop)) if request.stop else chat

        return cls(name, context, estimate, requesting)

    def runnable(
        self, max_tokens: int = 512, stop: tuple[str, ...] = (), grammar: str | None = None, *, logprobs: bool = False
    ) -> "Runnable[LanguageModelInput, AIMessage]":
        """The chat model for LCEL: `prompt | model.runnable()`. Streams AIMessageChunks; closing the stream stops the model.

        The temperature is 0. `grammar` (GBNF) binds the embedded model and is left out elsewhere; with `logprobs` the chunks carry the
        likeliest tokens in each place (`tokens`) where the engine tells them. The stream raises EngineError: ReplyCutError unless the reply
        is complete, PromptTooLongError where the prompt did not fit.
        """
        from qa.completions import Request

        return self.requesting(Request(max_tokens, stop, grammar, logprobs))

    def yes(self, messages: "Sequence[MessageLikeRepresentation]") -> float | None:
        """Probability, 0 to 1, that the reply begins with yes rather than no; 0.5 where it begins with neither.

        None where the engine gives no probabilities, or the reply begins with a thought. Costs one token; raises EngineError.
        """
        from qa.completions import Request

        request = Request(max_tokens=1, logprobs=True, cut_allowed=True)
        chunks = list(self.requesting(request).stream(list(messages)))
        return next((share_of_yes(found) for chunk in chunks if (found := candidates(chunk))), None)


def candidates(chunk: "AIMessage") -> Sequence[Mapping[str, Any]]:
    """The likeliest first tokens (`token`, `logprob`) that a chunk tells of, in OpenAI's form or in Ollama's."""
    return next(iter(tokens(chunk)), ("", ()))[1]


def tokens(chunk: "AIMessage") -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The tokens of a chunk, each with the likeliest in its place; none where the engine gives no probabilities."""
    logprobs = chunk.response_metadata.get("logprobs")
    told = logprobs.get("content") if isinstance(logprobs, dict) else logprobs
    for one in told or ():
        yield str(one["token"]), one.get("top_logprobs") or ()


def share_of_yes(found: Iterable[Mapping[str, Any]]) -> float:
    """The part of yes, however written (" Yes", "YES", "yes."), in the probability of yes and no together."""
    mass = {"yes": 0.0, "no": 0.0}
    for candidate in found:
        word = "".join(filter(str.isalpha, str(candidate["token"]))).lower()
        if word in mass:
            mass[word] += math.exp(float(candidate["logprob"]))
    total = sum(mass.values())
    return mass["yes"] / total if total else 0.5


def share_of_zero(found: Iterable[Mapping[str, Any]]) -> float | None:
    """The part of 0 in the probability of all numbers together; None where none is among the likeliest tokens."""
    mass: dict[int, float] = {}
    for candidate in found:
        number = str(candidate["token"]).strip("[] \n")
        if number.isdecimal():
            mass[int(number)] = mass.get(int(number), 0.0) + math.exp(float(candidate["logprob"]))
    total = sum(mass.values())
    return mass.get(0, 0.0) / total if total else None


def open_language_model(settings: Settings, progress: Progress) -> LanguageModel:
    """The model that `settings.model` names, ready to answer; fetched or pulled where it is missing. Close it after use.

    Raises SettingsError for a name of no known form, WeightsError or EngineError where the model cannot be had.
    """
    engine, _, name = settings.model.partition(":")
    if settings.model == "auto":
        return open_automatic(settings, progress)
    if settings.model in EMBEDDED:
        return open_weights(EMBEDDED[settings.model], settings, progress)
    if engine == "embedded" and name:
        return open_file(Path(name).expanduser(), settings, progress)
    if engine == "ollama" and name:
        return open_ollama(name, settings, progress)
    if engine == "openai" and name:
        return open_compatible(name, settings)
    raise SettingsError(f"There is no model {settings.model!r}", "Set FOOTNOTE_MODEL to auto, embedded, ollama:NAME or openai:NAME.")


def open_automatic(settings: Settings, progress: Progress) -> LanguageModel:
    """The first chat model of the Ollama server if one answers at once, else the embedded model."""
    name = _chat_model_of(settings.model_url or OLLAMA_URL)
    return open_ollama(name, settings, progress) if name else open_weights(weights.QWEN, settings, progress)


def open_weights(known: weights.Weights, settings: Settings, progress: Progress) -> LanguageModel:
    """The embedded llama.cpp with a model of ours, fetched if need be."""
    path = weights.fetch(known, settings.cache, settings.weights, progress)
    return _open_llama(path, known.name, known.sha256, settings, progress)


def open_file(path: Path, settings: Settings, progress: Progress) -> LanguageModel:
    """The embedded llama.cpp with a GGUF file of the user's. Raises EngineError for one that is damaged or has no chat template."""
    if not path.is_file():
        raise SettingsError(f"There is no file {path}", "Set FOOTNOTE_MODEL to embedded, or to embedded:FILE with a GGUF file.")
    if fault := chat_template_fault(path, read_metadata(path)):
        raise fault
    status = path.stat()
    return _open_llama(path, path.stem, f"{status.st_size}-{status.st_mtime_ns}", settings, progress)


def chat_template_fault(path: Path, told: Metadata) -> EngineError | None:
    """The error of a GGUF file that does not say how turns are marked: llama.cpp would guess."""
    if told.template:
        return None
    hint = (
        "Take the file of the model's instruct version, or put its publisher's template in: `pip install gguf`, then "
        f"`gguf-new-metadata --chat-template-config tokenizer_config.json {path.name} {path.stem}-chat.gguf`."
    )
    return EngineError(f"The file {path.name} has no chat template: its model would go on with the prompt, not reply", hint)


def _open_llama(path: Path, title: str, digest: str, settings: Settings, progress: Progress) -> LanguageModel:
    from qa.llama import RESTART, LlamaServer

    progress(f"loading {title}", 0, 0)
    server = LlamaServer(path, settings.context, settings.threads, settings.timeout, settings.slots)
    try:
        from qa.completions import CompletionsChat  # LangChain is imported while the model loads

        server.wait()
        opened = left_open(server.prompt("Where?"))
        chat = CompletionsChat(
            client=server.client,
            model=title,
            label=f"the embedded {title}",
            hint=RESTART,
            context=server.context,
            llama=True,
            opened=opened,
        )
    except BaseException:
        server.close()
        raise
    return LanguageModel(f"embedded:{title}", server.context, server.count, chat.requesting, server.close, digest, server.alive)


def open_ollama(name: str, settings: Settings, progress: Progress) -> LanguageModel:
    from qa.ollama import Ollama

    server = Ollama(settings.model_url or OLLAMA_URL, settings.timeout)
    server.ensure(name, progress)
    progress(f"loading {name}", 0, 0)
    chat = server.chat(name, settings.context)
    return LanguageModel(f"ollama:{name}", chat.num_ctx or settings.context, estimate, chat.requesting, digest=server.digest(name))


def open_compatible(name: str, settings: Settings) -> LanguageModel:
    """A model of the server at `settings.model_url`; its key is taken from OPENAI_API_KEY, as its other clients do."""
    from qa.completions import CompletionsChat, reaching

    client = _client_of(settings, settings.timeout)
    label = f"the server at {settings.model_url}"
    with reaching(label, SERVER_HINT):
        client.get("models")
    chat = CompletionsChat(client=client, model=name, label=label, hint=SERVER_HINT, context=settings.context)
    return LanguageModel(f"openai:{name}", settings.context, estimate, chat.requesting, client.close)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of an OpenAI-compatible server. `context` (tokens) and `size` (bytes) are 0 where the server does not tell."""

    name: str
    context: int
    size: int


def served_models(settings: Settings) -> tuple[ServedModel, ...]:
    """What the server at `settings.model_url` says that it has. Raises EngineError or SettingsError."""
    from qa.completions import reaching

    with reaching(f"the server at {settings.model_url}", SERVER_HINT), _client_of(settings, PROBE) as client:
        response = client.get("models")
        told = response.json() if response.is_success else {}
    if not isinstance(told, dict) or "data" not in told:
        raise EngineError(f"The server at {settings.model_url} does not list its models: status {response.status_code}", SERVER_HINT)
    return tuple(map(_served, told["data"]))


def _served(one: Mapping[str, Any]) -> ServedModel:
    meta: Mapping[str, Any] = one.get("meta") or {}  # of llama.cpp's server; vLLM tells `max_model_len`
    return ServedModel(str(one.get("id", "")), int(one.get("max_model_len") or meta.get("n_ctx_train") or 0), int(meta.get("size") or 0))


def _client_of(settings: Settings, timeout: float) -> "httpx.Client":
    import httpx

    from qa.completions import reaching

    if not settings.model_url:
        raise SettingsError(
            f"The address of the server of {settings.model.partition(':')[2]} is missing",
            "Set FOOTNOTE_MODEL_URL, to http://127.0.0.1:8000/v1 or the like.",
        )
    key = os.environ.get("OPENAI_API_KEY")
    with reaching(f"the server at {settings.model_url}", SERVER_HINT):
        return httpx.Client(
            base_url=settings.model_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout, connect=5),
            limits=httpx.Limits(max_keepalive_connections=0),  # as in qa/llama.py: it may be llama.cpp that listens there
            trust_env=not is_local(settings.model_url),
        )


def _chat_model_of(url: str) -> str | None:
    if not answers(url):
        return None
    from qa.ollama import Ollama

    try:
        return Ollama(url, PROBE).chat_model()
    except EngineError as error:
        log.warning("auto: %s; the embedded model is used", error.message)
        return None
