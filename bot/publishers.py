"""Publishers that a question names ("according to The Verge"): their articles are favoured, not required."""

import re
from collections.abc import Iterable, Sequence

from index import BadRequest


def named(question: str, publishers: Iterable[str]) -> tuple[str, ...]:
    """Those of the archive's publishers that the question names, as whole words, upper and lower case alike."""
    text = question.lower()
    return tuple(each for each in publishers if re.search(rf"(?<!\w){re.escape(each.lower())}(?!\w)", text))


def known_publishers(asked: Sequence[str], known: Sequence[str]) -> None:
    """Raises BadRequest, saying which there are, when a publisher is asked for that the archive does not have."""
    names = {each.lower() for each in known}
    for publisher in asked:
        if publisher.lower() not in names:
            there = ", ".join(known) or "none"
            raise BadRequest("publisher", f"The archive has nothing by {publisher!r}. Its publishers are: {there}.")
