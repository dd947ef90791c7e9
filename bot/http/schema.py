"""What goes over HTTP, as pydantic types: they check what is asked, and the OpenAPI document is made of them."""

from datetime import UTC, datetime

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

    model_config = ConfigDict(extra="forbid")

    question: str = Field(examples=["Who is the mayor of Port Arlen?"])
    conversation_id: str | None = Field(default=None, max_length=40)
    filters: Filters = Filters()
    k: int = Field(default=10, description="How many passages to read.")

    def to_question(self) -> Question:
        """The engine's own value."""
        return Question(self.question, self.filters.to_filter(), self.k, self.conversation_id)


def utc(field: str, time: datetime | None) -> datetime | None:
    """A time in UTC. Raises BadRequest when that lies outside of the calendar."""
    try:
        return None if time is None else time.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest(field, f"{time.isoformat() if time else ''} lies outside of the calendar.") from error
