"""The error tree. Every error tells what is wrong in one line and, in `hint`, what to do about it.

FootnoteError
├── UsageError            the caller asked for something that cannot be (HTTP 422, exit status 2)
│   ├── SettingsError     a setting is missing or wrong
│   └── PromptError       a prompt file is missing or its variables do not fit
├── NotFoundError         no such document or answer (HTTP 404)
├── ReadError             a file cannot be read as a document
│   └── NoDocumentsError  a file of rows that are no documents, such as questions; left out without complaint
├── WeightsError          a model file cannot be had, or is not what its digest says
├── StoreError            the catalog or the vector index cannot be used
│   ├── IndexLockedError        another process writes to the index (HTTP 409)
│   └── ChromaUnreachableError  nobody answers where the Chroma server should be
└── EngineError           the language model or the embedder failed (HTTP 502)
    ├── EngineUnreachableError   nobody answers there (HTTP 503)
    ├── ModelMissingError        the engine does not have this model (HTTP 503)
    ├── PromptTooLongError       the prompt does not fit the model's context
    ├── ReplyCutError            the reply ended before the model had finished
    │   └── ReplyTooLongError    it reached the tokens that it was allowed
    ├── NotReadyError            still loading (HTTP 503)
    └── BusyError                too many wait for an answer (HTTP 503)
"""


class FootnoteError(Exception):
    """Base of every error that Footnote raises on purpose."""

    status = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def type(self) -> str:
        """The name under which machines know this error: `prompt_too_long` for `PromptTooLongError`."""
        name = type(self).__name__.rstrip("_").removesuffix("Error")
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")

    def line(self) -> str:
        """The error and its remedy as one line of text."""
        text = f"{self.message.rstrip('.')}. {self.hint}" if self.hint else self.message
        return " ".join(text.split())


class UsageError(FootnoteError):
    status = 422


class SettingsError(UsageError):
    pass


class PromptError(UsageError):
    status = 500


class NotFoundError(FootnoteError):
    status = 404


class ReadError(FootnoteError):
    pass


class NoDocumentsError(ReadError):
    pass


class WeightsError(FootnoteError):
    status = 503


class StoreError(FootnoteError):
    status = 503


class IndexLockedError(StoreError):
    status = 409


class ChromaUnreachableError(StoreError):
    pass


class EngineError(FootnoteError):
    status = 502


class EngineUnreachableError(EngineError):
    status = 503


class ModelMissingError(EngineError):
    status = 503


class PromptTooLongError(EngineError):
    pass


class ReplyCutError(EngineError):
    pass


class ReplyTooLongError(ReplyCutError):
    pass


class NotReadyError(EngineError):
    status = 503


class BusyError(EngineError):
    """`retry_after` is in seconds."""

    status = 503

    def __init__(self, message: str, hint: str = "", retry_after: int = 1) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after
