"""A model as judge of whether quotes carry a sentence, and the trial on labelled claims that it must pass to count."""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.answer import Usage
from bot.chat import Chat, ChatMaker, Message, Timeouts
from bot.settings import Settings
from eval.case import Claim
from eval.datasets import load
from eval.metrics.verification import balanced_accuracy
from eval.recording import Unrecorded
from index import BadConfiguration, ModelUnavailable
from prompts import load as load_prompt

LEAST_ITEMS = 200
ITEMS_OF_EACH = 120  # drawn from each of the sets
LEAST_ACCURACY = 0.80  # balanced, over all items
LEAST_AGREEMENT = 0.95  # of the two votes on one item
# What the lexical verifier reaches on the same sets, measured for the project's evaluation reference.
FLOORS = {"attributionbench": 0.797, "qags": 0.787}
REPLY_TOKENS = 300
AT_ONCE = 4
SHOWN = 60  # characters of a reply that is no verdict
OPENAI = "https://api.openai.com/v1"


class NoVerdict(BadConfiguration):
    """A judge replied with something else than the JSON that it was asked for."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What a judge said of one claim."""

    supported: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The share of an answer's sentences that its quotes carry, and the vote on each.

    The share is None when nothing was answered, or when the judge failed: then `failure` says how.
    """

    supported: float | None
    votes: tuple[tuple[str, Vote], ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Qualification:
    """How a judge did on labelled claims. `balanced_accuracy` and `items` are by data set."""

    model: str
    prompt: str
    seed: int
    items: dict[str, int]
    balanced_accuracy: dict[str, float]
    overall: float
    agreement: float

    def failings(self) -> tuple[str, ...]:
        """Why the judge does not qualify; nothing when it does."""
        items = sum(self.items.values())
        found = [f"{items} items, fewer than {LEAST_ITEMS}"] if items < LEAST_ITEMS else []
        if self.overall < LEAST_ACCURACY:
            found.append(f"balanced accuracy {self.overall:.3f}, below {LEAST_ACCURACY:.2f}")
        if self.agreement < LEAST_AGREEMENT:
            found.append(f"agreement with itself {self.agreement:.3f}, below {LEAST_AGREEMENT:.2f}")
        for name, floor in FLOORS.items():
            value = self.balanced_accuracy.get(name, 0.0)
            if value <= floor:
                found.append(f"balanced accuracy on {name} {value:.3f}, no better than the lexical {floor:.3f}")
        return tuple(found)


_QUALIFICATION = TypeAdapter(Qualification)


class Judge:
    """One model with one prompt. `qualified`: whether what it says may gate."""

    def __init__(self, chat: Chat, *, qualified: bool = False) -> None:
        self.model = chat.model
        self.qualified = qualified
        self._chat = chat

    async def vote(self, claim: str, evidence: Sequence[str]) -> Vote:
        """Whether the evidence carries the claim. Raises NoVerdict, ModelUnavailable."""
        asked = load_prompt("judge").fill(claim=claim, evidence="\n".join(evidence))
        reply = "".join(
            [piece async for piece in self._chat.stream([Message("user", asked)]) if not isinstance(piece, Usage)]
        )
        return _vote(reply, self.model)


def judge(settings: Settings, chat: ChatMaker = Chat, qualification: Path | None = None) -> Judge:
    """The judge that the settings name; qualified when the file says so of this model and prompt.

    Raises BadConfiguration when none is set, when it is the model that writes the answers, or the file is malformed.
    """
    model = settings.judge_model
    if model is None:
        raise BadConfiguration(
            "There is no judge: set DATELINE_JUDGE_MODEL, and DATELINE_JUDGE_BASE_URL for its server."
        )
    if settings.uses_llm and model == settings.llm_model:
        raise BadConfiguration(
            f"DATELINE_JUDGE_MODEL and DATELINE_LLM_MODEL are both {model!r}: a model does not judge its own answers. "
            "Take another judge."
        )
    own = settings.judge_base_url
    key = settings.judge_api_key or (settings.llm_api_key if own is None else None)
    base_url = str(own or settings.llm_base_url or OPENAI)
    timeouts = Timeouts(total=settings.llm_timeout_s)
    client = chat(base_url, key.get_secret_value() if key else "none", model, REPLY_TOKENS, timeouts)
    return Judge(client, qualified=qualification is not None and _is_qualified(qualification, model))


def draw(data: Path, seed: int) -> dict[str, tuple[Claim, ...]]:
    """The labelled claims of the trial: a seeded draw of attributionbench and of qags's CNN/DM part."""
    sets = {
        "attributionbench": load("attributionbench", data).claims,
        "qags": tuple(each for each in load("qags", data).claims if each.kind == "cnndm"),
    }
    return {
        name: tuple(random.Random(seed).sample(claims, min(ITEMS_OF_EACH, len(claims))))
        for name, claims in sets.items()
    }


