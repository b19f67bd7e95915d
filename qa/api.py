"""The HTTP endpoint on FastAPI. `create_app` is all of it; the page is put beside it by whoever serves."""

from contextlib import closing
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.sse import format_sse_event
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from qa import __version__
from qa.bodies import AskBody, FeedbackBody, SearchBody, SyncBody
from qa.errors import BusyError, FootnoteError, NotFoundError, NotReadyError, UsageError
from qa.guard import Guard, known
from qa.manual import manual
from qa.relay import Relay, unless_gone
from qa.settings import Settings
from qa.types import Answer, Done, Event
from qa.wire import (
    AnswerForm,
    DocumentsForm,
    DocumentTextForm,
    ErrorForm,
    HealthForm,
    NotReadyForm,
    SavedForm,
    SearchForm,
    StatusForm,
    SyncForm,
    event_form,
)

if TYPE_CHECKING:
    from qa.service import QA

RETRY_AFTER: Final = "2"  # seconds
GONE: Final = 499  # nobody reads it: the client has closed the connection
PING: Final = b": ping\n\n"  # a comment, so that proxies do not take a slow answer for a dead connection
EVENTS: Final = "text/event-stream"
EVENTS_HEADERS: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}
UNWATCHED: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}
DESCRIPTION: Final = """Ask a folder of documents; every sentence of the answer cites its source.

Offsets (`start`, `end`) count Unicode characters of the document's text as `GET /v1/documents/{id}` returns it,
and `text[start:end] == quote`, always. Errors are `{"error": {"type", "message", "hint"}}`.
Where a token is set, send `Authorization: Bearer TOKEN`; in a browser, open the page once with `?token=TOKEN`."""


class MethodNotAllowedError(FootnoteError):
    status = 405


class UnsupportedMediaTypeError(FootnoteError):
    status = 415


def create_app(qa: "QA", settings: Settings) -> FastAPI:
    """The endpoint over `qa`, which it neither opens nor closes. Paths it does not know go to `app.router.default`."""
    app = FastAPI(
        title="Footnote",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry=UNWATCHED,
        responses={
            "4XX": {"model": ErrorForm, "description": "The request cannot be answered."},
            "5XX": {"model": ErrorForm, "description": "Footnote or its engine failed, or is not ready."},
        },
    )
    app.add_middleware(Guard, settings=settings)
    for kind in (FootnoteError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, Errors(qa).answer)
    Endpoint(qa).add_to(app)

    def docs() -> HTMLResponse:
        return HTMLResponse(manual(app.openapi()), headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"})

    app.add_api_route("/docs", docs, include_in_schema=False)
    return app


def bare_app() -> FastAPI:
    """An application without routes, for what stands beside the endpoint."""
    return FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=UNWATCHED)


class Endpoint:
    """The routes. Those that block are plain functions, which FastAPI runs in threads."""

    def __init__(self, qa: "QA") -> None:
        self._qa = qa

    def add_to(self, app: FastAPI) -> None:
        app.add_api_route("/healthz", self.health)
        app.add_api_route("/readyz", self.ready, responses={503: {"model": StatusForm, "description": "Not yet."}})
        app.add_api_route("/v1/ask", self.ask, methods=["POST"], response_model=AnswerForm, responses={200: {"content": {EVENTS: {}}}})
        app.add_api_route("/v1/search", self.search, methods=["POST"])
        app.add_api_route("/v1/documents", self.documents)
        app.add_api_route("/v1/documents/{id:path}", self.document)
        app.add_api_route("/v1/sync", self.sync, methods=["POST"])
        app.add_api_route("/v1/feedback", self.feedback, methods=["POST"])

    async def health(self) -> HealthForm:
        """Whether the process lives: always 200."""
        return HealthForm(version=__version__)

    async def ready(self, response: Response) -> StatusForm:
        """Whether questions can be answered: 200, or 503 with the stages and how far they are."""
        status = self._qa.status()
        if not status.ready:
            response.status_code = 503
            response.headers["retry-after"] = RETRY_AFTER
        return StatusForm.of(status)

    async def ask(self, body: AskBody, request: Request) -> AnswerForm | Response:
        """Answer a question from the documents, or say that they do not tell.

        With `"stream": true` the answer comes as server-sent events: `waiting` (`place` in line, 1 for the next one) while others are
        served first, `found` (passages and evidence), `token` (text of the model, not yet checked), `revised` (the checked text so far,
        to be shown instead), and at last `done` (the answer as without streaming) or `error`. Closing the connection gives up the place
        in line or stops the model. Where too many wait: 503 with `retry-after`.
        """
        history = tuple(turn.turn() for turn in body.history)
        asker = request.client.host if request.client else ""
        relay = Relay(await to_thread.run_sync(self._qa.ask, body.question, history, asker))
        if body.stream:
            return await _stream(relay)
        with closing(relay):
            answer = await unless_gone(request.receive, _finish(relay))
        return AnswerForm.of(answer) if answer else Response(status_code=GONE)

    def search(self, body: SearchBody) -> SearchForm:
        """The passages that come nearest to answering a question, best first, and the sentences that a language model would be shown.

        No language model is touched.
        """
        return SearchForm.of_search(self._qa.explain(body.question, body.limit), body.explain)

    def documents(self) -> DocumentsForm:
        """All documents, with those that could not be read and why."""
        return DocumentsForm.of_all(self._qa.documents())

    def document(self, id: str) -> DocumentTextForm:  # noqa: A002 - the name in the path
        """A document's text, its articles and the spans of its passages."""
        return DocumentTextForm.of_document(*self._qa.document(id))

    def sync(self, body: SyncBody | None = None) -> SyncForm:
        """Bring the index up to date with the folders, and tell what was done."""
        return SyncForm.of_report(self._qa.sync(dry_run=body.dry_run if body else False))

    def feedback(self, body: FeedbackBody) -> SavedForm:
        """Say whether an answer was good."""
        self._qa.feedback(body.id, body.good, body.note)
        return SavedForm()


