"""What becomes of what was read: each article is judged, its new pieces are embedded, and it is stored in one go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from index import articles as shelf
from index.article import Article
from index.database import storing
from index.embedding import Embedder, embed_pieces
from index.errors import BadArticle, ModelMismatch
from index.passages import Piece, split
from index.truth import read_fact, take_turn

ARTICLES_AT_ONCE = 16  # embedded together, so that short sentences fill a batch

Outcome = shelf.Standing | BadArticle


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of what was read; `errors` has (source, reason) pairs.

    `retracted` counts articles that were removed because their publisher has withdrawn them.
    """

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    errors: tuple[tuple[str, str], ...] = ()
    retracted: int = 0

    def __add__(self, other: "IngestReport") -> "IngestReport":
        return IngestReport(
            self.new + other.new,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.duplicates + other.duplicates,
            self.errors + other.errors,
            self.retracted + other.retracted,
        )

    @property
    def failed(self) -> int:
        """How many could not be read or stored."""
        return len(self.errors)


def groups(read: Iterable[Article | BadArticle]) -> Iterator[list[Article | BadArticle]]:
    """What was read, in groups. No group has two articles of one id or text: each is judged by what came before."""
    group: list[Article | BadArticle] = []
    seen: set[str] = set()
    for each in read:
        names = {each.id, shelf.body_digest(each)} if isinstance(each, Article) else set()
        if len(group) == ARTICLES_AT_ONCE or names & seen:
            yield group
            group, seen = [], set()
        group.append(each)
        seen |= names
    if group:
        yield group


def settle(
    truth: Engine, embedder: Embedder, group: list[Article | BadArticle]
) -> Iterator[tuple[Article | BadArticle, Outcome]]:
    """Store what of a group is new or changed, one by one; each under the id it is known by, with its outcome.

    Raises ModelUnavailable and ModelRefused before anything of the group is stored, ModelMismatch when another process
    has changed the archive's model, StorageFailed.
    """
    with truth.connect() as connection:
        known = [shelf.as_known(connection, each) if isinstance(each, Article) else each for each in group]
        wanted = [each for each in known if isinstance(each, Article) and _changes(shelf.standing(connection, each))]
    pieces = {article.id: split(article.body) for article in wanted}
    embed(truth, embedder, [(article.body, piece) for article in wanted for piece in pieces[article.id]])
    for each in known:
        yield each, each if isinstance(each, BadArticle) else _store(truth, embedder, each, pieces.get(each.id))


def embed(truth: Engine, embedder: Embedder, pieces: list[tuple[str, Piece]]) -> None:
    """Embed those of the pieces, each with its body, that have no vectors of this model yet; kept by content."""
    wanted = {piece.digest(body): (body, piece) for body, piece in pieces}
    with truth.connect() as connection:
        for known in shelf.known_embeddings(connection, list(wanted), embedder.id):
            del wanted[known]
    if wanted:
        vectors = embed_pieces(embedder, list(wanted.values()))
        with storing(), truth.begin() as connection:
            shelf.store_embeddings(connection, vectors, embedder.id)


def refuse_other_model(connection: Connection, model: str) -> None:
    """Raises ModelMismatch when the archive is embedded with another model than this one."""
    own = read_fact(connection, "model", "")
    if own != model:
        raise ModelMismatch(
            f"The archive is embedded with {own}, but DATELINE_EMBEDDING_MODEL says {model}. Set it back, or run "
            "`dateline articles reembed` to change over."
        )


def _store(truth: Engine, embedder: Embedder, article: Article, pieces: tuple[Piece, ...] | None) -> Outcome:
    """Store an article if it is new or changed; `pieces` are embedded, None when it was neither before our turn."""
    while True:
        with storing(), truth.begin() as connection:
            take_turn(connection)
            refuse_other_model(connection, embedder.id)
            outcome = shelf.standing(connection, article)  # another process may have stored or removed it since
            if not _changes(outcome):
                return outcome
            names = {piece.digest(article.body) for piece in pieces or ()}
            if pieces is not None and names <= shelf.known_embeddings(connection, list(names), embedder.id):
                shelf.store(connection, article, pieces, datetime.now(UTC))
                return outcome
        pieces = split(article.body)
        embed(truth, embedder, [(article.body, piece) for piece in pieces])


def _changes(outcome: Outcome) -> bool:
    return outcome in ("new", "updated")
