"""The tables of the truth. Everything else on disk (Chroma, Tantivy) is derived from them through `changes`."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC datetime, stored without its zone so that SQLite and PostgreSQL compare it alike."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the stored form; a naive time is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone reached the truth: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the stored form."""
        return None if value is None else value.replace(tzinfo=UTC)


# SQLite numbers rows by itself only in an INTEGER column; PostgreSQL wants the wider type.
RowId = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    comment="schema version, embedding model, watermarks of the derived indexes",
)

articles = Table(
    "articles",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("first_seen_at", UtcDateTime, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False, comment="sha256 of every field: equal means unchanged"),
    Column("body_digest", String(64), nullable=False, comment="sha256 of the body: equal means the same text"),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text),
    Column("byline", Text),
    Column("publisher", Text),
    Column("section", Text),
    Column("language", String(35)),
    Column("dateline", Text),
    Column("published_at", UtcDateTime),
    Column("modified_at", UtcDateTime),
    Column("published_origin", String(10), comment="where the date was read: json-ld, meta, time, feed, …"),
    Column("modified_origin", String(10)),
    Column("correction", Text, comment="what the article says of its own or another's mistakes"),
    Column("stands_from", UtcDateTime, comment="when it replaced the version before; null for the first"),
    Column("replaced_at", UtcDateTime, comment="when the next version replaced it; null while it is current"),
    Column("report", String(16), comment="the report that this text is a copy of; null when no other carries it"),
    Column("story", String(16), comment="the story that it tells with others"),
    Column("body", Text, nullable=False),
    UniqueConstraint("article_id", "number"),
    # Of the current versions alone: an index that begins with `current` tempts SQLite to walk all of them.
    Index("current_by_date", "published_at", sqlite_where=text("current = 1"), postgresql_where=text("current")),
    Index("current_by_publisher", "publisher", sqlite_where=text("current = 1"), postgresql_where=text("current")),
    Index("versions_by_body", "body_digest"),
    Index("versions_by_report", "report"),
    Index("versions_by_story", "story"),
    Index(
        "noted_by_publisher",  # the notices near an article, which are looked for whenever one is stored
        "publisher",
        "published_at",
        sqlite_where=text("correction IS NOT NULL"),
        postgresql_where=text("correction IS NOT NULL"),
    ),
    Index("versions_by_source", "source", postgresql_using="hash"),  # a URL may be longer than its B-trees take
)

# No foreign key: without an index on version_id, which would double the table, each deletion would read all of it.
bands = Table(
    "bands",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False, comment="of `index.likeness.bands`"),
    Column("version_id", BigInteger, primary_key=True, autoincrement=False, comment="a current version"),
    sqlite_with_rowid=False,
)

story_names = Table(
    "story_names",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False, comment="of a name; of `index.stories`"),
    Column("published_at", UtcDateTime, primary_key=True),
    Column("version_id", BigInteger, primary_key=True, autoincrement=False, comment="a current version"),
    sqlite_with_rowid=False,
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("article_id", String(200), nullable=False, index=True, comment="the article that is corrected"),
    Column("notice_id", String(200), nullable=False, index=True, comment="the article that corrects it"),
    Column(
        "taken_back", Text, nullable=False, comment="JSON list: the wrong figures and names, as the notice has them"
    ),
)

passages = Table(
    "passages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("version_id", ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sentences", LargeBinary, nullable=False, comment="int32 pairs: start, end of each sentence in the body"),
    Column("digest", String(64), nullable=False, comment="sha256 of the text and its cuts; names its embedding"),
    UniqueConstraint("version_id", "ordinal"),
    Index("passages_by_digest", "digest"),
    # Chroma and Tantivy know passages by this id, so one that was deleted must never come back as another.
    sqlite_autoincrement=True,
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("model", String(100), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("vector", LargeBinary, nullable=False, comment="float32, one unit vector for the passage"),
    Column("sentence_vectors", LargeBinary, nullable=False, comment="float16, one unit vector per sentence"),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", RowId, primary_key=True),
    Column("op", String(4), nullable=False, comment="put or drop"),
    Column("passage_id", RowId, nullable=False),
    sqlite_autoincrement=True,
)

