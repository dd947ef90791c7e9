"""Whether the dates and names of a sentence are those of its ground. Each check gives a reason, or None."""

from collections.abc import Sequence

from bot.figures import bare, figures
from bot.ground import Ground
from bot.moments import agrees, moments
from bot.names import Name, is_known, known_names, mixed_up, names, wrong_post
from bot.roles import other_roles
from bot.words import families, family, word_stems, words


def wrong_date(text: str, ground: Ground) -> str | None:
    """A date that the ground neither says nor implies."""
    known = ground.moments()
    for said, moment in moments(text):
        figure = said.replace(",", "")
        if not agrees(moment, known) and not any(figure == each.value for t in ground.texts for each in figures(t)):
            return f"the date {said} is not in the cited sentences"
    return None


def wrong_name(text: str, ground: Ground) -> str | None:
    """A name that the ground does not have, one with another's post or part."""
    texts = [*ground.texts, ground.metadata]
    source = " . ".join(texts)
    for name in missing_names(text, texts):
        return f"the name {name.text.rstrip('.')} is not in the cited sentences"
    if (pair := mixed_up(text, source)) or (pair := wrong_post(text, source)):
        return f"the name {pair} is not in the cited sentences"
    stems = [stem for name in said_names(text) for stem in words(name.text)]
    return other_roles(bare(text), [bare(each) for each in ground.texts], list(dict.fromkeys(stems)))


def said_names(text: str) -> tuple[Name, ...]:
    """The names of a sentence; numbers and dates, which are checked by themselves, are none."""
    return names(bare(text))


def missing_names(text: str, sources: Sequence[str]) -> list[Name]:
    """The names of a sentence that sources do not have.

    A capitalised word that opens the sentence is none when they have a word of its family in small letters.
    """
    known = frozenset().union(*map(known_names, sources))
    plain = frozenset().union(*map(families, sources))
    return [
        name
        for name in said_names(text)
        if not is_known(name, known, text)
        and not (name.opens and {family(stem) for stem in word_stems(name.text)} & plain)
    ]
