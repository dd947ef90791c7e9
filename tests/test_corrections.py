"""Corrections: the old words stop being quotable at once, the note is shown, and what was answered before is found."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Question
from bot.encoding import answer_json
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from index import Archive, Filter, MiniLM, article_from_fields, read_paths
from index.reading.corrections import find_note, is_notice, quotable, taken_back
from tests.conftest import SAMPLES, WordEmbedder, article, day

BRIDGE = (
    "The harbour bridge will close on Monday. Its repairs cost 12 million crowns, the mayor said. Ferries will run."
)
FIXED = BRIDGE.replace("12 million", "15 million")


def answer(archive: Archive, question: str, as_of: datetime | None = None) -> Answer:
    return asyncio.run(complete(Question(question, Filter(as_of=as_of)), archive, ExtractiveWriter()))


def says(given: Answer) -> str:
    return " ".join([given.text, *(each.quote for each in given.citations)])


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("corrected") / "home", MiniLM()) as archive:
        archive.ingest(read_paths([str(SAMPLES)]))
        yield archive


@pytest.mark.parametrize("question", ["What was Tarnholt's net loss?", "How much money did Tarnholt lose this year?"])
def test_the_corrected_figure_is_answered_and_the_old_one_only_as_of_before(samples: Archive, question: str) -> None:
    now = answer(samples, question)
    assert "114 million" in now.text
    assert "148 million" not in says(now)
    before = answer(samples, question, datetime(2026, 9, 29, 23, tzinfo=UTC))
    assert "148 million" in before.text
    assert "114 million" not in says(before)
    assert "148 million" not in says(answer(samples, question, day("2026-10-01")))


def test_the_source_says_that_it_was_corrected_and_by_what(samples: Archive) -> None:
    given = answer(samples, "What was Tarnholt's net loss?")
    wrong = next(each for each in answer_json(given)["sources"] if each["title"].startswith("Tarnholt Cells loses"))
    notice = next(each for each in answer_json(given)["sources"] if each["title"].startswith("Correction"))
    assert wrong["correction"]["notice_id"] == notice["article_id"]
    assert wrong["correction"]["taken_back"] == ["148 million"]
    assert wrong["correction"]["at"] == "2026-09-30T09:00:00Z"
    assert notice["correction"] is None


def test_an_answer_of_before_is_listed_as_affected(samples: Archive) -> None:
    question = "What was Tarnholt's net loss?"
    before = answer(samples, question, datetime(2026, 9, 29, 23, tzinfo=UTC))
    wrong = before.citations[0].article.id
    listed = {each.answer_id: each for each in samples.affected(wrong)}
    assert "148 million" in listed[before.id].quotes[0]
    assert answer(samples, question).id not in listed


def test_a_new_version_is_answered_at_once_and_the_old_one_only_as_of_before(archive: Archive) -> None:
    question = "What do the harbour bridge repairs cost?"
    archive.ingest([article("bridge", BRIDGE, published_at=day("2026-09-01"))])
    first = answer(archive, question)
    assert "12 million" in first.text
    assert archive.affected("bridge") == ()
    archive.ingest([article("bridge", FIXED, published_at=day("2026-09-01"), modified_at=day("2026-09-03"))])
    assert "15 million" in answer(archive, question).text
    for moment, figure, other in (("2026-09-02", "12", "15"), ("2026-09-03", "15", "12"), ("2026-09-09", "15", "12")):
        then = answer(archive, question, day(moment))
        assert f"{figure} million" in then.text
        assert f"{other} million" not in says(then)
    assert next(each.answer_id for each in archive.affected("bridge")) == first.id
    assert archive.quoted_body("bridge", first.citations[0].quote, first.citations[0].start) == BRIDGE
    assert archive.problems() == []


def test_the_replaced_version_is_ranked_like_the_others(archive: Archive) -> None:
    archive.ingest([article("bridge", BRIDGE, published_at=day("2026-09-01"))])
    then = Filter(as_of=day("2026-09-02"))
    (before,) = archive.search("harbour bridge repairs", 1, then)
    archive.ingest([article("bridge", FIXED, published_at=day("2026-09-01"), modified_at=day("2026-09-03"))])
    (after,) = archive.search("harbour bridge repairs", 1, then)
    assert (after.passage, after.found_by) == (before.passage, before.found_by)
    assert after.score == pytest.approx(before.score, abs=0.05)


def test_without_a_date_of_change_the_version_stands_from_when_it_was_seen(archive: Archive) -> None:
    archive.ingest([article("bridge", BRIDGE, published_at=day("2026-09-01"))])
    archive.ingest([article("bridge", FIXED, published_at=day("2026-09-01"))])
    old, new = archive.versions("bridge")
    assert old.replaced_at == new.stands_from == new.seen_at
    assert new.replaced_at is None
    archive.ingest([article("bridge", BRIDGE, modified_at=datetime.now(UTC) + timedelta(days=9))])
    assert archive.versions("bridge")[-1].stands_from == archive.versions("bridge")[-1].seen_at


def test_replaced_versions_can_be_replayed_after_embedding_again(archive: Archive) -> None:
    archive.ingest([article("bridge", BRIDGE, published_at=day("2026-09-01"))])
    archive.ingest([article("bridge", FIXED, published_at=day("2026-09-01"), modified_at=day("2026-09-03"))])
    archive.close()

    class Other(WordEmbedder):
        id = "words-32"
        dimension = 32

    with Archive(archive.home, Other(), reembed=True) as again:
        again.reembed()
        assert "12 million" in again.search("bridge", 1, Filter(as_of=day("2026-09-02")))[0].passage.text


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_notice_finds_its_article_in_either_order_and_lets_go_when_it_is_removed(
    archive: Archive, order: tuple[int, int]
) -> None:
    notice = (
        "Correction: An article published on 1 September about the harbour bridge gave a wrong cost of its repairs. "
        "We wrote that the repairs cost 12 million crowns; they cost 15 million."
    )
    both = [
        {"id": "bridge", "title": "Bridge to close", "text": BRIDGE, "date": "2026-09-01", "publisher": "The Bell"},
        {"id": "notice", "title": "Correction", "text": notice, "date": "2026-09-02", "publisher": "The Bell"},
    ]
    archive.ingest(article_from_fields(both[each], f"{each}.json") for each in order)
    found = archive.search("harbour bridge repairs", 10)
    quotable = [each.passage.quote(span) for each in found for span in each.passage.sentences]
    assert not any("12 million crowns, the mayor said" in quote for quote in quotable)
    assert any("Ferries will run" in quote for quote in quotable)
    correction = archive.correction("bridge")
    assert correction is not None and correction.notice_id == "notice"
    archive.remove("notice")
    assert archive.correction("bridge") is None
    (again,) = archive.search("harbour bridge repairs", 10)
    assert any("12 million" in again.passage.quote(span) for span in again.passage.sentences)


@pytest.mark.parametrize(
    ("note", "values"),
    [
        ("Correction: An earlier version of this article said it lost 148 million; it lost 114.", ("148 million",)),
        ("This article was amended on 12 May 2026. An earlier version gave £12m, when it was £15m.", ("£12m",)),
        ("Editor’s note: The mayor is Ana Sol, not Anna Soll. We regret the error.", ("Anna Soll",)),
        ("Correction (May 12): The town was promised 600 jobs, not 1,150.", ("1,150",)),
        ("Correction: We wrote that it was built for £12m. That was wrong: it was built for £15m.", ("£12m",)),
        ("Correction: Our report said it was 38 percent, it was 33 percent.", ("38 percent",)),
        ("CORRECTION — An earlier version of this story misstated the time of the vote.", ()),
    ],
)
def test_a_note_is_recognised_with_what_it_takes_back(note: str, values: tuple[str, ...]) -> None:
    read = article_from_fields({"title": "Bridge", "text": f"{BRIDGE}\n\n{note}"}, "a.json")
    assert read.correction == note
    assert taken_back(note) == values


@pytest.mark.parametrize(
    "text",
    [
        "Editor’s note: This column was first published in March 2000.",
        "Editors’ note: For the latest on the storm, see our live updates.",
        "The minister said the figures had been corrected by the court.",
        "He found an earlier version of the painting in a bakery.",
    ],
)
def test_what_is_no_correction_is_not_taken_for_one(text: str) -> None:
    assert find_note(f"{BRIDGE}\n\n{text}") is None
    assert not is_notice("Bridge to close", text)


TRAM = (
    "Two people were hurt when a tram left the rails in Norvik. The tram was travelling at 38 kilometres an hour, the "
    "operator said. Line 4 is closed."
)
TRAM_NOTICE = (
    "In a report on 10 November about the tram that left the rails in Norvik we wrote that it was travelling at 38 "
    "kilometres an hour. That was wrong. It was travelling at 33 kilometres an hour, the operator says. We regret it."
)


def test_a_notice_is_quoted_with_what_is_right_and_is_no_conflict(archive: Archive) -> None:
    there = {"publisher": "The Norvik Courier"}
    archive.ingest(
        [
            article("tram", TRAM, published_at=day("2026-11-10"), **there),
            article("notice", TRAM_NOTICE, title="Correction: tram", published_at=day("2026-11-12"), **there),
        ]
    )
    now = answer(archive, "How fast was the tram travelling in Norvik?")
    assert "differ" not in now.text
    assert any("That was wrong. It was travelling at 33 kilometres an hour" in each.quote for each in now.citations)
    assert all("33 kilometres" in each.quote for each in now.citations if "38 kilometres" in each.quote)
    before = answer(archive, "How fast was the tram travelling in Norvik?", day("2026-11-11"))
    assert "38 kilometres" in before.text
    assert "33 kilometres" not in says(before)


def test_a_mistake_that_nothing_sets_right_is_not_quoted() -> None:
    told = ["We wrote that the mayor had paid 38 million.", "That was wrong.", "The bridge opened in May."]
    assert quotable(told) == [(2, 2)]
    assert quotable(["It cost 33 million.", *told[:2]]) == [(0, 0)]
    assert quotable([*told[:2], "She paid 33 million."]) == [(0, 2)]
    assert quotable(["We wrote that it cost 38 million; it cost 33 million."]) == [(0, 0)]


@given(
    st.lists(
        st.sampled_from(
            ["We wrote that it cost 38 million.", "That was wrong.", "It cost 33 million.", "The bridge opened in May."]
        )
    )
)
def test_runs_of_a_note_are_in_order_apart_and_never_end_in_a_mistake(told: list[str]) -> None:
    runs = quotable(told)
    places = [place for first, last in runs for place in range(first, last + 1)]
    assert places == sorted(set(places))
    assert all(told[last] in ("It cost 33 million.", "The bridge opened in May.") for _, last in runs)
    assert {place for place, text in enumerate(told) if text.startswith("The bridge")} <= set(places)


def test_a_headline_does_not_tell_what_was_taken_back(samples: Archive) -> None:
    question = "What was Tarnholt's net loss?"
    shown = answer_json(answer(samples, question))
    wrong = next(each for each in shown["sources"] if each["title"].startswith("Tarnholt Cells loses"))
    assert wrong["title"] == "Tarnholt Cells loses […] florns as ferry orders dry up"
    assert "148 million" not in str([shown["sources"], shown["citations"], shown["sentences"]]).replace(
        str(wrong["correction"]), ""
    )
    before = answer_json(answer(samples, question, datetime(2026, 9, 29, 23, tzinfo=UTC)))
    assert "148 million" in before["sources"][0]["title"]
    assert "148 million" in samples.versions(wrong["article_id"])[-1].article.title


def test_a_headline_that_an_articles_own_note_corrects_proves_nothing(archive: Archive) -> None:
    note = "Correction: An earlier version of this article said that repairs cost 12 million crowns. It was 15 million."
    title = "Bridge repairs cost 12 million crowns"
    archive.ingest([article("bridge", f"{FIXED}\n\n{note}", title=title, correction=note)])
    (found,) = archive.search("What do the bridge repairs cost?", 1)
    assert found.article.title == "Bridge repairs cost […] crowns"
    assert [copy.title for copy in found.copies] == [found.article.title]
    given = answer(archive, "What do the harbour bridge repairs cost?")
    assert "15 million" in given.text


def test_no_question_is_suggested_by_a_headline_that_may_be_wrong(samples: Archive) -> None:
    from bot.suggestions import suggestions

    asked = " ".join(each.question for each in suggestions(samples, 40))
    assert "Tarnholt Cells loses" not in asked
    assert asked.count("What is the story behind") > 20


def test_no_question_is_suggested_about_an_article_that_is_removed_meanwhile(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.suggestions import suggestions

    archive.ingest(
        [article("bridge", FIXED, title="Bridge closed"), article("ferry", "The ferry sails.", title="Ferry")]
    )
    listed = archive.articles()
    monkeypatch.setattr(archive, "articles", lambda *_: listed)
    archive.remove("bridge")
    assert [each.article.id for each in suggestions(archive, 5)] == ["ferry"]
