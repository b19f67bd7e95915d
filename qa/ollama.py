"""Everything that Footnote asks of an Ollama server: its models, a chat model that never loses a word in silence, embeddings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_ollama import ChatOllama
from ollama import Client, ResponseError
from pydantic import model_validator

from qa.address import is_local
from qa.completions import CANDIDATES, Completeness, Request, aloud, reaching, too_long
from qa.errors import EngineError, ModelMissingError, PromptTooLongError
from qa.template import is_bare, remedy
from qa.thoughts import left_open
from qa.tokens import estimate
from qa.types import Progress

KEEP_ALIVE: Final = "30m"  # loading again costs more than the whole answer
FRAME: Final = 8  # tokens around a message, and before the reply, at most
START: Final = "Start it with `ollama serve`, or set FOOTNOTE_MODEL=embedded."
OLDEST: Final = (0, 12, 11)  # the first that gives log-probabilities; it also refuses prompts that it would have to cut, if told to
VERSION: Final = re.compile(r'"version"\s*:\s*"v?(\d+(?:\.\d+)*)')
NO_MEMORY: Final = re.compile(r"allocate|out of memory|more system memory|signal: killed", re.IGNORECASE)
UNKNOWN: Final = (0, 0, 0)  # what a server built from source calls itself
ALWAYS_THINKING: Final = ("gptoss", "gpt-oss")  # families that can only be told to think little
WHOLE: Final = {"truncate": False, "shift": False}  # refuse a prompt that does not fit, forget none of it while writing


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model that the server holds; `size` in bytes."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the server tells of one model. `facts` are those of its file, by key."""

    name: str
    capabilities: tuple[str, ...]
    family: str
    facts: Mapping[str, Any]
    template: str
    rendered: bool  # by the server itself, so that the template says nothing

    @property
    def chats(self) -> bool:
        """Those that only embed cannot."""
        return "completion" in self.capabilities

    @property
    def context(self) -> int:
        """Tokens that the model was trained to take in; 0 where the server does not tell."""
        return next((int(value) for key, value in self.facts.items() if key.endswith(".context_length")), 0)

    @property
    def remedy(self) -> str:
        """How to give the model a chat template where it has none, so that what it writes is no reply; else empty."""
        return remedy(self.name, self.facts) if self.chats and not self.rendered and is_bare(self.template) else ""

    def require_template(self) -> None:
        """Raises EngineError for a model that is not told where a question ends and its reply begins."""
        if self.remedy:
            raise EngineError(f"Ollama's {self.name} has no chat template: it would go on with the prompt, not reply", self.remedy)


class WholeClient(Client):
    """The client library's, with what it has no words for."""

    def _request(self, *arguments: Any, **fields: Any) -> Any:  # noqa: ANN401
        if arguments[-1] == "/api/chat":
            fields["json"] |= WHOLE
        return super()._request(*arguments, **fields)


