"""The JSON that comes in over HTTP, checked at the door."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from qa.types import Turn

MOST_CHARACTERS = 2_000  # of a question, a note


class Body(BaseModel):
    """What a client sends; unknown names are refused, so that a misspelt option is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TurnBody(Body):
    role: Literal["user", "assistant"]
    content: str

    def turn(self) -> Turn:
        return Turn(self.role, self.content)


Question = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description=f"At most {MOST_CHARACTERS:,} characters.",
        examples=["Where did the US lawmakers meet Pakistan's army chief?"],
    ),
]


class AskBody(Body):
    question: Question
    history: tuple[TurnBody, ...] = Field(default=(), description="The conversation so far, oldest first.")
    stream: StrictBool = Field(default=False, description="Answer as server-sent events: waiting, found, token, revised, done, error.")


class SearchBody(Body):
    question: Question
    limit: Annotated[StrictInt, Field(ge=1, le=100)] = Field(default=10, description="Most passages to return.")
    explain: StrictBool = Field(default=False, description="Tell what each stage of retrieval did.")


class SyncBody(Body):
    dry_run: StrictBool = Field(default=False, description="Only tell what a sync would do.")


class FeedbackBody(Body):
    id: str = Field(description="The id of an answer.")
    good: StrictBool
    note: str = Field(default="", max_length=MOST_CHARACTERS)
