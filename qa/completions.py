"""A LangChain chat model for servers that speak OpenAI's chat-completions protocol: the embedded llama.cpp, vLLM and their like.

Our own, because langchain-openai takes longer to import than a service with an index and a loaded model should take to start.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from qa.errors import EngineError, EngineUnreachableError, ModelMissingError, PromptTooLongError, ReplyCutError, ReplyTooLongError
from qa.thoughts import ROOM, UNTHINKING, Spoken

CANDIDATES: Final = 20  # next tokens whose probabilities are asked for: the most that the protocol allows
TOO_LONG: Final = ("exceed_context_size", "context_length_exceeded", "maximum context length")
ASK_LESS: Final = "Ask something shorter, or set FOOTNOTE_CONTEXT higher."


@dataclass(frozen=True, slots=True)
class Request:
    """What one call of a chat model asks for beside its messages. The temperature is always 0."""

    max_tokens: int
    stop: tuple[str, ...] = ()
    grammar: str | None = None  # GBNF; left out where the engine has no grammars
    logprobs: bool = False
    cut_allowed: bool = False  # whether a reply that ran into `max_tokens` is good

    def with_room(self, context: int) -> "Request":
        """The same for a model that may think before it speaks, in a context of so many tokens. Of a single token no thought is wanted."""
        return replace(self, max_tokens=self.max_tokens + min(ROOM, context // 4)) if self.max_tokens > 1 else self


class CompletionsChat(BaseChatModel):
    """Streams `/chat/completions`. A reply is complete, or an EngineError is raised; closing the stream stops the server."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: httpx.Client = Field(exclude=True, repr=False)
    model: str
    label: str  # the server inside a message to the user: "the embedded llama.cpp"
    hint: str  # how to make it answer
    request: Request = Request(max_tokens=512)
    context: int = 4096  # tokens, as far as is known
    llama: bool = False  # whether this is our own llama.cpp, which knows grammars, keeps prompts and is told not to think
    opened: bool | None = None  # whether its template is known to open a thought, or not to

    @property
    def _llm_type(self) -> str:
        return "chat-completions"

    def requesting(self, request: Request) -> "CompletionsChat":
        return self.model_copy(update={"request": request})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> ChatResult:
        return generate_from_stream(self._spoken(messages, stop, run_manager, waits=True))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> Iterator[ChatGenerationChunk]:
        return self._spoken(messages, stop, run_manager, waits=False)

    def _spoken(
        self, messages: list[BaseMessage], stop: list[str] | None, run_manager: CallbackManagerForLLMRun | None, *, waits: bool
    ) -> Iterator[ChatGenerationChunk]:
        bound = self.llama and self.request.grammar is not None  # from the first word on: there can be no thought
        asked = self.request if bound or self.opened is False else self.request.with_room(self.context)
        written = self._written(messages, asked, (*asked.stop, *(stop or ())))
        for chunk in aloud(written, self.request, self.label, waits=waits, opened=bool(self.opened) and not bound):
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _written(self, messages: Sequence[BaseMessage], request: Request, stop: Sequence[str]) -> Iterator[ChatGenerationChunk]:
        """All that the model writes, thoughts too."""
        reply = Completeness(self.label, request)
        for event in self._events(self._body(messages, request, stop)):
            chunk = ChatGenerationChunk(message=read_event(event))
            reply.add(chunk)
            yield chunk
        reply.check()

    def _body(self, messages: Sequence[BaseMessage], request: Request, stop: Sequence[str]) -> dict[str, object]:
        body: dict[str, object] = {"model": self.model, "messages": convert_to_openai_messages(list(messages))}
        body |= {"max_tokens": request.max_tokens, "temperature": 0, "seed": 0}
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        if stop:
            body["stop"] = list(stop)
        if request.logprobs:
            body |= {"logprobs": True, "top_logprobs": CANDIDATES}
        if self.llama:
            body |= {"cache_prompt": True, "chat_template_kwargs": UNTHINKING, "reasoning_format": "none"}
            body |= {"grammar": request.grammar} if request.grammar else {}
        return body

    def _events(self, body: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        with reaching(self.label, self.hint), self.client.stream("POST", "chat/completions", json=body) as response:
            if response.is_error:
                response.read()
                raise self._refusal(response)
            for line in response.iter_lines():
                data = line.removeprefix("data:").strip()
                if line.startswith("data:") and data != "[DONE]":
                    event: dict[str, Any] = json.loads(data)
                    if "error" in event:
                        raise EngineError(f"The reply of {self.label} broke off: {_reason(event)}", "Ask again.")
                    yield event

    def _refusal(self, response: httpx.Response) -> EngineError:
        try:
            form = response.json()
        except ValueError:
            form = {"error": {"message": response.text[:200]}}
        if any(sign in json.dumps(form) for sign in TOO_LONG):
            return too_long(self.label, _number(form, "n_prompt_tokens"), _number(form, "n_ctx"), self.request, _reason(form))
        if response.status_code == httpx.codes.NOT_FOUND:
            return ModelMissingError(f"There is no model {self.model} at {self.label}: {_reason(form)}", self.hint)
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return EngineError(f"The key is refused by {self.label}: {_reason(form)}", "Set OPENAI_API_KEY to the key of this server.")
        return EngineError(f"Status {response.status_code} from {self.label}: {_reason(form)}", "The log of the server may tell more.")


def read_event(event: Mapping[str, Any]) -> AIMessageChunk:
    """One event of the stream in LangChain's form; `finish_reason` and `logprobs` stand in `response_metadata`."""
    choice: Mapping[str, Any] = next(iter(event.get("choices") or ()), {})
    chunk = AIMessageChunk(content=choice.get("delta", {}).get("content") or "")
    chunk.response_metadata = {name: choice[name] for name in ("finish_reason", "logprobs") if choice.get(name)}
    if spent := event.get("usage"):
        read, written = int(spent.get("prompt_tokens", 0)), int(spent.get("completion_tokens", 0))
        chunk.usage_metadata = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return chunk


def too_long(label: str, tokens: int, context: int, request: Request, reason: str = "") -> PromptTooLongError:
    """The error of a prompt of `tokens` for a model of `context` tokens; 0 where the server does not tell."""
    if not tokens or not context:
        return PromptTooLongError(f"The prompt is too long for {label}: {reason}", ASK_LESS)
    needed = max(tokens, context) + request.max_tokens
    hint = f"Set FOOTNOTE_CONTEXT to {needed} or more, or ask something shorter."
    return PromptTooLongError(
        f"The prompt takes {tokens} tokens and the reply up to {request.max_tokens}, but {label} holds {context}", hint
    )


def aloud(
    written: Iterator[ChatGenerationChunk], request: Request, label: str, *, waits: bool = False, opened: bool = False
) -> Iterator[ChatGenerationChunk]:
    """A reply without its thoughts: as many chunks as are written, some of them empty, and at most one more.

    Of a reply with a grammar its form is known; to a caller who `waits` for all of it nothing is shown too early in any case. `opened`
    tells that the template has begun a thought.
    Raises ReplyTooLongError where more is spoken than `request` allows, though the engine was given room to think.
    """
    spoken = Spoken[Mapping[str, Any]](waits or request.grammar is not None, opened)
    pieces = 0  # each a token or more
    for chunk in written:
        facts = (chunk.generation_info or {}) | chunk.message.response_metadata
        text, marks = spoken.feed(chunk.text, list(_placed(chunk.text, facts.get("logprobs"))))
        pieces += bool(text)
        if pieces > request.max_tokens and request.cut_allowed:
            return
        if pieces > request.max_tokens:
            raise cut_at(label, request)
        message = chunk.message.model_copy(update={"content": text, "response_metadata": facts | {"logprobs": _logprobs(marks)}})
        yield ChatGenerationChunk(message=message)
    text, marks = spoken.finish()
    if text:
        yield ChatGenerationChunk(message=AIMessageChunk(content=text, response_metadata={"logprobs": _logprobs(marks)}))


def _placed(text: str, logprobs: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What is told of each token (in OpenAI's form or in Ollama's) with its place in the text; nothing without text: those are thoughts."""
    told: Iterable[Mapping[str, Any]] = (logprobs.get("content") if isinstance(logprobs, dict) else logprobs) or ()  # type: ignore[assignment]
    begin = 0
    for one in told if text else ():
        yield min(begin, len(text) - 1), one
        begin += len(one["token"])


def _logprobs(told: Sequence[Mapping[str, Any]]) -> dict[str, object] | None:
    return {"content": list(told)} if told else None


def cut_at(label: str, request: Request) -> ReplyTooLongError:
    return ReplyTooLongError(f"The reply of {label} was cut at {request.max_tokens} tokens", "Ask something narrower.")


class Completeness:
    """Watches a reply go by and tells whether it was complete: a stream that breaks off can look like one that has ended."""

    def __init__(self, label: str, request: Request) -> None:
        self._label = label
        self._request = request
        self._reason: str | None = None
        self.read = self.written = 0  # tokens, once the server has told

    def add(self, chunk: ChatGenerationChunk) -> None:
        facts = (chunk.generation_info or {}) | chunk.message.response_metadata
        self._reason = facts.get("finish_reason") or facts.get("done_reason") or self._reason
        if isinstance(chunk.message, AIMessageChunk) and chunk.message.usage_metadata:
            self.read, self.written = chunk.message.usage_metadata["input_tokens"], chunk.message.usage_metadata["output_tokens"]

    def check(self) -> None:
        """Raises ReplyCutError unless the model has finished, or was cut where that is allowed; ReplyTooLongError at its `max_tokens`."""
        if self._reason is None:
            raise ReplyCutError(
                f"The reply of {self._label} broke off", "Ask again; if it happens again, the log of the server may tell why."
            )
        if self._reason != "length" or self._request.cut_allowed:
            return
        if 0 < self.written < self._request.max_tokens:
            raise ReplyCutError(f"The reply of {self._label} no longer fitted its context", ASK_LESS)
        raise cut_at(self._label, self._request)


@contextmanager
def reaching(label: str, hint: str) -> Iterator[None]:
    """Turns what is raised on the way to a server into errors of ours; `hint` says how to make the server answer."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL, ConnectionError) as error:
        raise EngineUnreachableError(f"Nobody answers for {label}: {error}", hint) from error
    except httpx.TimeoutException as error:
        raise EngineError(f"There was no answer in time from {label}", "Ask something shorter, or set FOOTNOTE_TIMEOUT higher.") from error
    except httpx.TransportError as error:
        raise ReplyCutError(f"The connection to {label} broke: {error}", hint) from error
    except ValueError as error:
        raise EngineError(f"What {label} answers is not understood: {error}", hint) from error


def _reason(form: object) -> str:
    """The server's own words: `{"error": {"message": …}}`, `{"error": …}` or whatever else it sent."""
    error = form.get("error", form) if isinstance(form, dict) else form
    return str(error.get("message", error) if isinstance(error, dict) else error)


def _number(form: object, name: str) -> int:
    error = form.get("error") if isinstance(form, dict) else None
    return int(error.get(name) or 0) if isinstance(error, dict) else 0