class Ollama:
    """One Ollama server. Every method raises EngineError (unreachable, too slow, failed) or ModelMissingError."""

    def __init__(self, url: str, timeout: float = 300.0) -> None:
        self.url = url
        self._options = connection(url, timeout)
        with asking(url):
            self._client = WholeClient(host=url, **self._options)

    def require_version(self) -> None:
        """Raises EngineError for a server that is too old to be relied on."""
        with asking(self.url):
            form = httpx.get(f"{self.url}/api/version", **self._options).text
        if (told := VERSION.search(form)) and UNKNOWN < tuple(map(int, told[1].split("."))) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise EngineError(f"Ollama at {self.url} is version {told[1]}, and {needed} is the oldest that will do", "Update Ollama.")

    def models(self) -> tuple[OllamaModel, ...]:
        """What is installed, in the order of the server: the newest first."""
        with asking(self.url):
            return tuple(OllamaModel(item.model or "", int(item.size or 0), item.digest or "") for item in self._client.list().models)

    def chat_model(self) -> str | None:
        """The name of the first installed model that can chat and has a template. Raises EngineError for a server that is too old."""
        self.require_version()
        return next((item.name for item in self.models() if (shown := self.show(item.name)).chats and not shown.remedy), None)

    def show(self, name: str) -> Shown:
        with asking(self.url, name):
            told = self._client.show(name)
        family = (told.details.family if told.details else "") or ""
        rendered = re.search(r"^RENDERER ", told.modelfile or "", re.MULTILINE) is not None
        return Shown(name, tuple(told.capabilities or ()), family, dict(told.modelinfo or {}), told.template or "", rendered)

    def ensure(self, name: str, progress: Progress) -> None:
        """Pulls the model if it is missing. Raises ModelMissingError with the reason where it cannot be pulled, EngineError for a server
        that is too old."""
        self.require_version()
        try:
            self.show(name)
        except ModelMissingError:
            self._pull(name, progress)

    def context(self, name: str) -> int:
        """Tokens that the model was trained to take in; 0 where the server does not tell."""
        return self.show(name).context

    def digest(self, name: str) -> str:
        tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        return next((item.digest for item in self.models() if item.name == tagged), "")

    def embed(self, name: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector for each text; raises PromptTooLongError for a text that the model would have to cut."""
        with asking(self.url, name):
            return self._client.embed(name, list(texts), truncate=False, keep_alive=KEEP_ALIVE).embeddings

    def chat(self, name: str, context: int) -> "OllamaChat":
        """A chat model, loaded by the server, with a context of `context` tokens, or fewer where it was trained on fewer.

        Raises EngineError where it has no chat template, with the command that gives it one.
        """
        shown = self.show(name)
        shown.require_template()
        context = min(context, shown.context or context)
        with asking(self.url, name):
            self._client.generate(name, keep_alive=KEEP_ALIVE, options={"num_ctx": context})  # without a prompt it only loads
        return OllamaChat(
            model=name,
            base_url=self.url,
            num_ctx=context,
            keep_alive=KEEP_ALIVE,
            temperature=0,
            seed=0,
            repeat_penalty=1.0,  # Ollama's default would punish the verbatim quotes that are asked for
            reasoning="low" if shown.family in ALWAYS_THINKING else False,
            thinks="thinking" in shown.capabilities or left_open(shown.template),
            opened=left_open(shown.template),
            client_kwargs=self._options,
        )

    def _pull(self, name: str, progress: Progress) -> None:
        done: dict[str, int] = {}
        total: dict[str, int] = {}
        try:
            with asking(self.url, name):
                for part in self._client.pull(name, insecure=_registry_is_local(name), stream=True):
                    if part.digest and part.total:
                        done[part.digest], total[part.digest] = part.completed or 0, part.total
                    progress(f"pulling {name}", sum(done.values()), sum(total.values()))
        except EngineError as error:
            hint = f"Run `ollama pull {name}`, or set FOOTNOTE_MODEL to a model that `footnote models` lists."
            raise ModelMissingError(f"Ollama does not have {name} and cannot pull it: {error.message}", hint) from error


class OllamaChat(ChatOllama):
    """ChatOllama whose replies are complete and whose prompts were read whole, or that raises an EngineError."""

    request: Request = Request(max_tokens=512)
    thinks: bool = False  # whether it may though it is told not to
    opened: bool = False  # whether its template begins a thought

    @model_validator(mode="after")
    def _use_whole_client(self) -> Self:
        self._client = WholeClient(host=self.base_url, **(self.client_kwargs or {}))
        return self

    def requesting(self, request: Request) -> "OllamaChat":
        logprobs = {"logprobs": True, "top_logprobs": CANDIDATES} if request.logprobs else {}
        options = {"num_predict": self._asked(request).max_tokens, "stop": list(request.stop) or None}
        return self.model_copy(update={"request": request, **options, **logprobs})

    def _asked(self, request: Request) -> Request:
        return request.with_room(self.num_ctx or 0) if self.thinks else request

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> ChatResult:
        written = self._written(messages, stop, run_manager, **kwargs)
        return generate_from_stream(aloud(written, self.request, f"Ollama ({self.model})", waits=True, opened=self.opened))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Iterator[ChatGenerationChunk]:
        return aloud(self._written(messages, stop, run_manager, **kwargs), self.request, f"Ollama ({self.model})", opened=self.opened)

    def _written(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: CallbackManagerForLLMRun | None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Iterator[ChatGenerationChunk]:
        """All that the model writes, thoughts too."""
        asked = self._asked(self.request)
        expected = sum(estimate(str(message.content)) + FRAME for message in messages) + FRAME
        self._check_room(expected, expected + asked.max_tokens)
        reply = Completeness(f"Ollama ({self.model})", asked)
        try:
            with asking(self.base_url or "", self.model):
                for chunk in super()._stream(messages, stop, run_manager, **kwargs):
                    reply.add(chunk)
                    yield chunk
        except PromptTooLongError as error:  # estimated too low
            most = sum(len(str(message.content).encode()) + FRAME for message in messages) + FRAME  # a token takes in a byte at least
            hint = f"Set FOOTNOTE_CONTEXT to {most + asked.max_tokens}, or ask something shorter."
            raise PromptTooLongError(error.message, hint) from error
        self._check_room(reply.read or expected, reply.read + reply.written + 1)
        reply.check()

    def _check_room(self, read: int, used: int) -> None:
        """Raises PromptTooLongError when a prompt of `read` tokens and its reply use more than the context holds.

        A server that is told so (WHOLE) refuses what does not fit. One that has not learnt it drops messages or the beginning of the
        prompt, or forgets them while it writes, and answers all the same; what it drops it does not count: only an estimate tells in time.
        """
        if self.num_ctx and used > self.num_ctx:
            raise too_long(f"Ollama ({self.model})", read, self.num_ctx, self._asked(self.request))


def _registry_is_local(name: str) -> bool:
    """Whether a model's name begins with a registry of this machine: these have no certificates."""
    return name.count("/") > 1 and is_local(f"http://{name}")


def connection(url: str, timeout: float) -> dict[str, Any]:
    """Options of the HTTP client: `timeout` in seconds, and no proxy on the way to this machine."""
    return {"timeout": httpx.Timeout(timeout, connect=5), "trust_env": not is_local(url)}


@contextmanager
def asking(url: str, model: str = "") -> Iterator[None]:
    """Turns what the Ollama client raises into errors of ours."""
    try:
        with reaching(f"Ollama at {url}", START):
            yield
    except ResponseError as error:
        raise refusal(error, model) from error


def refusal(error: ResponseError, model: str) -> EngineError:
    reason = " ".join(str(error.error).split())
    if error.status_code == httpx.codes.NOT_FOUND and model:
        return ModelMissingError(f"Ollama does not have the model {model}", f"Run `ollama pull {model}`.")
    if "context length" in reason or "exceeds maximum context" in reason:
        return too_long(f"Ollama ({model})", 0, 0, Request(0), reason)
    if NO_MEMORY.search(reason):
        smaller = "Set FOOTNOTE_CONTEXT lower, or FOOTNOTE_MODEL to a smaller model: `footnote models` says what fits."
        return EngineError(f"Ollama has not enough memory for the model {model}: {reason}", smaller)
    return EngineError(f"Ollama failed: {reason}", "The log of `ollama serve` may tell more.")
