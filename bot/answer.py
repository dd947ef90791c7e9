"""What is asked and what is answered, as frozen values. Offsets and times as in `index.article`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.publishers import as_known
from index import Article, BadRequest, Copy, Correction, Evidence, Filter, Recency, Span

LONGEST_QUESTION = 4000  # characters; a question longer than that is a document
DEFAULT_PASSAGES = 10
MOST_PASSAGES = 100

Status = Literal["answered", "partial", "abstained"]
Verdict = Literal["verbatim", "supported", "unchecked"]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, and of which articles.

    `earlier` are the same person's earlier questions, newest last, where no stored conversation has them. `recency`
    and `for_news` are for writers, as the question was understood: how much newer counts, and that it asks for news of
    nothing in particular. `owner` is who asks, the id of an API key: a conversation can be gone on with by its owner
    only. An answer that is not `kept` is never stored.
    """

    text: str
    filter: Filter = field(default_factory=Filter)
    k: int = DEFAULT_PASSAGES
    conversation_id: str | None = None
    earlier: tuple[str, ...] = ()
    recency: Recency | None = None
    for_news: bool = False
    owner: str | None = None
    kept: bool = True


def check(question: Question, now: datetime, publishers: Sequence[str]) -> Question:
    """The question without surrounding white space, its publishers spelt as the archive spells them.

    Raises BadRequest when it cannot be asked as it stands.
    """
    text = question.text.strip()
    chosen = question.filter
    if not text:
        raise BadRequest("question", "The question is empty. Ask something, for example: Who is the mayor?")
    if not is_text(text):
        raise BadRequest("question", "The question holds characters that are no text (broken encoding). Type it again.")
    if len(text) > LONGEST_QUESTION:
        raise BadRequest(
            "question",
            f"The question has {len(text):,} characters; at most {LONGEST_QUESTION:,} can be asked. Shorten it.",
        )
    if not 1 <= question.k <= MOST_PASSAGES:
        raise BadRequest("k", f"k must be between 1 and {MOST_PASSAGES} passages, not {question.k}.")
    if chosen.since is not None and chosen.until is not None and chosen.since >= chosen.until:
        raise BadRequest("from", f"from ({chosen.since:%Y-%m-%d}) must be before to ({chosen.until:%Y-%m-%d}).")
    if chosen.as_of is not None and chosen.as_of > now:
        raise BadRequest("as_of", f"as_of ({chosen.as_of:%Y-%m-%d %H:%M} UTC) is in the future.")
    chosen = replace(chosen, publishers=as_known(chosen.publishers, publishers))
    return replace(question, text=text, filter=chosen)


def is_text(text: str) -> bool:
    """Whether it can be stored and sent: no half characters and no NUL."""
    return not any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim stretch of an article that a sentence rests on."""

    evidence: Evidence
    span: Span

    @property
    def text(self) -> str:
        """The quoted characters, exactly as stored."""
        return self.evidence.passage.quote(self.span)


@dataclass(frozen=True, slots=True)
class ProvenSentence:
    """One sentence of an answer with the quotes that carry it. Only a notice of ours has no quote."""

    text: str
    quotes: tuple[Quote, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens a model was sent and wrote, and what they cost in US dollars, None when the price is not known.

    Of the tokens sent, `cached_tokens` were read from the provider's prompt cache, `stored_tokens` written to it.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    cached_tokens: int = 0
    stored_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        known = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
            self.cached_tokens + other.cached_tokens,
            self.stored_tokens + other.stored_tokens,
        )


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered quote of an answer: where it stands, and a link that opens it highlighted."""

    index: int
    article: Article
    quote: str
    start: int
    end: int
    highlight_url: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence as it is given: its text, the numbers of its citations, how it was proven."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict

    @property
    def marked(self) -> str:
        """The text with its citation numbers, as it stands in the answer's text."""
        return self.text + "".join(f" [{number}]" for number in self.citations)


@dataclass(frozen=True, slots=True)
class Source:
    """An article that was found for the question, with the score of its best passage.

    `copies` are the articles that carry the same report, this one among them, the first one first; `outlets` counts
    their publishers. `correction` says what of the article was corrected.
    """

    article: Article
    score: float
    copies: tuple[Copy, ...] = ()
    outlets: int = 1
    correction: Correction | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds from the question: search done, first sentence given, all done."""

    search: float
    first_sentence: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `text` is the sentences with their citation numbers, joined by single spaces."""

    id: str
    conversation_id: str
    question: str
    standalone_question: str
    status: Status
    as_of: datetime
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    sources: tuple[Source, ...]
    writer: str
    model: str | None
    usage: Usage
    timings: Timings

    @property
    def text(self) -> str:
        """The whole answer as one text."""
        return " ".join(sentence.marked for sentence in self.sentences)
