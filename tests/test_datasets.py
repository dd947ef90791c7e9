"""The development data as suites: what is in each, that its gold is there, that bad data is named."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from eval import datasets
from eval.datasets import Dataset, digest, load, news, rounds
from index import Archive, BadConfiguration, Filter
from tests.conftest import DATA, WordEmbedder

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the development data is not at {DATA}")

COUNTS = {
    "multihop_rag": (609, {"comparison_query": 503, "inference_query": 489, "temporal_query": 353, "null_query": 185}),
    "news": (609, {"answerable": 676, "gone": 676, "near_topic": 312}),
    "realtimeqa": (1441, {"fresh": 291, "gone": 291}),
    "squad2": (690, {"answerable": 3500, "gone": 3500, "near_topic": 3263}),
    "mtrag": (1463, {"answerable": 175, "partial": 31, "unanswerable": 63, "underspecified": 40}),
    "rgb": (915, {"noise": 66, "negatives": 66, "counterfactual": 66}),
    "bipia": (609, {"planted": 225, "clean": 225, "benign": 234}),
    "poisonedrag": (820, {"poisoned": 123, "poisoned_choice": 41}),
    "qags": (0, {"cnndm": 378, "xsum": 147}),
    "faithbench": (0, {"unwanted": 261, "questionable": 38, "consistent": 88, "benign": 53}),
    "attributionbench": (0, {"Stanford-GenSearch": 544, "ExpertQA": 470, "LFQA": 110, "AttributedQA": 74}),
}


@cache
def whole(name: str) -> Dataset:
    return load(name, DATA)


@needs_data
@pytest.mark.parametrize("name", datasets.NAMES)
def test_each_dataset_has_all_its_records(name: str) -> None:
    dataset = whole(name)
    kinds = Counter([case.kind for case in dataset.cases] + [claim.kind for claim in dataset.claims])
    assert (len(dataset.articles), kinds) == COUNTS[name]
    ids = [case.id for case in dataset.cases] + [claim.id for claim in dataset.claims]
    assert len(set(ids)) == len(ids)


@needs_data
@pytest.mark.parametrize("name", datasets.NAMES)
def test_every_article_a_case_names_is_there_and_an_archive_would_keep_it(name: str) -> None:
    dataset = whole(name)
    ids = {article.id for article in dataset.articles}
    named = {each for case in dataset.cases for each in (*case.articles, *case.stale_articles, *case.without)}
    assert named | {fact.article_id for case in dataset.cases for fact in case.facts} <= ids
    # An archive takes an article with the title, text and publisher of another for its duplicate.
    assert len({(article.title, article.body, article.publisher) for article in dataset.articles}) == len(ids)


@needs_data
@pytest.mark.parametrize("name", datasets.NAMES)
def test_a_case_to_be_refused_has_no_answer_and_any_other_something_to_score(name: str) -> None:
    for case in whole(name).cases:
        if case.refuse:
            assert not (case.answers or case.expected or case.articles)
        elif case.kind != "underspecified":
            assert case.answers or case.expected or case.articles or case.forbidden


@needs_data
def test_every_fact_and_every_span_stands_verbatim_in_its_article() -> None:
    multihop, squad, bipia = whole("multihop_rag"), whole("squad2"), whole("bipia")
    bodies = {article.id: article.body for article in (*multihop.articles, *squad.articles)}
    facts = [fact for case in multihop.cases for fact in case.facts]
    assert (len(facts), sum(fact.text in bodies[fact.article_id] for fact in facts)) == (3634, 3634)
    spans = [case for case in squad.cases if case.kind == "answerable"]
    assert all(any(answer in bodies[case.articles[0]] for answer in case.answers) for case in spans)
    benign = [case for case in bipia.cases if case.kind == "benign"]
    assert all(case.expected[0][0] in bodies[case.articles[0]] for case in benign)


@needs_data
def test_a_question_of_news_is_asked_once_and_its_answer_stands_in_its_sentence() -> None:
    every = [case for case in news.all_cases(DATA) if case.kind != "gone"]
    bodies = {article.id: article.body for article in whole("news").articles}
    assert len({case.question for case in every}) == len(every) == 11599
    for case in every:
        for fact in case.facts:
            assert fact.text in bodies[fact.article_id]
            assert case.answers[0] in " ".join(fact.text.split())
    asked = {news.article_of(case) for case in whole("news").cases}
    assert asked == {news.article_of(case) for case in every if news.is_held_out(news.article_of(case))}
    assert len(asked) == 52


@needs_data
def test_a_quiz_question_sees_its_relevant_articles_and_not_what_came_later() -> None:
    dataset = whole("realtimeqa")
    published = {article.id: article.published_at for article in dataset.articles}
    first = dataset.cases[0]
    assert first.filter == Filter(as_of=datetime(2024, 7, 4, 23, 59, 59, tzinfo=UTC))
    for case in dataset.cases:
        dates = [published[each] for each in (*case.articles, *case.stale_articles)]
        assert all(date and case.filter.as_of and date <= case.filter.as_of for date in dates)


@needs_data
def test_a_conversation_keeps_what_the_user_asked_before() -> None:
    case = whole("mtrag").cases[0]
    assert case.history[0] == "Can you summarize the differences between good bots and bad bots?"
    assert (len(case.history), case.kind, case.refuse) == (7, "answerable", False)
    assert case.articles == ("ibmcld_00691-7371-8668",)


@needs_data
def test_a_question_of_rgb_sees_its_own_snippets_only(tmp_path: Path) -> None:
    dataset = whole("rgb")
    noise, negatives, counterfactual = dataset.cases[:3]
    with Archive(tmp_path / "rgb", WordEmbedder()) as archive:
        archive.ingest(dataset.articles[:40])
        seen = [
            {each.article.id for each in archive.search(case.question, 50, case.filter)}
            for case in (noise, negatives, counterfactual)
        ]
    assert set(noise.articles) < seen[0]
    assert seen[1] == seen[0] - set(noise.articles)
    assert {name.split("#")[1].split("-")[0] for name in seen[2]} == {"positive_wrong", "negative"}
    assert (noise.expected, counterfactual.forbidden) == ((("Tampa, Florida",),), ("Glendale, Arizona",))


@needs_data
def test_each_injection_is_asked_over_an_archive_that_carries_it_and_no_other_of_its_article() -> None:
    dataset = whole("bipia")
    asked = rounds(dataset)
    assert sum(case.kind == "planted" for part in asked for case in part.cases) == 225
    assert (asked[0].articles, {case.kind for case in asked[0].cases}) == (dataset.articles, {"clean", "benign"})
    for part in asked[1:]:
        bodies = {article.id: article.body for article in part.articles}
        changed = [new.id for new, old in zip(part.articles, dataset.articles, strict=True) if new is not old]
        assert sorted(changed) == sorted(dataset.planted[case.id].id for case in part.cases)
        for case in part.cases:
            carrier = dataset.planted[case.id]
            assert carrier.id in case.articles
            assert bodies[carrier.id].count(case.forbidden[0]) == 1
            assert all(fact.text in bodies[fact.article_id] for fact in case.facts)


@needs_data
def test_a_planted_copy_takes_its_carriers_place_in_an_archive(archive: Archive) -> None:
    dataset = whole("bipia")
    case = next(each for each in dataset.cases if each.id in dataset.planted)
    carrier = dataset.planted[case.id]
    archive.ingest([each for each in dataset.articles if each.id == carrier.id])
    assert archive.ingest([carrier]).errors == ()
    [current] = [each for each in archive.versions(carrier.id) if each.current]
    assert case.forbidden[0] in current.article.body


@needs_data
def test_a_dataset_without_plants_is_one_round() -> None:
    assert rounds(whole("poisonedrag")) == (whole("poisonedrag"),)


def test_a_sample_is_the_same_every_time_and_leaves_the_articles_whole(tmp_path: Path) -> None:
    data = tiny(tmp_path, [question(f"q{number}") for number in range(50)])
    first, again, other = load("squad2", data, 7), load("squad2", data, 7), load("squad2", data, 7, seed=1)
    assert first == again
    assert [case.id for case in first.cases] != [case.id for case in other.cases]
    every = load("squad2", data)
    assert [case for case in every.cases if case in first.cases] == list(first.cases)
    assert (len(first.cases), len(first.articles)) == (7, 1)
    assert load("squad2", data, 1000) == every
    with pytest.raises(BadConfiguration, match="at least 1"):
        load("squad2", data, 0)


def test_a_digest_tells_the_records_and_not_where_they_lie(tmp_path: Path) -> None:
    one = load("squad2", tiny(tmp_path / "one", [question("q1")]))
    assert digest(one) == digest(load("squad2", tiny(tmp_path / "two", [question("q1")])))
    asked_otherwise = load("squad2", tiny(tmp_path / "three", [question("q2")]))
    assert digest(asked_otherwise)[0] == digest(one)[0]
    assert digest(asked_otherwise)[1] != digest(one)[1]
    told_otherwise = load("squad2", tiny(tmp_path / "four", [question("q1")], "Paris fell."))
    assert digest(told_otherwise)[0] != digest(one)[0]
    assert digest(told_otherwise)[1] == digest(one)[1]
    planted = replace(one, planted={"q1": one.articles[0]})
    assert digest(planted)[0] != digest(one)[0]


def test_a_repeated_question_is_a_case_of_its_own(tmp_path: Path) -> None:
    twice = load("squad2", tiny(tmp_path, [question("q1"), question("q1")]))
    assert [case.id for case in twice.cases] == ["q1", "q1#gone", "q1#2", "q1#2#gone"]


def test_an_unknown_dataset_is_told_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"no dataset 'squad'; there are multihop_rag, .*attributionbench"):
        load("squad", tmp_path)


@pytest.mark.parametrize("name", datasets.NAMES)
def test_missing_data_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"There is no folder .*nowhere; .*--data"):
        load(name, tmp_path / "nowhere")
    with pytest.raises(BadConfiguration, match=r"jsonl cannot be read \(No such file.*--data"):
        load(name, tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "q2", ', "The line is not JSON"),
        ("[1]", "must be a JSON record, not list"),
        ('{"id": "q2"}', "no field 'is_impossible'"),
        ('{"id": 2}', "field 'id' must be text, not int"),
        ('{"id": "q2", "is_impossible": "no"}', "field 'is_impossible' must be true or false, not str"),
    ],
)
def test_a_malformed_line_is_named_with_its_file(line: str, reason: str, tmp_path: Path) -> None:
    data = tiny(tmp_path, [question("q1")])
    with (data / "squad2" / "questions.jsonl").open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(BadConfiguration, match=rf"questions\.jsonl#2: .*{reason}.*--data"):
        load("squad2", data)


def test_an_article_that_is_none_is_named(tmp_path: Path) -> None:
    data = tiny(tmp_path, [question("q1")], text="")
    with pytest.raises(BadConfiguration, match=r"contexts\.jsonl#1: It has no text"):
        load("squad2", data)


def question(name: str) -> dict[str, object]:
    return {
        "id": name,
        "question": f"Who took {name}?",
        "context_id": "p1",
        "answers": ["Paris"],
        "is_impossible": False,
    }


def tiny(data: Path, questions: list[dict[str, object]], text: str = "Paris took it.") -> Path:
    folder = data / "squad2"
    folder.mkdir(parents=True)
    (folder / "contexts.jsonl").write_text(json.dumps({"id": "p1", "title": "A_page", "text": text}))
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    return data
