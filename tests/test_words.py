"""The word index by itself: it passes what a filter's dates and publishers pass."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Filter
from index.words import Entry, WordIndex, open_words

FIRST = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
HOURS = 40
PUBLISHERS = (None, "The Bell", "the bell", "Post & Sons")
ENTRIES = [
    Entry(number, "tram", PUBLISHERS[number % 4], FIRST + timedelta(hours=number % HOURS) if number % 5 else None)
    for number in range(1, 90)
]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> WordIndex:
    index = open_words(tmp_path_factory.mktemp("words"))
    index.apply(ENTRIES, [])
    return index


moments = st.none() | st.integers(-2, HOURS + 2).map(lambda hours: FIRST + timedelta(hours=hours))


@given(moments, moments, st.sets(st.sampled_from(["The Bell", "the bell", "Post & Sons", "Nobody"])))
def test_what_a_filter_lets_through_is_found_with_the_score_it_has_without(
    words: WordIndex, since: datetime | None, until: datetime | None, publishers: set[str]
) -> None:
    chosen = Filter(since=since, until=until, publishers=tuple(sorted(publishers)))

    def passes(entry: Entry) -> bool:
        at = entry.published_at
        dated = (since is None or (at is not None and at >= since)) and (
            until is None or (at is not None and at < until)
        )
        return dated and (not publishers or entry.publisher in publishers)

    everywhere = dict(words.search("tram", len(ENTRIES)))
    found = dict(words.search("tram", len(ENTRIES), chosen))
    assert set(found) == {entry.id for entry in ENTRIES if passes(entry)}
    assert found == {each: everywhere[each] for each in found}
