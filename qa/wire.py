"""The JSON of the HTTP endpoint and of `--json`: the forms that go out.

Offsets count Unicode characters of the document's text. Milliseconds carry one decimal, confidence three, scores four.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field

from qa.errors import FootnoteError
from qa.status import DocumentStatus, SyncReport
from qa.types import Document, Done, Event, Found, Passage, Revised, Search, Token, Waiting


class Form(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    @classmethod
    def of(cls, value: object) -> Self:
        """The form of a value of `qa.types` that has attributes of the same names."""
        return cls.model_validate(value)


def _rounded(digits: int) -> AfterValidator:
    return AfterValidator(lambda value: round(value, digits))


Confidence = Annotated[float, _rounded(3)]
Score = Annotated[float, _rounded(4)]
Milliseconds = Annotated[float, _rounded(1)]


class SentenceForm(Form):
    text: str
    citations: tuple[int, ...]


class CitationForm(Form):
    number: int
    document: str
    file: str
    title: str
    date: str | None
    page: int | None
    start: int
    end: int
    quote: str


class PlacedForm(Form):
    """Of a value that stands in a `passage`."""

    document: str = Field(validation_alias=AliasPath("passage", "document"))
    file: str = Field(validation_alias=AliasPath("passage", "file"))
    title: str = Field(validation_alias=AliasPath("passage", "title"))
    date: str | None = Field(validation_alias=AliasPath("passage", "date"))
    page: int | None = Field(validation_alias=AliasPath("passage", "page"))


class PassageForm(PlacedForm):
    """Of a `Hit`."""

    id: str = Field(validation_alias=AliasPath("passage", "id"))
    start: int = Field(validation_alias=AliasPath("passage", "start"))
    end: int = Field(validation_alias=AliasPath("passage", "end"))
    text: str = Field(validation_alias=AliasPath("passage", "text"))
    score: Score
    scores: dict[str, Score] = Field(description="What the stages of retrieval saw in it.")


class SpanForm(Form):
    start: int
    end: int


class EvidenceForm(PlacedForm):
    number: int
    start: int
    end: int
    text: str
    score: Score
    passage: str = Field(validation_alias=AliasPath("passage", "id"), description="The id of the passage that the sentence stands in.")
    answers: Confidence | None = Field(description="Probability, as the second reader sees it, that the sentence answers; null: not read.")
    answer: SpanForm | None = Field(description="The characters that would be the answer.")


class WithdrawnForm(Form):
    text: str
    reason: str


class DifferingForm(Form):
    value: str = Field(description="The words of the quote that tell another value than the answer.")
    citation: CitationForm


class UsageForm(Form):
    prompt_tokens: int
    completion_tokens: int


class TimingForm(Form):
    retrieve_ms: Milliseconds
    first_token_ms: Milliseconds | None
    total_ms: Milliseconds
    wait_ms: Milliseconds


class AnswerForm(Form):
    id: str
    question: str
    standalone_question: str
    answered: bool
    answer: str
    confidence: Confidence
    reason: str | None
    sentences: tuple[SentenceForm, ...]
    citations: tuple[CitationForm, ...]
    passages: tuple[PassageForm, ...] = Field(validation_alias="hits")
    withdrawn: tuple[WithdrawnForm, ...]
    model: str
    usage: UsageForm
    timing: TimingForm
    differing: tuple[DifferingForm, ...] = Field(description="Sources that give another value than the answer, the newest first.")
    missing: tuple[str, ...] = Field(description="Parts of the question that the documents do not answer, where they answer another.")
    namesakes: tuple[str, ...] = Field(description="The people whom a name of the question may mean, where the documents know several.")
    as_of: str | None = Field(description="Of a question how things are: the date of the newest article that the answer stands on.")


class FoundForm(Form):
    standalone_question: str
    passages: tuple[PassageForm, ...] = Field(validation_alias="hits")
    evidence: tuple[EvidenceForm, ...]


class TextForm(Form):
    text: str


class WaitingForm(Form):
    place: int


class RankedForm(Form):
    id: str = Field(validation_alias=AliasPath("passage", "id"))
    file: str = Field(validation_alias=AliasPath("passage", "file"))
    score: Score


class StepForm(Form):
    stage: str
    passages: tuple[RankedForm, ...] = Field(validation_alias="hits")


class SearchForm(Form):
    """Of a `Search`; `steps` is left empty where they were not asked for."""

    passages: tuple[PassageForm, ...] = Field(validation_alias="hits")
    evidence: tuple[EvidenceForm, ...] = Field(description="The sentences that a model would be shown.")
    steps: tuple[StepForm, ...] = Field(description="The passages after each stage of retrieval, where that was asked for.")

    @classmethod
    def of_search(cls, found: Search, explain: bool) -> Self:
        return cls.of(found if explain else replace(found, steps=()))


class DroppedForm(Form):
    kind: str
    characters: int


def _dropped(pairs: object) -> object:
    """The forms of pairs of a kind and its characters."""
    return tuple(DroppedForm(kind=kind, characters=characters) for kind, characters in pairs) if isinstance(pairs, tuple) else pairs


class DocumentForm(Form):
    id: str
    file: str
    title: str
    date: str | None
    status: Literal["indexed", "unreadable"]
    passages: int
    characters: int
    kept: int = Field(description="Of the characters, those in articles; the rest is menus, teasers and the like.")
    error: str | None
    dropped: Annotated[tuple[DroppedForm, ...], BeforeValidator(_dropped)] = Field(
        description="What of the characters was left out, by kind, the most first; what is no part of any paragraph is not told."
    )
    dated: str = Field(description="Where the date was found, in a few words.")
    language: str | None = Field(description="ISO 639-1; null where it is not known.")
    pages: int = Field(description="0 where the file has none.")
    empty_pages: tuple[int, ...] = Field(description="The numbers of the pages that gave no text.")


class DocumentsForm(Form):
    documents: tuple[DocumentForm, ...]

    @classmethod
    def of_all(cls, documents: Sequence[DocumentStatus]) -> Self:
        return cls(documents=tuple(map(DocumentForm.of, documents)))


class ArticleForm(Form):
    title: str
    date: str | None
    byline: str | None
    blocks: tuple[SpanForm, ...] = Field(description="The paragraphs of the article.")


class PassageSpanForm(SpanForm):
    id: str
    page: int | None


class DocumentTextForm(Form):
    id: str
    file: str
    title: str
    date: str | None
    text: str
    articles: tuple[ArticleForm, ...]
    passages: tuple[PassageSpanForm, ...]

    @classmethod
    def of_document(cls, document: Document, passages: Sequence[Passage]) -> Self:
        return cls(
            id=document.id, file=document.file, title=document.title, date=document.date, text=document.text,
            articles=tuple(map(ArticleForm.of, document.articles)), passages=tuple(map(PassageSpanForm.of, passages)),
        )  # fmt: skip


class UnreadableForm(Form):
    file: str
    reason: str


class MovedForm(Form):
    old: str
    new: str


class SyncForm(Form):
    added: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[MovedForm, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    unreadable: tuple[UnreadableForm, ...]

    @classmethod
    def of_report(cls, report: SyncReport) -> Self:
        return cls(
            added=report.added,
            changed=report.changed,
            moved=tuple(MovedForm(old=old, new=new) for old, new in report.moved),
            deleted=report.deleted,
            unchanged=report.unchanged,
            unreadable=tuple(UnreadableForm(file=file, reason=reason) for file, reason in report.unreadable),
        )


class StageForm(Form):
    name: Literal["index", "model"]
    state: Literal["waiting", "working", "ready", "failed"]
    detail: str
    done: int
    total: int = Field(description="0 where it is not known.")
    unit: Literal["bytes", "files", ""]


class StatusForm(Form):
    ready: bool
    stages: tuple[StageForm, ...]


class HealthForm(Form):
    name: Literal["footnote"] = "footnote"
    version: str


class SavedForm(Form):
    saved: bool = True


class ErrorDetail(Form):
    type: str
    message: str
    hint: str


class ErrorForm(Form):
    error: ErrorDetail

    @classmethod
    def of_error(cls, error: FootnoteError) -> Self:
        return cls(error=ErrorDetail.of(error))


class FilesForm(Form):
    files: tuple[str, ...]


class CheckForm(Form):
    name: str
    state: Literal["ok", "warning", "problem"]
    message: str
    hint: str


class ChecksForm(Form):
    ok: bool
    checks: tuple[CheckForm, ...]


class NotReadyForm(ErrorForm):
    stages: tuple[StageForm, ...]


def event_form(event: Event) -> tuple[str, Form]:
    """The name and the data of the server-sent event that tells of `event`."""
    match event:
        case Waiting(place):
            return "waiting", WaitingForm(place=place)
        case Found():
            return "found", FoundForm.of(event)
        case Token(text):
            return "token", TextForm(text=text)
        case Revised(text):
            return "revised", TextForm(text=text)
        case Done(answer):
            return "done", AnswerForm.of(answer)
