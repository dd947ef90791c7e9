"""What goes over HTTP, as pydantic types: they check what is asked, and the OpenAPI document is made of them."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.answer import Question
from index import BadRequest, Filter


class Filters(BaseModel):
    """Which articles may be evidence. `from` is inclusive, `to` exclusive."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    publisher: list[str] = Field(default=[], max_length=100, description="Only these publishers.")
    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None
    as_of: AwareDatetime | None = Field(default=None, description="Answer as the archive stood then.")

    def to_filter(self) -> Filter:
        """The archive's own value."""
        since, until = utc("from", self.from_), utc("to", self.to)
        return Filter(since, until, utc("as_of", self.as_of), tuple(self.publisher))


class AskRequest(BaseModel):
    """A question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "Who is the mayor of Port Arlen?"},
                {"question": "What happened last week?", "filters": {"from": "2026-09-01T00:00:00Z"}, "k": 20},
            ]
        },
    )

    question: str = Field(examples=["Who is the mayor of Port Arlen?"])
    conversation_id: str | None = Field(default=None, max_length=40)
    filters: Filters = Filters()
    k: int = Field(default=10, description="How many passages to read.")

    def to_question(self, owner: str | None) -> Question:
        """The engine's own value."""
        return Question(self.question, self.filters.to_filter(), self.k, self.conversation_id, owner=owner)


class FeedbackRequest(BaseModel):
    """What somebody thinks of an answer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"rating": "down", "reason": "Outdated."}]}
    )

    rating: Literal["up", "down"]
    reason: str | None = Field(default=None, max_length=2000)


class ArticleRequest(BaseModel):
    """An article to be stored. Without an `id`, its `url` names it, without that its title."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Bridge to close",
                    "publisher": "The Bell",
                    "published_at": "2026-09-01T08:00:00Z",
                    "url": "https://bell.example/1",
                    "body": "The harbour bridge will close on Monday. Repairs cost 12 million crowns.",
                }
            ]
        },
    )

    id: str | None = Field(default=None, max_length=200)
    title: str = Field(min_length=1, max_length=1000)
    body: str = Field(min_length=1)
    url: str | None = Field(default=None, max_length=2000)
    byline: str | None = Field(default=None, max_length=500)
    publisher: str | None = Field(default=None, max_length=200)
    section: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=35)
    published_at: AwareDatetime | None = None
    modified_at: AwareDatetime | None = None


def utc(field: str, time: datetime | None) -> datetime | None:
    """A time in UTC. Raises BadRequest when that lies outside of the calendar."""
    try:
        return None if time is None else time.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest(field, f"{time.isoformat() if time else ''} lies outside of the calendar.") from error