async def _finish(relay: Relay) -> Answer:
    while not isinstance(event := await relay.next(), Done):
        pass
    return event.answer


async def _stream(relay: Relay) -> Response:
    """The events, once there is one: what fails before is an error like any other, not a stream that breaks off."""
    try:
        return EventStream(relay, await relay.first())
    except BaseException:
        relay.close()
        raise


class EventStream(Response):
    """Server-sent events (HTML Living Standard, "Server-sent events") until the answer is done or the client gone."""

    media_type = EVENTS

    def __init__(self, relay: Relay, first: Event) -> None:
        super().__init__(headers=EVENTS_HEADERS)
        del self.headers["content-length"]
        self._relay = relay
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        with closing(self._relay):
            await unless_gone(receive, self._send(send))

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": _encoded(self._first), "more_body": True})
        over = False
        while not over:
            data, over = await self._next()
            await send({"type": "http.response.body", "body": data, "more_body": not over})

    async def _next(self) -> tuple[bytes, bool]:
        """The next piece of the body, and whether it is the last."""
        try:
            event = await self._relay.next()
        except Exception as error:  # noqa: BLE001 - it is too late for a status: told as the last event
            return format_sse_event(event="error", data_str=ErrorForm.of_error(known(error)).model_dump_json()), True
        return (PING, False) if event is None else (_encoded(event), isinstance(event, Done))


def _encoded(event: Event) -> bytes:
    name, form = event_form(event)
    return format_sse_event(event=name, data_str=form.model_dump_json())


class Errors:
    """What goes wrong, as an answer in the endpoint's own form."""

    def __init__(self, qa: "QA") -> None:
        self._qa = qa

    async def answer(self, request: Request, error: Exception) -> Response:
        known = _of_request(request, error)
        form = ErrorForm.of_error(known)
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if isinstance(known, NotReadyError):
            form = NotReadyForm(error=form.error, stages=StatusForm.of(self._qa.status()).stages)
        if known.status == 503:
            headers["retry-after"] = str(known.retry_after) if isinstance(known, BusyError) else RETRY_AFTER
        return JSONResponse(form.model_dump(), known.status, headers)


def _of_request(request: Request, error: Exception) -> FootnoteError:
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return _of_status(request, error)
    return known(error)


def _of_validation(error: RequestValidationError) -> FootnoteError:
    """The first of the faults in a body, with the name of its field."""
    if isinstance(error.body, bytes):
        return UnsupportedMediaTypeError("The body must be application/json", "Send 'Content-Type: application/json'.")
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return UsageError(f"The body is not JSON: {first['ctx']['error']} at character {first['loc'][-1]}", "See /docs.")
    field = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return UsageError(f"{field}: {first['msg']}", "See /docs.")


def _of_status(request: Request, error: HTTPException) -> FootnoteError:
    path = request.url.path
    match error.status_code:
        case 400:  # FastAPI's answer to a body that Python cannot even decode
            return UsageError("The body is not JSON in UTF-8", "See /docs.")
        case 404:
            return NotFoundError(f"There is nothing at {path}", "See /docs for what there is.")
        case 405:
            return MethodNotAllowedError(f"{request.method} is not possible at {path}", "See /docs for what is.")
        case _:
            return known(error)
