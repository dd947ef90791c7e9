"""faithbench: 440 summaries by ten models with hallucinations that detectors disagree on (NC: for measuring only).

A claim is a whole summary, its source the passage. It is unsupported when the worst label people gave to any of its
spans is Unwanted (261) or Questionable (38), as the record's `hallucinated` says; Consistent (88) and Benign (53:
not in the source, but true and welcome) count as supported. `kind` is the worst label, in lower case.
"""

from pathlib import Path

from eval.case import Claim
from eval.datasets.records import read


def claims(data: Path) -> tuple[Claim, ...]:
    """The 440 summaries, 141 of them supported."""
    return tuple(
        Claim(
            id=record.text("id"),
            kind=record.text("worst_label").lower(),
            text=record.text("summary").strip(),
            sources=(record.text("source"),),
            supported=not record.flag("hallucinated"),
        )
        for record in read(data, "faithbench", "faithbench.jsonl")
    )
