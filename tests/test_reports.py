"""One report, many outlets: copies are known by their text, collapse to one source, and never hide a correction."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Archive
from index.likeness import bands, other_figures, same_report, shared, shingles
from tests.conftest import WordEmbedder, article, day

REPORT = (
    "The council of Port Arlen voted on Tuesday to close the harbour bridge for 40 days. Engineers had found cracks "
    "in eleven of its hangers during an inspection in August. Repairs will cost 12 million crowns, the mayor told "
    "reporters after the meeting. Ferries will carry foot passengers across every 20 minutes until the bridge "
    "opens again. Shopkeepers on the eastern bank said they feared for their autumn trade."
)
EDITED = REPORT.replace("told reporters after the meeting", "said").replace("Shopkeepers", "Traders")
CUT = REPORT[: REPORT.index(" Ferries")]
OTHER = (
    "Apple growers in the northern valleys lost half of their crop to a late frost in May. The ministry of agriculture "
    "promised loans without interest, and a union of growers asked for a fund. Prices in shops are expected to rise."
)


def found(archive: Archive, question: str = "What do the bridge repairs cost?") -> list[str]:
    return [each.article.id for each in archive.search(question, 10)]


def carried(archive: Archive, name: str) -> list[str]:
    return [each.article_id for each in archive.carriers(name)]


def test_an_edited_and_a_cut_copy_are_one_source_with_the_first_outlet_named(archive: Archive) -> None:
    archive.ingest(
        [
            article("daily", EDITED, publisher="Daily", published_at=day("2026-09-02")),
            article("wire", REPORT, publisher="Wire", published_at=day("2026-09-01")),
            article("post", CUT, publisher="Post", published_at=day("2026-09-03")),
            article("apples", OTHER, publisher="Daily"),
        ]
    )
    evidence = archive.search("What do the bridge repairs cost?", 10)
    assert [each.article.id for each in evidence] == ["wire", "apples"]
    assert [copy.publisher for copy in evidence[0].copies] == ["Wire", "Daily", "Post"]
    assert (evidence[0].outlets, evidence[1].outlets) == (3, 1)


@pytest.mark.parametrize("order", [("wire", "fixed", "post"), ("fixed", "post", "wire"), ("post", "fixed", "wire")])
def test_a_copy_that_gives_another_figure_is_never_hidden(archive: Archive, order: tuple[str, ...]) -> None:
    texts = {"wire": REPORT, "fixed": REPORT.replace("12 million", "15 million"), "post": CUT}
    archive.ingest(article(name, texts[name], publisher=name) for name in order)
    assert "fixed" in found(archive)
    assert {"wire", "post"} & set(found(archive))
    assert carried(archive, "fixed") != carried(archive, "wire")


def test_a_figure_spelt_otherwise_is_the_same_figure(archive: Archive) -> None:
    spelt = (
        REPORT.replace("40 days", "forty days").replace("eleven of", "11 of").replace("20 minutes", "twenty minutes")
    )
    archive.ingest([article("wire", REPORT), article("daily", spelt)])
    assert carried(archive, "wire") == ["daily", "wire"]


def test_a_cut_between_two_figures_makes_no_other_figure() -> None:
    names = ("Orme", "Vane", "Brook", "Crane", "Sayle", "Quayle", "Lisle", "Inch", "Venn", "Dorey", "Peake", "Munro")
    scores = [f"{name} scored {12 + place} points for his side." for place, name in enumerate(names)]
    scores.append("Nobody had fewer than 12 at the end.")
    cut = ["Orme scored 13 points for his side.", *scores[2:]]
    changed = [scores[0].replace("12", "31"), *scores[1:]]
    assert not other_figures(shingles(" ".join(scores)), shingles(" ".join(cut)))
    assert other_figures(shingles(" ".join(scores)), shingles(" ".join(changed)))


def test_reports_made_after_one_pattern_are_no_copies_though_they_share_numbers() -> None:
    one, other = (
        f"Room {at} of the hotel burned. Repairs cost {at + 3} million crowns, says the owner." for at in (9, 12)
    )
    assert other_figures(shingles(one), shingles(other))


def test_a_roundup_of_two_reports_does_not_make_them_one(archive: Archive) -> None:
    archive.ingest([article("bridge", REPORT), article("roundup", f"{REPORT}\n\n{OTHER}"), article("apples", OTHER)])
    assert "apples" not in carried(archive, "bridge")
    assert "apples" in found(archive, "frost on apples")


def test_what_a_copy_adds_is_still_found(archive: Archive) -> None:
    added = " ".join(f"The baker Nils Orme, {year}, sold his loaves from boat {year}." for year in range(20, 60))
    archive.ingest(
        [article("wire", REPORT, publisher="A"), article("long", f"{REPORT} {CUT}\n\n{added}", publisher="B")]
    )
    assert "Nils Orme" in archive.search("baker Nils Orme loaves boat", 1)[0].passage.text


def test_the_copy_of_a_named_publisher_stands_for_the_report(archive: Archive) -> None:
    from index import Query

    archive.ingest([article("wire", REPORT, publisher="Wire"), article("daily", EDITED, publisher="Daily")])
    named = archive.search(Query("What did the Daily say of the bridge?", publishers=("Daily",)), 5)
    assert [each.article.id for each in named] == ["daily"]


def test_a_copy_that_is_rewritten_or_removed_leaves_the_report(archive: Archive) -> None:
    archive.ingest([article("wire", REPORT), article("daily", EDITED), article("post", CUT)])
    assert carried(archive, "wire") == ["daily", "post", "wire"]
    archive.ingest([article("daily", OTHER)])
    assert carried(archive, "wire") == ["post", "wire"]
    archive.remove("wire")
    assert carried(archive, "post") == ["post"]
    archive.ingest([article("daily", EDITED), article("wire", REPORT)])
    assert carried(archive, "wire") == ["daily", "post", "wire"]


def test_who_carried_a_report_is_told_as_of_then(archive: Archive) -> None:
    from index import Filter

    archive.ingest(
        [
            article("wire", REPORT, publisher="Wire", published_at=day("2026-09-01")),
            article("post", CUT, publisher="Post", published_at=day("2026-09-03")),
        ]
    )
    (then,) = archive.search("bridge", 5, Filter(as_of=datetime(2026, 9, 2, tzinfo=UTC)))
    assert (then.outlets, [copy.publisher for copy in then.copies]) == (1, ["Wire"])


def test_an_archive_of_an_older_dateline_gets_its_reports_when_it_is_opened(
    archive: Archive, words: WordEmbedder
) -> None:
    from index.tables import bands as band_rows
    from index.tables import versions

    archive.ingest([article("wire", REPORT), article("daily", EDITED)])
    with archive._truth.begin() as truth:
        truth.execute(versions.update().values(report=None))
        truth.execute(band_rows.delete())
    archive.close()
    with Archive(archive.home, words) as again:
        assert carried(again, "wire") == ["daily", "wire"]


def test_the_keys_of_a_text_are_those_that_archives_hold() -> None:
    keys = bands(REPORT)
    assert (keys[0], keys[20], keys[39]) == (41349059019954166, 6685422938918741586, 2072049318036691025)


TEXTS = st.lists(st.sampled_from(f"{REPORT} {OTHER}".split()), min_size=1, max_size=60).map(" ".join)


@given(TEXTS, TEXTS)
def test_likeness_is_the_same_both_ways_and_whole_with_itself(one: str, other: str) -> None:
    a, b = shingles(one), shingles(other)
    assert shared(a, b) == shared(b, a)
    assert same_report(a, b) == same_report(b, a)
    assert other_figures(a, b) == other_figures(b, a)
    assert same_report(a, a) and not other_figures(a, a)
    assert bands(one) == bands(one.upper())
