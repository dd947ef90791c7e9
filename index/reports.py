"""Which articles carry one report: near-duplicates join it when they are stored, and leave it with their version.

A text joins the report of the version it is most alike, if it is no stranger to the others of that report: a roundup
that quotes two reports in full must not make them one. A text that gives other figures in the same words joins
nothing, so that a correction is never hidden behind the copy it corrects.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import product

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from index.article import Copy
from index.likeness import SAME_ORIGIN, Shingles, bands, other_figures, same_report, shared, shingles
from index.tables import articles, versions
from index.tables import bands as band_rows

COMMON_BANDS = 2  # fewer are chance: 3 in 10,000 pairs of news articles have that many
CANDIDATES = 12  # versions whose texts are compared, the likeliest first
REPORT_NAME = 16  # hexadecimal digits
MEMBERS = 6  # of a report, that a newcomer is compared with


def join(connection: Connection, version_id: int) -> None:
    """Put a new current version into the report it is a copy of, or a report of its own, named by its text's digest."""
    row = connection.execute(select(versions).where(versions.c.id == version_id)).one()
    own, keys = shingles(row.body), bands(row.body)
    alike = _alike(connection, row.article_id, own, keys)
    fitting = [each for each in alike if _fit([own], _texts(connection, each, row.article_id))]
    report = fitting[0] if fitting else row.body_digest[:REPORT_NAME]
    connection.execute(update(versions).where(versions.c.id == version_id).values(report=report))
    for other in fitting[1:]:  # two copies that were too unlike until their common original came
        if _fit(_texts(connection, report, row.article_id), _texts(connection, other, row.article_id)):
            connection.execute(update(versions).where(versions.c.report == other).values(report=report))
    connection.execute(insert(band_rows), [{"key": key, "version_id": version_id} for key in sorted(set(keys))])


def leave(connection: Connection, article_id: str) -> None:
    """No longer find an article's current version by its text."""
    current = select(versions.c.id, versions.c.body).where(versions.c.article_id == article_id, versions.c.current)
    for version_id, body in connection.execute(current).all():
        own = band_rows.c.key.in_(bands(body)) & (band_rows.c.version_id == version_id)
        connection.execute(delete(band_rows).where(own))


def catch_up(connection: Connection, limit: int) -> int:
    """Do this for current versions that an older Dateline stored, oldest first; how many were done."""
    rows = select(versions.c.id).where(versions.c.current, versions.c.report.is_(None)).order_by(versions.c.id)
    found = connection.scalars(rows.limit(limit)).all()
    for version_id in found:
        join(connection, version_id)
    return len(found)


def carriers(connection: Connection, reports: Collection[str], as_of: datetime | None) -> dict[str, tuple[Copy, ...]]:
    """The articles that carry each of these reports, the first one first; of `as_of`, those that were out then."""
    rows = _CARRIERS
    if as_of is not None:
        undated = versions.c.published_at.is_(None) & (articles.c.first_seen_at <= as_of)
        rows = rows.join(articles).where((versions.c.published_at <= as_of) | undated)
    found: dict[str, list[Copy]] = {}
    for report, *row in connection.execute(rows, {"reports": list(reports)}):
        found.setdefault(report, []).append(Copy(*row))
    return {report: tuple(sorted(copies, key=lambda copy: copy.order)) for report, copies in found.items()}


_DESCRIBED = (versions.c.report, versions.c.article_id, versions.c.publisher, versions.c.title, versions.c.url)
_CARRIERS = select(*_DESCRIBED, versions.c.published_at).where(
    versions.c.report.in_(bindparam("reports", expanding=True)), versions.c.current
)


def _alike(connection: Connection, article_id: str, own: Shingles, keys: Sequence[int]) -> list[str]:
    """The reports that have a version like this text, the likest first."""
    bands_in_common = func.count()
    candidates = (
        select(band_rows.c.version_id, bands_in_common.label("common"))
        .where(band_rows.c.key.in_(keys))
        .group_by(band_rows.c.version_id)
        .having(bands_in_common >= COMMON_BANDS)
        .order_by(bands_in_common.desc(), band_rows.c.version_id)
        .limit(CANDIDATES)
        .subquery()
    )
    rows = select(versions.c.report, versions.c.body).join(candidates, candidates.c.version_id == versions.c.id)
    rows = rows.where(versions.c.current, versions.c.article_id != article_id)
    likeness: dict[str, float] = {}
    for report, body in connection.execute(rows.order_by(versions.c.id)):
        other = shingles(body)
        if report is not None and same_report(own, other):
            likeness[report] = max(shared(own, other), likeness.get(report, 0.0))
    return sorted(likeness, key=lambda report: -likeness[report])


def _texts(connection: Connection, report: str, but: str) -> list[Shingles]:
    """Some of the texts that carry a report, the oldest, without those of one article."""
    rows = select(versions.c.body).where(versions.c.report == report, versions.c.current, versions.c.article_id != but)
    return [shingles(body) for body in connection.scalars(rows.order_by(versions.c.id).limit(MEMBERS))]


def _fit(some: Sequence[Shingles], others: Sequence[Shingles]) -> bool:
    """Whether none of these texts is a stranger to one of the others, or gives other figures than it does."""
    return all(
        shared(one, other) >= SAME_ORIGIN and not other_figures(one, other) for one, other in product(some, others)
    )
