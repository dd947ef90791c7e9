"""What happens while a question is answered, in the order of DESIGN.md section 4."""

from dataclasses import dataclass

from bot.answer import Answer, AnswerSentence, Citation, Source
from bot.understanding import Found


@dataclass(frozen=True, slots=True)
class AnswerCreated:
    """A question was taken."""

    answer_id: str
    conversation_id: str
    question: str


@dataclass(frozen=True, slots=True)
class SearchStarted:
    """The archive is searched for this question."""

    query: str


@dataclass(frozen=True, slots=True)
class SearchCompleted:
    """The articles that were found, best first, and what the writer reads."""

    sources: tuple[Source, ...]
    found: Found


@dataclass(frozen=True, slots=True)
class SentenceProven:
    """A sentence that was checked. `citations` are those it is the first to use; the deltas joined are the text."""

    index: int
    delta: str
    sentence: AnswerSentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class AnswerCompleted:
    """The end: the whole answer."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class AnswerCancelled:
    """The end: whoever asked broke it off, or went away."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """The end: the answer could not be finished. `message` is for the person who asked."""

    answer_id: str
    code: str
    message: str


Event = (
    AnswerCreated | SearchStarted | SearchCompleted | SentenceProven | AnswerCompleted | AnswerCancelled | AnswerFailed
)
