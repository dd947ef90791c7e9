"""Publishers that a question names ("according to The Verge"): their articles are favoured, not required."""

import re
from collections.abc import Iterable, Sequence

from index import BadRequest


def named(question: str, publishers: Iterable[str]) -> tuple[str, ...]:
    """Those of the archive's publishers that the question names, as whole words, upper and lower case alike."""
    text = question.lower()
    return tuple(each for each in publishers if re.search(rf"(?<!\w){re.escape(each.lower())}(?!\w)", text))


def as_known(asked: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The publishers asked for, as the archive spells them; upper and lower case count alike.

    Raises BadRequest, saying which there are, for one that the archive does not have.
    """
    spelt: dict[str, list[str]] = {}
    for publisher in known:
        spelt.setdefault(publisher.casefold(), []).append(publisher)
    for publisher in asked:
        if publisher.casefold() not in spelt:
            there = ", ".join(known) or "none"
            raise BadRequest("publisher", f"The archive has nothing by {publisher!r}. Its publishers are: {there}.")
    return tuple(spelling for publisher in asked for spelling in spelt[publisher.casefold()])
