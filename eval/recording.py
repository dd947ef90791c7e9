"""Model replies on disk: recorded while a run asks a model, and served again to a run that asks nobody.

One JSON Lines file. Its first line says when the questions were asked, for prompts tell the date; every other line has
one reply under the sha256 of what decides it: the model, its parameters and the whole prompt.
"""

import hashlib
import json
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from bot.answer import ProvenSentence, Question, Usage
from bot.chat import Chat, Message
from bot.engine import LeftOut, Writer
from index import BadConfiguration, DatelineError, Evidence

_TIME = TypeAdapter(AwareDatetime)


class Unrecorded(DatelineError):
    """A replay was asked for a reply that the recording does not have. What needs it cannot be measured."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote, and the tokens its server counted, None when it did not say (see `Usage`)."""

    key: str
    model: str
    text: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int = 0
    stored_tokens: int = 0


_REPLY = TypeAdapter(Reply)


class Recording:
    """The replies of one file. `replays`: whether they are all there is; else new ones are added as they come."""

    def __init__(self, path: Path, asked_at: datetime, replies: Mapping[str, Reply], *, replays: bool) -> None:
        self.path = path
        self.asked_at = asked_at
        self.replays = replays
        self.replies = dict(replies)
        self._writing = threading.Lock()

    def find(self, request: Mapping[str, Any]) -> Reply | None:
        """The reply to a request. Raises Unrecorded when a replay has none."""
        found = self.replies.get(digest(request))
        if found is None and self.replays:
            raise Unrecorded(
                f"{self.path} has no reply of {request['model']!r} to this prompt: the model, its parameters, the "
                "prompts or the evidence have changed. Record again with --record."
            )
        return found

    def add(self, reply: Reply) -> None:
        """Keep a reply, and write it down at once: a run that is broken off loses none."""
        with self._writing:
            if not self.replies:
                _write(self.path, self.asked_at, ())
            self.replies[reply.key] = reply
            with self.path.open("a", encoding="ascii", newline="\n") as lines:
                lines.write(_line("reply", asdict(reply)))

    def finish(self) -> None:
        """Put the replies into the order of their keys, so that the same replies make the same file."""
        if not self.replays:
            ordered = [self.replies[key] for key in sorted(self.replies)]
            _write(self.path, self.asked_at, ordered)


class RecordedChat(Chat):
    """A model's client that serves what is recorded, and records what is not."""

    def __init__(self, recording: Recording, *of_chat: Any, **more: Any) -> None:
        super().__init__(*of_chat, **more)
        self._recording = recording

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage]:
        """The reply as `Chat` gives it. Raises Unrecorded in a replay, else what `Chat` raises."""
        request = self.request(messages)
        found = self._recording.find(request)
        if found is not None:
            yield found.text
            if found.prompt_tokens is not None and found.completion_tokens is not None:
                yield Usage(
                    found.prompt_tokens,
                    found.completion_tokens,
                    cached_tokens=found.cached_tokens,
                    stored_tokens=found.stored_tokens,
                )
            return
        reply = Reply(digest(request), self.model, "")
        try:
            async with aclosing(super().stream(messages)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Usage):
                        reply = replace(
                            reply,
                            prompt_tokens=piece.prompt_tokens,
                            completion_tokens=piece.completion_tokens,
                            cached_tokens=piece.cached_tokens,
                            stored_tokens=piece.stored_tokens,
                        )
                    else:
                        reply = replace(reply, text=reply.text + piece)
                    yield piece
        except GeneratorExit:  # the bot has read enough, and would of a replay
            self._recording.add(reply)
            raise
        self._recording.add(reply)


class AskedAt:
    """A writer for whom it is always the same moment: its prompts say the date, which must not change in a replay."""

    def __init__(self, writer: Writer, moment: datetime) -> None:
        self.name = writer.name
        self.model = writer.model
        self._writer = writer
        self._moment = moment

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | LeftOut | Usage]:
        """What the writer writes, as of the moment unless the question has its own."""
        chosen = replace(question.filter, as_of=question.filter.as_of or self._moment)
        async with aclosing(self._writer.write(replace(question, filter=chosen), evidence, weights)) as written:
            async for each in written:
                yield each


def digest(request: Mapping[str, Any]) -> str:
    """The sha256 of a request as JSON in one form: what decides a reply."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def begin(path: Path, now: datetime, *, resume: bool) -> Recording:
    """A recording to be made; `resume` goes on with the one that is there, else the first reply replaces it.

    Raises BadConfiguration when the file cannot be written, or gone on with.
    """
    if resume and path.is_file():
        before = read(path)
        return Recording(path, before.asked_at, before.replies, replays=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise BadConfiguration(f"The recording {path} cannot be written: {error.strerror}.") from error
    return Recording(path, now, {}, replays=False)


def read(path: Path) -> Recording:
    """A recording to be replayed. Raises BadConfiguration naming the file and line of what is malformed."""
    try:
        lines = path.read_text("ascii").removesuffix("\n").split("\n")
    except OSError as error:
        raise BadConfiguration(f"The recording {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadConfiguration(f"{path}: this is not a recording: it is not ASCII.") from error
    asked_at = _value(path, 1, lines[0], "asked_at", _TIME)
    replies = [_value(path, number, line, "reply", _REPLY) for number, line in enumerate(lines[1:], 2)]
    return Recording(path, asked_at, {each.key: each for each in replies}, replays=True)


def _value(path: Path, number: int, line: str, name: str, kind: TypeAdapter[Any]) -> Any:
    try:
        row = json.loads(line)
        return kind.validate_python(row[name])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        wrong = error.errors()[0]["msg"] if isinstance(error, ValidationError) else f"this line is no {name}"
        raise BadConfiguration(f"{path}:{number}: {wrong}. Is this a recording? Make one with --record.") from error


def _write(path: Path, asked_at: datetime, replies: Sequence[Reply]) -> None:
    beside = path.with_name(path.name + ".new")
    lines = [_line("asked_at", asked_at.isoformat()), *(_line("reply", asdict(each)) for each in replies)]
    beside.write_text("".join(lines), "ascii", newline="\n")
    beside.replace(path)


def _line(name: str, value: Any) -> str:
    return json.dumps({name: value}, ensure_ascii=True, sort_keys=True) + "\n"
