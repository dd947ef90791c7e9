"""How well source sentences carry a sentence, as a number: its words laid along theirs in the best way.

A sentence whose words stand in one source sentence in the same order has 1. What it leaves out costs nothing; words
that no source has, and every jump to another place of the sources, take away. So a sentence put together from the
pieces of several ones has less than one that says what a source says, though the sources have all its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.words import family, is_form, word_stems

# Weights of a word that was found, costs of going on elsewhere. Chosen by hand on development claims, then tried in
# steps of a half to a double: no area under the curve moves by more than .02 (eval/LOG.md, entry 9).
FORM_WEIGHT = 0.3
NUMBER_WEIGHT = 2.0
FAMILY_SHARE = 0.7  # what a word counts that has only its first letters in common
LEFT_OUT = 0.1  # a word of the source is passed over
BACK = 0.4  # to another place of the same sentence
ELSEWHERE = 1.2  # to another sentence

_NOWHERE = -1e9


@dataclass(frozen=True, slots=True)
class Places:
    """Source sentences as one row of stems with a gap after each: where a stem stands, and of which sentence."""

    of_stem: dict[str, list[int]]
    of_start: dict[str, list[int]]
    sentence: list[int]


def places(sentences: Sequence[str]) -> Places:
    """The stems of source sentences, to lay any number of sentences along."""
    of_stem: dict[str, list[int]] = {}
    of_start: dict[str, list[int]] = {}
    sentence: list[int] = []
    for number, text in enumerate(sentences):
        for stem in word_stems(text):
            of_stem.setdefault(stem, []).append(len(sentence))
            if (start := family(stem)) is not None and not is_form(stem):
                of_start.setdefault(start, []).append(len(sentence))
            sentence.append(number)
        sentence.append(-1)
    return Places(of_stem, of_start, sentence)


def support(text: str, sources: Places) -> float:
    """How well the sources carry a sentence, 0 to 1. Linear in the places at which its words stand in them."""
    of_place: dict[int, float] = {}  # the best laying of the words so far that ends at this place
    of_sentence: dict[int, float] = {}
    best = total = 0.0
    for stem in word_stems(text):
        weight = _weight(stem)
        total += weight
        found = sources.of_stem.get(stem)
        if found is None and (start := family(stem)) is not None:
            found, weight = sources.of_start.get(start), weight * FAMILY_SHARE
        laid = []
        for place in found or ():
            sentence = sources.sentence[place]
            before = max(
                0.0,
                best - ELSEWHERE / 2,
                of_sentence.get(sentence, _NOWHERE) - BACK / 2,
                of_place.get(place - 1, _NOWHERE),
                of_place.get(place - 2, _NOWHERE) - LEFT_OUT / 2,
            )
            laid.append((place, sentence, before + weight))
        for place, sentence, value in laid:
            of_place[place] = max(value, of_place.get(place, _NOWHERE))
            of_sentence[sentence] = max(value, of_sentence.get(sentence, _NOWHERE))
            best = max(best, value)
    return best / total if total else 0.0


def _weight(stem: str) -> float:
    if is_form(stem):
        return FORM_WEIGHT
    return NUMBER_WEIGHT if stem[0].isdigit() else 1.0
