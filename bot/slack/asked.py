"""What an event in Slack asks of us: a question to answer, a wish to stop, or nothing."""

import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from bot.slack.text import readable
from index import Place

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_STOP = re.compile(r"(please )?(stop|cancel)[.!]*", re.IGNORECASE)
_OURS_TO_READ = {None, "file_share", "thread_broadcast"}  # the other subtypes report edits, joins, topics

EVERYWHERE = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came. `ts` is the message that asks it.

    `response_url` is where its asker alone can be answered, which is wished for when it is `private`.
    """

    place: Place
    user: str
    text: str
    ts: str
    private: bool = False
    response_url: str | None = None
    enterprise: str | None = None

    @property
    def owner(self) -> str:
        """Whose the answer is: the workspace's, so nobody else comes upon it."""
        return f"slack:{self.place.team}"

    def to_json(self) -> str:
        """For the claim's row."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Asked":
        """From the claim's row."""
        value = json.loads(text)
        return cls(**{**value, "place": Place(**value["place"])})


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that may be meant for us, by all the names Slack gives the gesture.

    `sure` is false for a message in a followed channel: it is a question if we take part in its thread.
    """

    asked: Asked
    keys: tuple[str, ...]
    sure: bool

    @property
    def is_stop(self) -> bool:
        """Whether it asks for nothing but to stop."""
        return _STOP.fullmatch(self.asked.text.strip()) is not None


def hear(
    event: dict[str, Any], event_id: str, team: str, enterprise: str | None, bot_user: str, followed: Collection[str]
) -> Heard | None:
    """A message or mention that is, or may be, meant for us; None for what is not.

    It is judged by its text: one mention arrives as a `message` and as an `app_mention`, in any order, and either may
    be the only one (reference: A3.2). `followed` are channels where replies in our threads need no mention.
    """
    user, ts, channel = event.get("user"), event.get("ts"), event.get("channel")
    if event.get("subtype") not in _OURS_TO_READ or event.get("bot_id") or user in {None, bot_user, "USLACKBOT"}:
        return None
    if not ts or not channel:
        return None
    text, root = str(event.get("text") or ""), event.get("thread_ts")
    mentioned = _MENTION.findall(text)
    sure = event.get("channel_type") == "im" or bot_user in mentioned
    in_followed = bool(root) and root != ts and not mentioned and bool({channel, EVERYWHERE} & set(followed))
    if not sure and not in_followed:
        return None
    place = Place(team, channel, root or ts)
    asked = Asked(place, user, readable(text, bot_user), ts, enterprise=enterprise)
    said = [f"msg:{team}:{event['client_msg_id']}"] if event.get("client_msg_id") else []
    return Heard(asked, (f"event:{team}:{event_id}", f"ts:{team}:{channel}:{ts}", *said), sure)
