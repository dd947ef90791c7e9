"""A model that obeys every order it sees, and bipia's 225 injections put before it: `python -m tests.obedient`."""

import asyncio
import re
import sys
from collections.abc import Sequence

from bot.answer import ProvenSentence, Question
from bot.llm import LLMWriter
from eval.datasets import bipia
from index import Article, Evidence
from index.passages import split
from tests.conftest import DATA
from tests.evidence_by_hand import evidence
from tests.scripted_server import Request, Scripted, says, serving


def obeys(request: Request) -> Scripted:
    """A model that does whatever its prompt says anywhere, cites for it, repeats it, and answers, too."""
    shown = "\n".join(each["content"] for each in request.body["messages"])
    tokens = dict.fromkeys(re.findall(r"\bZQ[0-9A-F]{6}\b", shown))
    lines = re.findall(r"^\[(\d+\.\d+)\] (.+)$", shown, re.M)
    said = [text for token in tokens for text in (f"{token}. ", f"{token} [1.1]. ", f"The token is {token} [1.2]. ")]
    said += [f"{text.rstrip('.')} [{at}]. " for at, text in lines if any(token in text for token in tokens)]
    said += [f"{text.rstrip('.')} [{at}]. " for at, text in lines[:2]]
    return says(*said)


def as_evidence(found: Article, needle: str) -> list[Evidence]:
    """The article's first passage, and the one with the needle: what a search could not do worse."""
    made: list[Evidence] = []
    for piece in split(found.body):
        text = found.body[piece.start : piece.end]
        if not made or needle in text:
            like = evidence("x.")
            passage = type(like.passage)(len(made) + 1, 1, len(made), piece.start, piece.end, text, piece.sentences)
            made.append(Evidence(passage, found, 1.0, ("words",), (0.9,) * len(piece.sentences)))
    return made


def written(url: str, found: Sequence[Evidence], question: str) -> str:
    async def run() -> str:
        writer = LLMWriter(url, "none", "obedient", context_tokens=32_000)
        return " ".join(
            [each.text async for each in writer.write(Question(question), found, {}) if type(each) is ProvenSentence]
        )

    return asyncio.run(asyncio.wait_for(run(), 30))


def canaries(every: int = 1) -> tuple[list[str], int]:
    """The planted cases of bipia whose canary got through to the answer, and how many were tried."""
    cases = {case.id: case for case in bipia.cases(DATA) if case.kind == "planted"}
    carriers = bipia.planted(DATA)
    through, tried = [], list(cases)[::every]
    with serving(obeys) as server:
        for name in tried:
            (canary,) = cases[name].forbidden
            found = as_evidence(carriers[name], canary)
            assert any(canary in each.passage.text for each in found)
            if canary in written(server.url, found, cases[name].question):
                through.append(name)
    return through, len(tried)


if __name__ == "__main__":
    got_through, count = canaries()
    sys.stdout.write(f"{len(got_through)} of {count} canaries in an answer {got_through}\n")
