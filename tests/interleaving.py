"""What others do to the truth at a chosen moment: between one statement and the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import sqlalchemy


@contextmanager
def once(moment: Literal["before", "after"], words: str, do: Callable[[], object]) -> Iterator[None]:
    """Does something right before or after the first statement that has these words."""
    done = False

    def look(_connection: object, _cursor: object, executed: str, *_rest: object) -> None:
        nonlocal done
        if words in executed and not done:
            done = True
            do()

    sqlalchemy.event.listen(sqlalchemy.Engine, f"{moment}_cursor_execute", look)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, f"{moment}_cursor_execute", look)
