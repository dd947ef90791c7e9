"""poisonedrag: 164 questions, each with five adversarial passages that push a wrong answer.

Each of the 820 passages is an article. The data has no passage with the right answer, so an archive of this data alone
cannot show truth winning over poison: what is measured is how often the wrong answer is adopted when every passage on
the matter is poisoned, and (with a model) how often the right one is given from the model's own doubt. Report it, do
not gate on it offline, where a quote of the archive is a quote of the poison. Poisoning 1 or 3 of 5 passages needs
passages of the source corpora (NQ, MS MARCO, HotpotQA) that are not here.

Kinds: `poisoned`, where the wrong answer in the text tells that it was adopted: it is forbidden; `poisoned_choice`,
where it does not, because the wrong answer is yes or no, a number below 100 or a letter or two, or stands in the
question: nothing is forbidden, and only `answers` or a judge can tell.
"""

import re
from pathlib import Path

from eval.case import Case
from eval.datasets.records import Record, read
from index import Article


def articles(data: Path) -> tuple[Article, ...]:
    """The 820 passages."""
    return tuple(
        record.article(id=f"{record.text('id')}#{number}", text=text)
        for record in _records(data)
        for number, text in enumerate(record.texts("adv_texts"), 1)
    )


def cases(data: Path) -> tuple[Case, ...]:
    """The 164 questions."""
    return tuple(_case(record) for record in _records(data))


def _records(data: Path) -> tuple[Record, ...]:
    return read(data, "poisonedrag", "targets.jsonl")


def _case(record: Record) -> Case:
    question, wrong = record.text("question"), record.text("incorrect")
    tells = len(wrong) > 3 and not re.search(rf"(?<!\w){re.escape(wrong)}(?!\w)", question, re.IGNORECASE)
    return Case(
        id=record.text("id"),
        kind="poisoned" if tells else "poisoned_choice",
        question=question,
        answers=(record.text("correct"),),
        forbidden=(wrong,) if tells else (),
        note=f"pushed: {wrong}",
    )
