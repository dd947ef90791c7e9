"""What is answered over HTTP, as the OpenAPI document describes it. The values themselves come from `bot.encoding`."""

from typing import Literal

from pydantic import BaseModel, Field

Time = str  # ISO 8601 in UTC


class PlaceShape(BaseModel):
    """Where in the input an error lies."""

    in_: Literal["body", "query", "path", "header"] = Field(alias="in")
    pointer: str = Field(description="A JSON pointer (RFC 6901); empty for the whole.")
    detail: str


class ProblemShape(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[PlaceShape] = []


class OpenAIErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIErrorShape(BaseModel):
    """An error as OpenAI's clients expect it."""

    error: OpenAIErrorDetail


class SentenceShape(BaseModel):
    """A proven sentence and the numbers of its citations."""

    text: str
    citations: list[int]
    verdict: Literal["verbatim", "supported", "unchecked"]


class CitationShape(BaseModel):
    """A verbatim quote: `start` and `end` are its offsets in the article's body, in Unicode code points."""

    index: int
    article_id: str
    title: str
    publisher: str | None
    byline: str | None
    published_at: Time | None
    url: str | None
    quote: str
    start: int
    end: int
    highlight_url: str | None
    verdict: Literal["verbatim", "supported", "unchecked"]


class CopyShape(BaseModel):
    """Another outlet that carries the same report."""

    article_id: str
    publisher: str | None
    title: str
    published_at: Time | None
    url: str | None


class CorrectionShape(BaseModel):
    """What was corrected of an article, and the article that says so if another does."""

    text: str
    at: Time | None
    notice_id: str | None
    taken_back: list[str]


class SourceShape(BaseModel):
    """An article that was found."""

    article_id: str
    title: str
    publisher: str | None
    published_at: Time | None
    url: str | None
    score: float
    outlets: int = Field(description="How many outlets carry the report.")
    copies: list[CopyShape]
    correction: CorrectionShape | None


class UsageShape(BaseModel):
    """What a model was sent and wrote; the cost is null when its price is not known."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


class TimingsShape(BaseModel):
    """Milliseconds from the question."""

    search: float
    first_sentence: float
    total: float


class AnswerShape(BaseModel):
    """An answer."""

    answer_id: str
    conversation_id: str
    question: str
    standalone_question: str
    status: Literal["answered", "partial", "abstained"]
    text: str
    as_of: Time
    sentences: list[SentenceShape]
    citations: list[CitationShape]
    sources: list[SourceShape]
    writer: str
    model: str | None
    usage: UsageShape
    timings_ms: TimingsShape


class CancelledShape(BaseModel):
    """An answer that is broken off, if it was running."""

    answer_id: str
    was_running: bool


class FeedbackShape(BaseModel):
    """What was kept."""

    answer_id: str
    rating: Literal["up", "down"]
    reason: str | None


class ArticleShape(BaseModel):
    """An article's metadata."""

    article_id: str
    title: str
    byline: str | None
    publisher: str | None
    section: str | None
    language: str | None
    dateline: str | None
    published_at: Time | None
    modified_at: Time | None
    url: str | None
    source: str


class VersionShape(BaseModel):
    """A text the article had; the last is the current one."""

    number: int
    seen_at: Time
    current: bool
    stands_from: Time | None
    replaced_at: Time | None


class StoryShape(BaseModel):
    """The other reports of the story that an article tells, oldest first, each by the first outlet that carries it."""

    story_id: str
    articles: list[CopyShape]


class WholeArticleShape(ArticleShape):
    """An article with its current text, which the offsets of citations count in."""

    first_seen_at: Time
    published_origin: str | None
    modified_origin: str | None
    body: str
    correction: CorrectionShape | None
    copies: list[CopyShape]
    story: StoryShape
    versions: list[VersionShape]


class ArticlesShape(BaseModel):
    """Articles, newest first, and how many there are."""

    articles: list[ArticleShape]
    total: int


class StoredShape(BaseModel):
    """What became of an article that was sent."""

    article_id: str
    outcome: Literal["new", "updated", "unchanged", "duplicate"]


class PassageShape(ArticleShape):
    """A passage that was found, with its article."""

    text: str
    start: int
    end: int
    score: float
    found_by: list[str]


class PassagesShape(BaseModel):
    """Passages, best first."""

    passages: list[PassageShape]


class ConversationShape(BaseModel):
    """A conversation; its title is its first question."""

    conversation_id: str
    title: str
    answers: int
    created_at: Time
    updated_at: Time


class ConversationsShape(BaseModel):
    """Conversations, the last used first."""

    conversations: list[ConversationShape]


class WholeConversationShape(BaseModel):
    """A conversation's answers, oldest first."""

    conversation_id: str
    answers: list[AnswerShape]


class SuggestionShape(BaseModel):
    """A question to begin with, and the article that answers it."""

    question: str
    article_id: str
    title: str
    publisher: str | None
    published_at: Time | None


class ArchiveShape(BaseModel):
    """What the archive holds."""

    articles: int
    oldest: Time | None
    newest: Time | None
    publishers: list[str]
    suggestions: list[SuggestionShape]


class SessionShape(BaseModel):
    """Who is asking: a key's id, null where none is needed."""

    key: str | None
    scopes: list[str]
