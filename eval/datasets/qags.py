"""qags: 271 news summaries whose 525 sentences people judged against the article.

A claim is one sentence of a summary, its source the article; it is supported when most of its judges said so. `kind` is
the summaries' corpus: `cnndm` (378 sentences, 281 supported) or `xsum` (147, 71).
"""

from pathlib import Path

from eval.case import Claim
from eval.datasets.records import read


def claims(data: Path) -> tuple[Claim, ...]:
    """The 525 sentences."""
    return tuple(
        Claim(
            id=f"{record.text('id')}#{number}",
            kind=record.text("source"),
            text=sentence.text("sentence"),
            sources=(record.text("article"),),
            supported=sentence.flag("supported"),
        )
        for record in read(data, "qags", "qags.jsonl")
        for number, sentence in enumerate(record.records("sentences"), 1)
    )
