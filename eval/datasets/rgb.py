"""rgb: 66 news questions with true, edited and negative web snippets (NC: for measuring only).

Every snippet is an article. As in the benchmark, a question sees only its own snippets: the snippets of one sort and
question have a publisher of their own (its name tells nothing: "Wire 7a") and the case's filter names whom it may see.
That keeps the others out before anything is ranked, where `without` would leave their places in the evidence empty.

Kinds: `noise`, true and negative snippets, the answer must be quoted; `negatives`, negative snippets only, the right
answer is none; `counterfactual`, the edited snippets in the true ones' place beside the negatives: the fake answer must
not be given (only a model that knows better can do so, or one that says that it doubts: report, do not gate offline).
"""

from collections.abc import Iterator
from pathlib import Path

from eval.case import Case
from eval.datasets.records import Record, read
from index import Article, Filter

SORTS = {"positive": "a", "positive_wrong": "b", "negative": "c"}


def articles(data: Path) -> tuple[Article, ...]:
    """The snippets of all questions."""
    return tuple(
        record.article(id=snippet_id, text=text, publisher=_publisher(number, sort))
        for number, record in enumerate(_records(data), 1)
        for sort in SORTS
        for snippet_id, text in _snippets(record, sort).items()
    )


def cases(data: Path) -> tuple[Case, ...]:
    """Three cases for each of the 66 questions, 198 in all."""
    return tuple(case for number, record in enumerate(_records(data), 1) for case in _cases(number, record))


def _records(data: Path) -> tuple[Record, ...]:
    return read(data, "rgb", "en_fact.jsonl")


def _cases(number: int, record: Record) -> Iterator[Case]:
    name, question = record.text("id"), record.text("query")
    expected = _expected(record)

    def sees(*sorts: str) -> Filter:
        return Filter(publishers=tuple(_publisher(number, sort) for sort in sorts))

    yield Case(
        id=f"{name}#noise",
        kind="noise",
        question=question,
        filter=sees("positive", "negative"),
        expected=expected,
        answers=expected[0] if len(expected) == 1 else (),
        articles=tuple(_snippets(record, "positive")),
    )
    yield Case(f"{name}#negatives", "negatives", question, refuse=True, filter=sees("negative"))
    yield Case(
        id=f"{name}#counterfactual",
        kind="counterfactual",
        question=question,
        filter=sees("positive_wrong", "negative"),
        forbidden=(record.text("fake_answer"),),
    )


def _expected(record: Record) -> tuple[tuple[str, ...], ...]:
    """The answer as the benchmark reads it: of a list, all must be there; of a list in the list, any."""
    given = record.value("answer")
    groups = given if isinstance(given, list) else [given]
    expected = [tuple(group) if isinstance(group, list) else (group,) for group in groups]
    if not expected or not all(group and all(isinstance(each, str) for each in group) for group in expected):
        raise record.wrong("The field 'answer' must be text, or a list of texts and lists of texts.")
    return tuple(tuple(dict.fromkeys(group)) for group in expected)


def _snippets(record: Record, sort: str) -> dict[str, str]:
    """The snippets of one sort, by id; one that is given twice counts once."""
    texts = dict.fromkeys(record.texts(sort))
    return {f"{record.text('id')}#{sort}-{number}": text for number, text in enumerate(texts, 1)}


def _publisher(number: int, sort: str) -> str:
    return f"Wire {number}{SORTS[sort]}"
