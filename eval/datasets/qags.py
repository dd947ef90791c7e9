"""qags: 271 news summaries whose 525 sentences people judged against the article.

A claim is one sentence of a summary, its source the article; it is supported when most of its judges said so. `kind` is
the summaries' corpus: `cnndm` (378 sentences, 281 supported) or `xsum` (147, 71). The articles of `cnndm` were cut into
words and put together again with spaces inside numbers ("10, 000", "1. 3"), the summaries were not: they are closed up.
"""

import re
from pathlib import Path

from eval.case import Claim
from eval.datasets.records import read

_SPACED = re.compile(r"(?<=\d)([,.]) (?=\d)")


def claims(data: Path) -> tuple[Claim, ...]:
    """The 525 sentences."""
    return tuple(
        Claim(
            id=f"{record.text('id')}#{number}",
            kind=record.text("source"),
            text=sentence.text("sentence"),
            sources=(_SPACED.sub(r"\1", record.text("article")),),
            supported=sentence.flag("supported"),
        )
        for record in read(data, "qags", "qags.jsonl")
        for number, sentence in enumerate(record.records("sentences"), 1)
    )
