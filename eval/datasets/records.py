"""The records of a JSON Lines file of the development data, each field read with its type checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from index import Article, BadArticle, BadConfiguration, article_from_fields

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Record:
    """One record and where it stands (`file:line`). A field that is missing or of another type is BadConfiguration."""

    place: str
    fields: Mapping[str, object]

    def text(self, name: str) -> str:
        """A field that is text."""
        return self._typed(name, self.value(name), str, "text")

    def flag(self, name: str) -> bool:
        """A field that is true or false."""
        return self._typed(name, self.value(name), bool, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that is a list of texts."""
        return tuple(self._typed(name, each, str, "a list of texts") for each in self._list(name))

    def records(self, name: str) -> tuple["Record", ...]:
        """A field that is a list of records."""
        return tuple(
            Record(f"{self.place}, {name}", self._typed(name, each, dict, "a list of records"))
            for each in self._list(name)
        )

    def day(self, name: str) -> date:
        """A field that is a day, as 2024-07-02."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise self.wrong(f"The field {name!r} must be a day like 2024-07-02.") from None

    def value(self, name: str) -> object:
        """A field of any type."""
        if name not in self.fields:
            raise self.wrong(f"There is no field {name!r}.")
        return self.fields[name]

    def article(self, **instead: object) -> Article:
        """The article that the record's fields describe; fields given here stand in their place."""
        try:
            return article_from_fields({**self.fields, **instead}, self.place)
        except BadArticle as error:
            raise self.wrong(error.reason) from error

    def wrong(self, reason: str) -> BadConfiguration:
        """The error that names this record."""
        return BadConfiguration(f"{self.place}: {reason} Is the folder given with --data the development data?")

    def _list(self, name: str) -> list[object]:
        return self._typed(name, self.value(name), list, "a list")

    def _typed(self, name: str, value: object, kind: type[Value], wanted: str) -> Value:
        if not isinstance(value, kind):
            raise self.wrong(f"The field {name!r} must be {wanted}, not {type(value).__name__}.")
        return value


def stored(text: str) -> str:
    """A text as an archive stores it, so that it can be found there verbatim."""
    return article_from_fields({"title": "-", "text": text}, "-").body


def read(data: Path, *parts: str) -> tuple[Record, ...]:
    """The records of the file at `parts` in the data folder. Raises BadConfiguration naming the file and the line."""
    if not data.is_dir():
        raise BadConfiguration(f"There is no folder {data}; say where the development data is with --data.")
    path = data.joinpath(*parts)
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadConfiguration(
            f"{path} cannot be read ({reason}); say where the development data is with --data."
        ) from error
    except UnicodeDecodeError as error:
        raise BadConfiguration(f"{path} is not UTF-8 (byte {error.start}).") from error
    return tuple(_record(f"{path}#{number}", line) for number, line in enumerate(lines, 1) if line.strip())


def _record(place: str, line: str) -> Record:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise Record(place, {}).wrong(f"The line is not JSON ({error}).") from error
    if not isinstance(fields, dict):
        raise Record(place, {}).wrong(f"The line must be a JSON record, not {type(fields).__name__}.")
    return Record(place, fields)
