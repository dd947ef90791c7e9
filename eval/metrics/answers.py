"""Whether an answer, or what it quotes, is right."""

import re
import string
from collections import Counter
from collections.abc import Sequence

NULL = "null_query"  # the kind of MultiHop-RAG's questions that its articles do not answer

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_MARKERS = re.compile(r"\s*\[\d+\]")
_SAID = re.compile(r"\b(?:yes|no)\b")
# A first word that is the answer: punctuation sets it off. A slash does not, “yes/no” is a form to be filled in.
_FIRST = re.compile(r"\W*(yes|no)\s*(?:[^\w\s/]|$)(?:\W*(yes|no)\s*(?:[^\w\s]|$))?")
_ABSTENTION = re.compile(
    r"\binsufficient (?:information|evidence|context)\b|\b(?:not enough|no) (?:information|evidence)\b"
    r"|\b(?:no|not an) answer\b|\b(?:can't|cannot|can not|could not|couldn't|unable to) (?:\w+ )?(?:answer|determine)"
    r"|\bcannot be (?:answered|determined)\b|\bi (?:do not|don't) know\b"
)


def normalise_answer(text: str) -> str:
    """Lower case, without ASCII punctuation, without a, an and the, white space made single blanks.

    `normalize_answer` of the official SQuAD 2.0 script (Rajpurkar et al. 2018), `evaluate-v2.0.py`.
    """
    plain = text.lower().translate(_PUNCTUATION)
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", plain).split())


def without_markers(text: str) -> str:
    """An answer's text without its citation numbers."""
    return _MARKERS.sub("", text)


def exact_match(prediction: str, golds: Sequence[str]) -> float | None:
    """SQuAD's EM: 1 when the prediction is one of the golds, both normalised. The gold "" means: no answer."""
    if not golds:
        return None
    return float(normalise_answer(prediction) in {normalise_answer(gold) for gold in _not_empty(golds)})


def token_f1(prediction: str, golds: Sequence[str]) -> float | None:
    """SQuAD's F1: of the words in common, counted with repetition; the best of the golds.

    When either side has no words, 1 if both have none, else 0 (`compute_f1` of `evaluate-v2.0.py`).
    """
    return max((_f1(prediction, gold) for gold in _not_empty(golds)), default=None)


def gold_in_quotes(quotes: Sequence[str], golds: Sequence[str], first_n: int) -> float | None:
    """1 when one of the first n quotes has one of the golds in it verbatim, case and all.

    Strict on letters, lenient on borders: the gold "5" stands in "2025"; see `gold_words_in_quotes`.
    """
    if not golds:
        return None
    return float(any(gold in quote for quote in quotes[:first_n] for gold in golds if gold))


def gold_words_in_quotes(quotes: Sequence[str], golds: Sequence[str], first_n: int) -> float | None:
    """1 when one of the first n quotes has one of the golds as whole words, in any case: for short golds."""
    if not golds:
        return None
    patterns = [re.compile(rf"(?<!\w){re.escape(gold)}(?!\w)", re.IGNORECASE) for gold in golds if gold]
    return float(any(pattern.search(quote) for quote in quotes[:first_n] for pattern in patterns))


def expected_in_quotes(quotes: Sequence[str], expected: Sequence[Sequence[str]]) -> float | None:
    """1 when every group has at least one of its strings verbatim in at least one quote: all of any of."""
    if not expected:
        return None
    return float(all(any(text in quote for text in any_of for quote in quotes) for any_of in expected))


def strict_accuracy(answer_text: str, gold: str, kind: str) -> float | None:
    """1 when the answer says the gold and does not hedge; for MultiHop-RAG, whose own scorer accepts any shared word.

    Ours; citation numbers are no part of the answer, and None without a gold:
    - of kind `null_query`: the answer must be an abstention (`says_no_answer`) that does not say yes as well;
    - an abstention is right about nothing else, nor is an answer that says both yes and no without a `verdict`;
    - gold yes or no: the answer's `verdict` must be that;
    - any other gold must stand in the answer as whole words (case, articles and punctuation aside), not behind a "not".
    """
    if not gold.strip():
        return None
    text = without_markers(answer_text).replace("’", "'").lower()
    said, refused, words = verdict(text), says_no_answer(text), set(_SAID.findall(text))
    if kind == NULL:
        return float(refused and "yes" not in words)
    if refused or (said is None and words == {"yes", "no"}):
        return 0.0
    wanted = " ".join(_words(gold))
    if wanted in ("yes", "no"):
        return float(said == wanted)
    whole = rf"(?<!\bnot )(?<!n t )(?<!\w){re.escape(wanted)}(?!\w)"
    return float(bool(re.search(whole, " ".join(_words(text)))))


def verdict(text: str) -> str | None:
    """The "yes" or "no" that an answer gives: its first word, or else the only one of the two that it says.

    Where both are said, the first word counts only if punctuation sets it off and not "no" after "yes" in the same
    way: "Yes, no one objected" says yes; "yes no", "Yes/no" and "Yes. No." say nothing.
    """
    plain = without_markers(text).lower()
    said: set[str] = set(_SAID.findall(plain))
    if len(said) == 1:
        return said.pop()
    first = _FIRST.match(plain)
    if first is None or first[2] not in (None, first[1]):
        return None
    return str(first[1])


def says_no_answer(text: str) -> bool:
    """Whether the first sentence of a text says that there is no answer. So does a text without words.

    "No, there is no evidence of that" is an answer: its first word is set off.
    """
    plain = without_markers(text).replace("’", "'").lower()
    first = re.split(r"(?<=[.!?:])\s", plain.strip(), maxsplit=1)[0]
    return not re.search(r"\w", plain) or bool(not _FIRST.match(plain) and _ABSTENTION.search(first))


def _not_empty(golds: Sequence[str]) -> Sequence[str]:
    """Golds of nothing but articles and punctuation are left out when there are others, as the script does."""
    return [gold for gold in golds if normalise_answer(gold)] or golds


def _f1(prediction: str, gold: str) -> float:
    said, wanted = normalise_answer(prediction).split(), normalise_answer(gold).split()
    if not said or not wanted:
        return float(said == wanted)
    common = sum((Counter(said) & Counter(wanted)).values())
    # 2PR / (P + R) with P = common / said and R = common / wanted.
    return 2 * common / (len(said) + len(wanted))


def _words(text: str) -> list[str]:
    words = re.findall(r"\w+", text.lower())
    return [word for word in words if word not in ("a", "an", "the")] or words
