"""Which language a question is in, told by its function words. English when nothing else is clear.

The words are each language's most frequent ones in questions; those that two of the languages share tell nothing.
"""

import re
from collections import Counter

_WORDS = {
    "en": "the of and to in is was were what who when where why how which did does do has have had are on for with by "
    "from at it its that this he she they his her their be been will would can could many much about after before as "
    "or but if than then there some any no not whose doesn didn wasn isn s t",
    "de": "der die das den dem des ein eine einen einem einer und ist sind war waren hat haben hatte wird wurde wurden "
    "was wer wem wen wann wo warum wieso weshalb wie welche welcher welches viel viele von vom zu zum zur mit bei auf "
    "für über nach aus nicht sich als auch gibt es im am um durch gegen ob",
    "fr": "le la les l des du de un une et est sont était ont été a qui que quoi quand où pourquoi comment quel quelle "
    "quels quelles combien dans sur avec pour par au aux ce cette ces il elle ils d qu s n t y en ne pas plus se",
    "es": "el la los las un una unos y es son era fue fueron ha han hay qué que quién quiénes cuándo dónde por cómo "
    "cuál cuáles cuánto cuánta cuántos cuántas de del en con para al se su sus no lo más sobre entre",
    "it": "il lo la gli le un uno una e è sono era ha hanno chi che cosa quando dove perché come quale quali quanto "
    "quanta quanti quante di del dello della dei degli delle in nel nella con per al alla da dal dalla si non più su "
    "sul sulla stato stata",
    "pt": "o a os as um uma e é são era foi foram tem têm quem que quê quando onde porquê porque como qual quais "
    "quanto quanta quantos quantas de do da dos das em no na nos nas com para por ao à pelo pela se não mais sobre",
    "nl": "de het een en is zijn was waren heeft hebben had wie wat wanneer waar waarom hoe welke welk hoeveel van in "
    "op met voor door bij naar aan uit niet dat dit die er ook worden werd werden om tot over tegen",
}
_KNOWN = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_SHARED_BY = Counter(word for words in _KNOWN.values() for word in words)


def language_of(question: str) -> str:
    """Its ISO 639-1 code: de, en, es, fr, it, nl or pt."""
    words = re.findall(r"[^\W\d_]+", question.lower())
    scores = {
        language: sum(1 / _SHARED_BY[word] for word in words if word in known) for language, known in _KNOWN.items()
    }
    best = max(scores, key=lambda language: (scores[language], language == "en"))
    return best if scores[best] >= 1 and scores[best] > scores["en"] else "en"