def qualify(
    candidate: Judge, sets: Mapping[str, Sequence[Claim]], seed: int, tick: Callable[[], None] = lambda: None
) -> Qualification:
    """The judge's trial: every claim is put to it twice; the first vote counts, the second says whether it is stable.

    Raises BadConfiguration, NoVerdict, ModelUnavailable.
    """
    rows = [(name, claim) for name, claims in sets.items() for claim in claims]
    if not rows:
        raise BadConfiguration("The data has no labelled claims to try a judge on.")
    votes = asyncio.run(_votes(candidate, [claim for _, claim in rows], tick))

    def accuracy(*names: str) -> float:
        some = [(one, claim) for (name, claim), (one, _) in zip(rows, votes, strict=True) if name in names]
        return balanced_accuracy([one.supported for one, _ in some], [claim.supported for _, claim in some]) or 0.0

    return Qualification(
        model=candidate.model,
        prompt=_prompt_digest(),
        seed=seed,
        items={name: len(each) for name, each in sets.items()},
        balanced_accuracy={name: accuracy(name) for name in sets},
        overall=accuracy(*sets),
        agreement=sum(one.supported == other.supported for one, other in votes) / len(votes),
    )


async def judge_answer(chosen: Judge, answer: Mapping[str, Any]) -> Judgement:
    """What the judge says of an answer's sentences and their quotes. An answer is the JSON of the public contract."""
    quotes = {each["index"]: each["quote"] for each in answer["citations"]}
    votes: list[tuple[str, Vote]] = []
    if answer["status"] == "abstained":
        return Judgement(None)
    try:
        for sentence in answer["sentences"]:
            evidence = [quotes[number] for number in sentence["citations"]]
            votes.append((sentence["text"], await chosen.vote(sentence["text"], evidence)))
    except (NoVerdict, ModelUnavailable, Unrecorded) as error:
        return Judgement(None, tuple(votes), str(error))
    return Judgement(sum(vote.supported for _, vote in votes) / len(votes), tuple(votes))


def write_qualification(path: Path, given: Qualification) -> None:
    """Write a trial down as JSON, with why it was failed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = {**asdict(given), "failings": given.failings()}
    path.write_text(json.dumps(shown, indent=2) + "\n", "utf-8")


def _is_qualified(path: Path, model: str) -> bool:
    """Whether the trial in the file was passed, and by this model with the prompt of today."""
    try:
        given = _QUALIFICATION.validate_json(path.read_text("utf-8"))
    except OSError as error:
        raise BadConfiguration(
            f"The judge's qualification {path} cannot be read: {error.strerror}. `dateline eval judge` makes one."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BadConfiguration(
            f"{path} is no judge's qualification: {f'{place}: ' if place else ''}{first['msg']}."
        ) from error
    return not given.failings() and (given.model, given.prompt) == (model, _prompt_digest())


async def _votes(candidate: Judge, claims: Sequence[Claim], tick: Callable[[], None]) -> list[tuple[Vote, Vote]]:
    room = asyncio.Semaphore(AT_ONCE)

    async def both(claim: Claim) -> tuple[Vote, Vote]:
        async with room:
            votes = await candidate.vote(claim.text, claim.sources), await candidate.vote(claim.text, claim.sources)
        tick()
        return votes

    return await asyncio.gather(*map(both, claims))


def _vote(reply: str, model: str) -> Vote:
    try:
        said = json.loads(reply)
    except (ValueError, RecursionError):
        said = None
    match said:
        case {"supported": bool(supported), "reason": str(reason)} if len(said) == 2:
            return Vote(supported, reason)
    shown = " ".join(reply.split())[:SHOWN] or "(nothing)"
    raise NoVerdict(
        f"The judge {model!r} did not reply with the JSON that it was asked for, but with: {shown} … "
        "Take a model that follows the form for DATELINE_JUDGE_MODEL."
    )


def _prompt_digest() -> str:
    return hashlib.sha256(load_prompt("judge").text.encode()).hexdigest()
