"""The archive: articles in, evidence out. It ties the truth, its derived indexes and one embedder together."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import NamedTuple, Self

import numpy as np
from sqlalchemy import func, insert, select

from index import articles as shelf
from index import reports, stories
from index.affected import AffectedAnswer, affected_answers
from index.answers import AnswerRecords
from index.article import Article, ArticleVersion, Copy, Correction, Evidence, Filter, Retraction, Story
from index.correcting import corrected, own_note
from index.database import storing
from index.derived import Derived, problems_in_subprocess
from index.embedding import Embedder
from index.errors import (
    ArchiveDamaged,
    BadArticle,
    BadConfiguration,
    UnknownArticle,
    Withdrawn,
)
from index.evidence import count_live_passages, cut_passages, live_passages, newest, publishers, replaced_passages
from index.fetching.ledger import Ledger
from index.ingesting import ARTICLES_AT_ONCE, IngestReport, embed, groups, refuse_other_model, settle
from index.keys import Keys
from index.lock import acquire
from index.moving import export_lines, import_line, lines
from index.query import Query
from index.reranker import Reranker
from index.retrieval import latest, retrieve, word_weights
from index.slack import SlackRecords
from index.tables import spending
from index.truth import integrity, open_truth, read_fact, take_turn, write_fact

GROUPS_BETWEEN_INDEXING = 16
PASSAGES_AT_ONCE = 200

_log = logging.getLogger(__name__)


class Status(NamedTuple):
    """What the archive holds and what it is embedded with."""

    home: Path
    holdings: shelf.Holdings
    model: str
    dimension: int
    publishers: tuple[str, ...]
    waiting_changes: int


class Archive:
    """An open archive; use it as a context manager.

    One process at a time owns a data directory, unless the vectors are on a Chroma server: then several processes
    share it, and with the truth in PostgreSQL several hosts.
    """

    def __init__(
        self,
        home: Path,
        embedder: Embedder,
        chroma_url: str | None = None,
        database_url: str | None = None,
        *,
        reranker: Reranker | None = None,
        reembed: bool = False,
    ) -> None:
        """Open, or create, the archive in `home`, or the one whose truth is at `database_url`.

        `reranker` is there for who asks: it judges the best sentences of what is found (`bot.reranking`).
        `reembed` lets it be opened with another model than it was embedded with, to call `reembed`.
        Raises ArchiveBusy, ArchiveDamaged, ModelMismatch, BadConfiguration, and StorageFailed.
        """
        if database_url is not None and chroma_url is None:
            raise BadConfiguration(
                "DATELINE_DATABASE_URL is set, so several processes may share the archive, and its vectors cannot be "
                "in the files of one of them. Set DATELINE_CHROMA_URL to a Chroma server as well."
            )
        self.home = home
        self.embedder = embedder
        self.reranker = reranker
        self._chroma_url = chroma_url
        self._database_url = database_url
        self._lock = acquire(home, shared=chroma_url is not None)
        self._writing = RLock()  # a server's poller and its requests write from several threads
        try:
            self._truth = open_truth(database_url or home / "truth.db")
            self.ledger = Ledger(self._truth)
            self.answers = AnswerRecords(self._truth)
            self.keys = Keys(self._truth)
            self.slack = SlackRecords(self._truth)
            self._derived = Derived(self._truth, home, chroma_url)
            self._settled = self._derived.place is not None
            self._claim(reembed)
            self._recover()
            if self.alone:
                self.ledger.release()  # what a process that was killed had claimed
        except BaseException:
            self._lock.close()
            raise

    @property
    def alone(self) -> bool:
        """Whether no other process uses this archive's truth."""
        return self._chroma_url is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the data directory."""
        self._truth.dispose()
        self._derived.leave()
        self._lock.close()

    def ingest(
        self, read: Iterable[Article | BadArticle], progress: Callable[[Article | BadArticle], None] = lambda _: None
    ) -> IngestReport:
        """Store what was read: new and changed articles are embedded, the rest is left alone.

        Each article is one transaction. `progress` hears of each one once it is settled. When the embedder fails
        (ModelUnavailable), the articles settled before stay, the others are as they were. What is `Withdrawn` and known
        is retracted.
        """
        tally: Counter[str] = Counter()
        errors: list[tuple[str, str]] = []
        try:
            for number, group in enumerate(groups(read), 1):
                with self._writing:
                    outcomes = list(settle(self._truth, self.embedder, group))
                for settled, outcome in outcomes:
                    progress(settled)
                    if isinstance(outcome, Withdrawn) and self._retract_at(outcome):
                        tally["retracted"] += 1
                    elif isinstance(outcome, BadArticle):
                        errors.append((outcome.source, outcome.reason))
                    else:
                        tally[outcome] += 1
                if number % GROUPS_BETWEEN_INDEXING == 0:
                    self._catch_up()
        finally:
            self._index()
        return IngestReport(
            tally["new"], tally["updated"], tally["unchanged"], tally["duplicate"], tuple(errors), tally["retracted"]
        )

    def search(self, query: Query | str, k: int, chosen: Filter | None = None) -> list[Evidence]:
        """The k best passages for a query, best first; a text is a query of one part that names nothing."""
        self.settle()
        if not self._derived.words.count():
            return []
        query = Query(query) if isinstance(query, str) else query
        vectors = np.stack([*self.embedder.embed([query.text, *(part.text for part in query.parts)])])
        return retrieve(self._truth, self._derived, self.embedder.id, query, vectors, k, chosen or Filter())

    def latest(self, k: int, chosen: Filter | None = None) -> list[Evidence]:
        """The first passages of the k newest reports, the newest first."""
        self.settle()
        return latest(self._truth, self._derived, self.embedder.id, self.embedder.dimension, k, chosen or Filter())

    def word_weights(self, question: str) -> dict[str, float]:
        """The question's stems, weighted by how rare they are in this archive."""
        self.settle()
        return word_weights(self._derived, question)

    def settle(self) -> None:
        """Be ready to search: in a shared archive, the first call gives this process words of its own, up to date."""
        if self._settled:
            return
        with self._writing:
            if self._settled:  # another thread was first
                return
            self._derived.settle()
            self._recover()
            self._settled = True  # not before it has caught up: other questions wait for that

    def follow(self) -> None:
        """Take in what other processes have changed; call it now and then where an archive is shared."""
        self.settle()
        self._index()

    def publishers(self) -> tuple[str, ...]:
        """The publishers the archive has, by name."""
        with self._truth.connect() as connection:
            return publishers(connection)

    def newest(self, at: datetime) -> datetime | None:
        """When the newest article that was published by `at` was published; None when none has a date."""
        with self._truth.connect() as connection:
            return newest(connection, at)

    def articles(self, limit: int | None = None, offset: int = 0) -> list[ArticleVersion]:
        """Current versions without their bodies, newest published first."""
        with self._truth.connect() as connection:
            return list(shelf.current_articles(connection, limit, offset))

    def versions(self, article_id: str) -> tuple[ArticleVersion, ...]:
        """All versions of one article, oldest first. Raises UnknownArticle."""
        with self._truth.connect() as connection:
            return shelf.article_versions(connection, article_id)

    def carriers(self, article_id: str) -> tuple[Copy, ...]:
        """The articles that carry the same report as this one, itself among them, the first one first.

        Raises UnknownArticle.
        """
        with self._truth.connect() as connection:
            report = shelf.report_of(connection, article_id)
            return reports.carriers(connection, {report}, None).get(report, ())

    def story(self, article_id: str) -> Story:
        """The story that an article tells, with the other reports in it. Raises UnknownArticle."""
        with self._truth.connect() as connection:
            found = stories.story_of(connection, article_id)
        if found is None:
            raise UnknownArticle(article_id)
        return found

    def quoted_body(self, article_id: str, quote: str, start: int) -> str:
        """The body of the newest version that has a quote where it was cited. Raises UnknownArticle."""
        bodies = [version.article.body for version in reversed(self.versions(article_id))]
        return next((body for body in bodies if body.startswith(quote, start)), bodies[0])

    def correction(self, article_id: str) -> Correction | None:
        """What of an article was corrected, by a notice or by its own note. Raises UnknownArticle."""
        article = self.versions(article_id)[-1].article
        with self._truth.connect() as connection:
            return corrected(connection, [article_id]).get(article_id) or own_note(article)

    def affected(self, article_id: str) -> tuple[AffectedAnswer, ...]:
        """Answers given earlier that quote this article as it no longer stands, or that it has taken back."""
        with self._truth.connect() as connection:
            return affected_answers(connection, article_id)

    def remove(self, article_id: str) -> None:
        """Delete an article and everything derived from it. Raises UnknownArticle."""
        with self._writing, self._truth.begin() as connection:
            take_turn(connection)
            shelf.remove(connection, article_id)
        self._index()

    def retract(self, article_id: str, reason: str) -> None:
        """Remove an article that its publisher has withdrawn, and keep why. Raises UnknownArticle."""
        with self._writing, self._truth.begin() as connection:
            take_turn(connection)
            shelf.retract(connection, article_id, reason, datetime.now(UTC))
        self._index()

    def retractions(self) -> list[Retraction]:
        """What was retracted and why, the latest first."""
        with self._truth.connect() as connection:
            return shelf.retracted(connection)

    def export(self, path: Path, progress: Callable[[], None] = lambda: None) -> int:
        """Write all there is to a JSON Lines file, for `import_`; how many lines it has."""
        partial = path.with_name(f".{path.name}.partial")
        written = 0
        with storing(), partial.open("w", encoding="utf-8") as file:
            for line in export_lines(self._truth, self.embedder.id):
                file.write(line)
                written += 1
                progress()
        partial.replace(path)
        return written

    def import_(self, path: Path, progress: Callable[[], None] = lambda: None) -> IngestReport:
        """Store what another archive exported: each line that is whole and not here yet, with its vectors.

        Raises BadArticle when the file is no export, ModelMismatch when it was embedded with another model.
        """
        tally: Counter[str | None] = Counter()
        errors: list[tuple[str, str]] = []
        try:
            for number, (place, line) in enumerate(lines(path, self.embedder.id), 1):
                try:
                    with self._writing, storing(), self._truth.begin() as connection:
                        take_turn(connection)
                        tally[import_line(connection, line, place, self.embedder.id)] += 1
                except BadArticle as refused:
                    errors.append((refused.source, refused.reason))
                progress()
                if number % (ARTICLES_AT_ONCE * GROUPS_BETWEEN_INDEXING) == 0:
                    self._catch_up()
        finally:
            self._index()
        return IngestReport(tally["new"], tally["updated"], tally["unchanged"], errors=tuple(errors))

    def holdings(self) -> shelf.Holdings:
        """Counts and date range of what is current."""
        with self._truth.connect() as connection:
            return shelf.holdings(connection)

    def status(self) -> Status:
        """What the archive holds."""
        return Status(
            self.home,
            self.holdings(),
            self.embedder.id,
            self.embedder.dimension,
            self.publishers(),
            self._derived.behind(),
        )

    def problems(self) -> list[str]:
        """What is damaged or differs from the truth, a sentence each."""
        self.settle()
        return integrity(self._truth) + self._problems()

    def repair(self) -> None:
        """Build the derived indexes anew from the truth; nothing is embedded again."""
        with self._writing:
            self._derived.rebuild()

    def reembed(self, progress: Callable[[], None] = lambda: None) -> None:
        """Embed every passage with this archive's embedder and switch to it. Resumes where it was broken off.

        `progress` is called once per passage.
        """
        with self._truth.connect() as connection:
            ids = [*live_passages(connection), *replaced_passages(connection)]
        for at in range(0, len(ids), PASSAGES_AT_ONCE):
            with self._truth.connect() as connection:
                some = cut_passages(connection, ids[at : at + PASSAGES_AT_ONCE])
            embed(self._truth, self.embedder, some)
            for _ in some:
                progress()
        with self._truth.begin() as connection:
            write_fact(connection, "model", self.embedder.id)
        self._derived.rebuild()

    def spend(self, usd: float, tokens: int, owner: str | None) -> None:
        """Take down what a model's reply cost now, and whose question it was for."""
        with storing(), self._truth.begin() as connection:
            connection.execute(insert(spending).values(at=datetime.now(UTC), usd=usd, tokens=tokens, owner=owner))

    def spent(self, since: datetime) -> float:
        """US dollars spent on models since a moment."""
        with self._truth.connect() as connection:
            return float(connection.scalar(select(func.sum(spending.c.usd)).where(spending.c.at >= since)) or 0.0)

    def tokens(self, owner: str, since: datetime) -> int:
        """How many tokens a model was sent and wrote for this owner's questions since a moment."""
        used = select(func.sum(spending.c.tokens)).where(spending.c.owner == owner, spending.c.at >= since)
        with self._truth.connect() as connection:
            return int(connection.scalar(used) or 0)

    def _retract_at(self, withdrawn: Withdrawn) -> bool:
        """Retract the article at an address; whether there was one."""
        with self._truth.connect() as connection:
            known = shelf.at_url(connection, withdrawn.source)
        if known is not None:
            self.retract(known, withdrawn.reason)
        return known is not None

    def _claim(self, reembed: bool) -> None:
        """Name the archive, and see that its vectors are this embedder's."""
        with self._truth.begin() as connection:
            take_turn(connection)
            if read_fact(connection, "archive_id", "") == "":
                write_fact(connection, "archive_id", uuid.uuid4().hex[:12])
                self._derived.forget()
            if read_fact(connection, "model", "") == "" or not count_live_passages(connection):
                write_fact(connection, "model", self.embedder.id)
            elif not reembed:
                refuse_other_model(connection, self.embedder.id)

    def _recover(self) -> None:
        """Bring what is derived up to the truth, or build it anew; after a process died writing, look closely."""
        half_written = self._derived.torn()
        problems = [f"The vector index {half_written}."] if half_written else []
        if not problems and self._derived.ended_unclean():
            problems = self._problems(catch_up=True)
        if not problems:
            try:
                self._index()
                lost = self._derived.lost()
                problems = [lost] if lost else []
            except ArchiveDamaged as error:
                problems = [str(error)]
        if problems:
            _log.warning("The derived indexes are built anew from the truth. %s", " ".join(problems))
            self._derived.rebuild()
        more = True
        while more:  # an archive of an older Dateline; a fresh one has nothing to do
            with self._truth.begin() as connection:
                take_turn(connection)
                more = bool(
                    reports.catch_up(connection, ARTICLES_AT_ONCE) + stories.catch_up(connection, ARTICLES_AT_ONCE)
                )

    def _problems(self, *, catch_up: bool = False) -> list[str]:
        place = self._derived.place
        return problems_in_subprocess(self.home, self._chroma_url, self._database_url, place, catch_up=catch_up)

    def _index(self) -> None:
        with self._writing:
            self._catch_up()
            with storing():
                self._derived.mark_clean()

    def _catch_up(self) -> None:
        with self._writing, storing():
            self._derived.catch_up()
