"""attributionbench: 1,198 claims of search engines' answers with the references they cite, half of them supported.

A claim is supported when its references, taken together, say it. `kind` is where it is from:
`Stanford-GenSearch` (544), `ExpertQA` (470), `LFQA` (110) or `AttributedQA` (74).
"""

from pathlib import Path

from eval.case import Claim
from eval.datasets.records import read


def claims(data: Path) -> tuple[Claim, ...]:
    """The 1,198 claims, 599 of them supported."""
    return tuple(
        Claim(
            id=record.text("id"),
            kind=record.text("source"),
            text=record.text("claim"),
            sources=record.texts("references"),
            supported=record.flag("attributable"),
        )
        for record in read(data, "attributionbench", "attributionbench.jsonl")
    )