answers = Table(
    "answers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("conversation_id", String(40), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False, comment="the Answer as JSON, as it was given"),
    Column("owner", String(40), comment="who asked: the id of an API key; null without one"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("answer_id", String(40), primary_key=True),
    Column("who", String(100), primary_key=True, comment="who says so: a key, a Slack user; each once for an answer"),
    Column("rating", String(4), nullable=False, comment="up or down"),
    Column("reason", Text),
    Column("at", UtcDateTime, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True, comment="the part of the token that may be seen"),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False, comment="sha256 of the token"),
    Column("scopes", Text, nullable=False, comment="separated by blanks"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
)

repeats = Table(
    "repeats",
    metadata,
    Column("owner", String(40), primary_key=True, comment="the id of an API key; empty without one"),
    Column("key", String(200), primary_key=True, comment="the Idempotency-Key of a request"),
    Column("digest", String(64), nullable=False, comment="sha256 of the request's body"),
    Column("process", String(40), nullable=False, comment="the process that answers it"),
    Column("answer_id", String(40), comment="null until the answer has begun"),
    Column("at", UtcDateTime, nullable=False, index=True),
)

spending = Table(
    "spending",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("usd", Float, nullable=False, comment="what one reply of a model cost"),
    Column("tokens", Integer, comment="what the model was sent and wrote"),
    Column("owner", String, comment="the id of the API key that asked"),
)

polls = Table(
    "polls",
    metadata,
    Column("url", Text, primary_key=True, comment="a standing source (a URL or a path), or a page that one lists"),
    Column("source", Text, index=True, comment="the source that lists this page; null for a source itself"),
    Column("listed", Text, comment="what the source says of the page, as JSON"),
    Column("name", Text, comment="the entry's own id in its feed, which a tombstone names"),
    Column("article_id", String(200), comment="the article that was read from the page"),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("stamp", Text, comment="a folder's files as they were when they were read"),
    Column("polled_at", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    Column("next_at", UtcDateTime, index=True, comment="null after a poll: never again"),
    Column("claimed_until", UtcDateTime, comment="till then a worker is at it; after this another may take it over"),
    Column("interval_s", Float, nullable=False),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("reason", Text, comment="why the last poll failed"),
)

retractions = Table(
    "retractions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("article_id", String(200), nullable=False, index=True),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("retracted_at", UtcDateTime, nullable=False),
)

slack_claims = Table(
    "slack_claims",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("team", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column(
        "thread", String(40), nullable=False, comment="the root message's ts; what is asked there is answered in order"
    ),
    Column("asker", String(40), nullable=False),
    Column("asked", Text, nullable=False, comment="what was asked, as JSON"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False, comment="open, or how it ended: answered, abstained, failed, stopped"),
    Column("owner", String(80), nullable=False, comment="the process that answers it"),
    Column("lease_until", UtcDateTime, nullable=False, comment="after this another process may take it over"),
    Column("attempts", Integer, nullable=False),
    Column("stopping", Boolean, nullable=False, comment="somebody asked to stop"),
    Column("reply_ts", String(40), comment="the message that shows the answer, once there is one"),
    Column("answer_id", String(40)),
    Index("slack_claims_open", "state", "lease_until"),
    Index("slack_claims_by_thread", "team", "channel", "thread"),
    Index("slack_claims_by_asker", "team", "asker"),
    sqlite_autoincrement=True,
)

slack_claim_keys = Table(
    "slack_claim_keys",
    metadata,
    Column("key", String(200), primary_key=True, comment="a name of one gesture in Slack; several events may carry it"),
    Column("claim_id", ForeignKey("slack_claims.id", ondelete="CASCADE"), nullable=False, index=True),
)

slack_threads = Table(
    "slack_threads",
    metadata,
    Column("team", String(40), primary_key=True),
    Column("channel", String(40), primary_key=True),
    Column("thread", String(40), primary_key=True),
    Column("conversation_id", String(40), nullable=False),
    Column("last_ts", String(40), nullable=False, comment="the last question that was answered in it"),
    Column("updated_at", UtcDateTime, nullable=False),
)

slack_installations = Table(
    "slack_installations",
    metadata,
    Column("team", String(40), primary_key=True, comment="the workspace, or the organisation it is installed for"),
    Column("sealed", Text, nullable=False, comment="the installation with its token, encrypted"),
    Column("installed_at", UtcDateTime, nullable=False),
)

slack_states = Table(
    "slack_states",
    metadata,
    Column("state", String(64), primary_key=True, comment="of an installation that was begun and has not come back"),
    Column("issued_at", UtcDateTime, nullable=False),
)
