"""Whether the numbers, dates and names of a sentence are those of its ground. Each check gives a reason, or None."""

import re

from bot.entailment import swapped
from bot.figures import Moment, agrees, figures, moments, same_figure, without_dates
from bot.ground import Ground
from bot.names import is_known, known_names, mixed_up, names
from bot.words import words


def wrong_figure(text: str, ground: Ground) -> str | None:
    """A number that the ground does not have, or has of something else."""
    plain = without_dates(text)
    there = [figure for each in [*ground.texts, ground.metadata] for figure in figures(each)]
    for figure in figures(text):
        if figure.value == "1" and not any(c.isdigit() for c in plain[max(0, figure.end - 4) : figure.end]):
            continue  # "one of them" is not a number
        if not any(same_figure(figure, other) for other in there):
            if agrees(Moment(year=_year(figure.value)), ground.moments()):
                continue
            return f"the number {figure.text} is not in the cited sentences"
    return _wrong_count(text, ground)


def _wrong_count(text: str, ground: Ground) -> str | None:
    """A number that the sources have, but of something else: "12 killed" where they have 12 injured and 3 killed."""
    counted = [pair for each in ground.texts for pair in _counts(each)]
    of_noun = {noun: {value for value, other in counted if other == noun} for _, noun in counted}
    for value, noun in _counts(text):
        if noun in of_noun and value not in of_noun[noun]:
            return "the cited sentences give another number for this"
    return None


def _counts(text: str) -> list[tuple[str, str]]:
    """Each number with the next content word behind it."""
    plain = without_dates(text)
    pairs = []
    for figure in figures(text):
        following = re.match(r"\s+((?:[a-z’'-]+\s?){1,3})", plain[figure.end :])
        for word in following[1].split() if following else ():
            if stem := next(iter(words(word)), None):
                pairs.append((figure.value, stem))
                break
    return pairs


def wrong_date(text: str, ground: Ground) -> str | None:
    """A date that the ground neither says nor implies."""
    known = ground.moments()
    for said, moment in moments(text):
        figure = said.replace(",", "")
        if not agrees(moment, known) and not any(figure == each.value for t in ground.texts for each in figures(t)):
            return f"the date {said} is not in the cited sentences"
    return None


def wrong_name(text: str, ground: Ground) -> str | None:
    """A name that the ground does not have, or two that changed places."""
    source = " . ".join([*ground.texts, ground.metadata])
    known = known_names(source)
    found = names(without_dates(text))
    for name in found:
        if not is_known(name, known, text):
            return f"the name {name.text.rstrip('.')} is not in the cited sentences"
    if pair := mixed_up(text, source):
        return f"the name {pair} is not in the cited sentences"
    stems = [stem for name in found for stem in words(name.text)]
    for each in ground.texts:
        if pair := swapped(text, each, list(dict.fromkeys(stems))):
            return f"{pair} changed places"
    return None


def _year(value: str) -> int:
    return int(value) if value.isdigit() and len(value) == 4 else 0
