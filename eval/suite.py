"""A suite: a folder with `suite.toml` (what is measured, how strictly) and, if it brings its own, `cases.jsonl`."""

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.case import Case, Tier
from eval.datasets import Dataset, load
from index import Article, BadArticle, BadConfiguration, Filter, read_paths

BUNDLED = Path(__file__).parent / "suites"
SAMPLES = Path(__file__).parents[1] / "bot" / "samples"


@dataclass(frozen=True, slots=True)
class Demand:
    """What the gate asks of one metric.

    `floor`: the lower 95 % bound must reach it. `ceiling`: the value itself must not exceed it, for things that must
    never happen. `min_effect`: a change for the worse smaller than this is no regression; None leaves the metric out of
    the comparison with the baseline. `lower_is_better` turns the direction of a regression round.
    """

    metric: str
    floor: float | None = None
    ceiling: float | None = None
    min_effect: float | None = None
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as it is configured. `dataset` names an adapter; without one, articles and cases are the folder's own."""

    name: str
    folder: Path
    description: str
    tier: Tier
    seed: int
    dataset: str | None
    limit: int | None
    demands: tuple[Demand, ...]

    @property
    def baseline(self) -> Path:
        """The committed run that later runs are compared with."""
        return self.folder / "baseline.jsonl"


def bundled() -> tuple[str, ...]:
    """The names of the suites that come with Dateline."""
    return tuple(sorted(path.parent.name for path in BUNDLED.glob("*/suite.toml")))


def read_suite(name: str) -> Suite:
    """A bundled suite by name, or any folder with a `suite.toml`. Raises BadConfiguration naming what is wrong."""
    folder = BUNDLED / name if (BUNDLED / name / "suite.toml").is_file() else Path(name)
    path = folder / "suite.toml"
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadConfiguration(
            f"There is no suite {name!r}. Bundled are {', '.join(bundled())}; or give a folder that has a suite.toml."
        ) from error
    except ValueError as error:
        raise BadConfiguration(f"{path} cannot be read: {error}.") from error
    try:
        demands = tuple(Demand(metric, **wants) for metric, wants in given.pop("metrics", {}).items())
        return Suite(
            name=folder.name,
            folder=folder,
            description=given.pop("description", ""),
            tier=given.pop("tier", "T0"),
            seed=given.pop("seed", 2026),
            dataset=given.pop("dataset", None),
            limit=given.pop("limit", None),
            demands=demands,
            **given,
        )
    except TypeError as error:
        raise BadConfiguration(f"{path}: {str(error).partition(' ')[2] or error}.") from error


def read_dataset(suite: Suite, data: Path | None, limit: int | None) -> Dataset:
    """The articles and cases of a suite. Raises BadConfiguration when data is missing or malformed."""
    if suite.dataset is not None:
        if data is None:
            raise BadConfiguration(f"The suite {suite.name} needs the development data; say where with --data DIR.")
        return load(suite.dataset, data, limit or suite.limit, suite.seed)
    articles = _own_articles(suite.folder / "articles" if (suite.folder / "articles").is_dir() else SAMPLES)
    ids = {Path(article.source).stem: article.id for article in articles}
    cases = _own_cases(suite.folder / "cases.jsonl", ids)
    return Dataset(suite.name, articles, cases[:limit] if limit else cases, ())


def _own_articles(folder: Path) -> tuple[Article, ...]:
    read = list(read_paths([str(folder)]))
    for each in read:
        if isinstance(each, BadArticle):
            raise BadConfiguration(str(each))
    return tuple(each for each in read if isinstance(each, Article))


def _own_cases(path: Path, ids: dict[str, str]) -> tuple[Case, ...]:
    cases: list[Case] = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, 1):
        try:
            cases.append(_case(json.loads(line), ids))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
            raise BadConfiguration(f"{path}:{number}: {reason}.") from error
    return tuple(cases)


def _case(row: dict[str, Any], ids: dict[str, str]) -> Case:
    """A case as people write it: articles are named by the stems of their files. One to be completed is refused."""
    unknown = [stem for stem in (*row["articles"], *row.get("stale_articles", ())) if stem not in ids]
    if unknown:
        raise ValueError(f"no article file is named {unknown[0]!r}")
    if row.get("incomplete") or not isinstance(row["refuse"], bool):
        raise ValueError(
            f"the case {row['id']} is incomplete: say what is right with refuse (true or false), expected and "
            "articles, and take out incomplete; or take out the line"
        )
    chosen = Filter(
        _time(row.get("from")),
        _time(row.get("to")),
        _time(row.get("as_of")),
        (row["publisher"],) if row.get("publisher") else (),
    )
    return Case(
        id=row["id"],
        kind=row["kind"],
        question=row["question"],
        refuse=row["refuse"],
        history=tuple(row.get("history") or ()),
        filter=chosen,
        expected=tuple(tuple(any_of) for any_of in row["expected"]),
        articles=tuple(ids[stem] for stem in row["articles"]),
        stale_articles=tuple(ids[stem] for stem in row.get("stale_articles") or ()),
        forbidden=tuple(row.get("forbidden") or ()),
        note=row.get("note", ""),
    )


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone")
    return time
