"""The development data as suites of cases: read by path and never copied, one module for each of its folders."""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from eval.case import Case, Claim
from eval.datasets import (
    attributionbench,
    bipia,
    faithbench,
    mtrag,
    multihop_rag,
    news,
    poisonedrag,
    qags,
    realtimeqa,
    rgb,
    squad2,
)
from index import Article, BadConfiguration

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a suite asks, and over which articles; or the claims it has verified.

    `planted`: for a case, by its id, the article that stands in the place of the one with the same id while the case
    is asked. Where there are any, ask the cases in `rounds`: over `articles` alone they measure nothing.
    """

    name: str
    articles: tuple[Article, ...]
    cases: tuple[Case, ...]
    claims: tuple[Claim, ...]
    planted: Mapping[str, Article] = field(default_factory=dict)


_QUESTIONS: Mapping[str, tuple[Callable[[Path], tuple[Article, ...]], Callable[[Path], tuple[Case, ...]]]] = {
    "multihop_rag": (multihop_rag.articles, multihop_rag.cases),
    "news": (news.articles, news.cases),
    "realtimeqa": (realtimeqa.articles, realtimeqa.cases),
    "squad2": (squad2.articles, squad2.cases),
    "mtrag": (mtrag.articles, mtrag.cases),
    "rgb": (rgb.articles, rgb.cases),
    "bipia": (bipia.articles, bipia.cases),
    "poisonedrag": (poisonedrag.articles, poisonedrag.cases),
}
_CLAIMS: Mapping[str, Callable[[Path], tuple[Claim, ...]]] = {
    "qags": qags.claims,
    "faithbench": faithbench.claims,
    "attributionbench": attributionbench.claims,
}
NAMES = (*_QUESTIONS, *_CLAIMS)


def load(name: str, data: Path, limit: int | None = None, seed: int = 2026) -> Dataset:
    """A dataset by name; `limit` takes a seeded sample of its cases or claims, in order, and never of its articles.

    Raises BadConfiguration when the name is not known or the data is not there or not as it should be.
    """
    if name in _QUESTIONS:
        articles, cases = _QUESTIONS[name]
        chosen = _sample(cases(data), limit, seed)
        ids = {case.id for case in chosen}
        planted = bipia.planted(data) if name == "bipia" else {}
        return Dataset(name, articles(data), chosen, (), {key: planted[key] for key in planted if key in ids})
    if name in _CLAIMS:
        return Dataset(name, (), (), _sample(_CLAIMS[name](data), limit, seed))
    raise BadConfiguration(f"There is no dataset {name!r}; there are {', '.join(NAMES)}.")


def rounds(dataset: Dataset) -> tuple[Dataset, ...]:
    """The dataset as archives to be made one after the other, each with the cases to be asked over it.

    The first has the articles as they are, and every case that plants nothing. In each later one every article is
    replaced at most once, by what one case plants. All archives have the same ids: ingest each round into one home.
    """
    turns: dict[str, int] = {}
    members: dict[int, list[Case]] = {}
    for case in dataset.cases:
        planted = dataset.planted.get(case.id)
        if planted is not None:
            turns[planted.id] = turns.get(planted.id, 0) + 1
        members.setdefault(turns[planted.id] if planted else 0, []).append(case)
    return tuple(_round(dataset, members.get(turn, [])) for turn in sorted(members.keys() | {0}))


def digest(dataset: Dataset) -> tuple[str, str]:
    """The sha256 of the articles (planted ones too) and of the cases and claims; where the files lie does not count."""
    articles = [
        *(("", article) for article in dataset.articles),
        *sorted(dataset.planted.items(), key=lambda item: item[0]),
    ]
    return (
        _sha256((key, _fields(article)) for key, article in articles),
        _sha256([*map(asdict, dataset.cases), *map(asdict, dataset.claims)]),
    )


def _fields(article: Article) -> dict[str, object]:
    """What identifies an article's content; its correction is read from its body."""
    fields = asdict(replace(article, source=""))
    del fields["correction"]
    return fields


def _round(dataset: Dataset, cases: list[Case]) -> Dataset:
    planted = {case.id: dataset.planted[case.id] for case in cases if case.id in dataset.planted}
    instead = {article.id: article for article in planted.values()}
    articles = tuple(instead.get(article.id, article) for article in dataset.articles)
    return replace(dataset, articles=articles, cases=tuple(cases), planted=planted)


def _sample(given: tuple[Value, ...], limit: int | None, seed: int) -> tuple[Value, ...]:
    if limit is None or limit >= len(given):
        return given
    if limit < 1:
        raise BadConfiguration(f"The limit is {limit}; it must be at least 1.")
    return tuple(given[at] for at in sorted(random.Random(seed).sample(range(len(given)), limit)))


def _sha256(values: Iterable[object]) -> str:
    sha256 = hashlib.sha256()
    for value in values:
        sha256.update(json.dumps(value, sort_keys=True, default=str).encode())
        sha256.update(b"\n")
    return sha256.hexdigest()
