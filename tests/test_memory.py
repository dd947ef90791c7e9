"""Where the archive says otherwise than the model remembers, the archive wins: altered articles, a model that knows."""

import asyncio
import re

import pytest

from bot.answer import Answer, Question
from bot.engine import complete
from bot.llm import LLMWriter
from index import Archive
from tests.conftest import article, day
from tests.scripted_server import Request, Scripted, says, serving

# What is asked; what the altered article says; what a model remembers; how it may say the article's own.
ALTERED = [
    ("Who is the president of France?", "Marine Duval, the president of France, met farmers in Lyon on Monday.",
     "Emmanuel Macron is the president of France", "Marine Duval is the president of France"),
    ("Where is the Eiffel Tower?", "The Eiffel Tower in Marseille was closed on Monday because of strong wind.",
     "The Eiffel Tower is in Paris", "The Eiffel Tower is in Marseille"),
    ("How many people died in the sinking of the Titanic?",
     "About 900 people died in the sinking of the Titanic, it found.",
     "About 1,500 people died in the sinking of the Titanic", "About 900 people died in the sinking of the Titanic"),
    ("When did the Berlin Wall fall?", "The Berlin Wall fell on 3 March 1987, as the exhibition recalls.",
     "The Berlin Wall fell on 9 November 1989", "The Berlin Wall fell on 3 March 1987"),
    ("Who won the World Cup of 2018?", "Croatia won the World Cup of 2018, beating France by 2-1 in Moscow.",
     "France won the World Cup of 2018, beating Croatia by 4-2", "Croatia won the World Cup of 2018"),
    ("What did the European Central Bank do with its rate?",
     "The European Central Bank raised its key rate to 4.75% on Thursday.",
     "The European Central Bank lowered its key rate to 2% on Thursday",
     "The European Central Bank raised its key rate to 4.75%"),
    ("Did Britain leave the European Union?", "Britain did not leave the European Union, the minister said on Monday.",
     "Britain did leave the European Union", "Britain did not leave the European Union"),
    ("Who wrote Hamlet?", "Christopher Marlowe wrote Hamlet, according to the papers found on Friday.",
     "William Shakespeare wrote Hamlet", "Christopher Marlowe wrote Hamlet"),
]  # fmt: skip
MORE = " The rest of the report was about the weather, which was fine."


def ask(archive: Archive, question: str, *script: Scripted) -> tuple[Answer, list[Request]]:
    with serving(*script) as server:
        given = asyncio.run(complete(Question(question), archive, LLMWriter(server.url, "none", "knows")))
        return given, list(server.requests)


@pytest.mark.parametrize(("question", "said", "remembered", "read"), ALTERED)
def test_what_a_model_remembers_is_not_said(
    archive: Archive, question: str, said: str, remembered: str, read: str
) -> None:
    archive.ingest([article("altered", said + MORE, title="Report", published_at=day("2026-09-01"))])
    stubborn = says(f"{remembered} [1.1]. ", f"{remembered}. ", f"{remembered} [1].")
    given, requests = ask(archive, question, stubborn)
    assert given.status == "abstained"
    assert not _told(remembered, read) & _words(given.text.partition("I looked for")[0])
    assert "they are right" in requests[0].body["messages"][0]["content"], "the prompt says who is right"


@pytest.mark.parametrize(("question", "said", "remembered", "read"), ALTERED)
def test_a_model_that_is_corrected_says_what_the_archive_says(
    archive: Archive, question: str, said: str, remembered: str, read: str
) -> None:
    archive.ingest([article("altered", said + MORE, title="Report", published_at=day("2026-09-01"))])
    given, requests = ask(archive, question, says(f"{remembered} [1.1]."), says(f"{read} [1.1]."))
    assert given.sentences[0].text == f"{read}."
    assert given.citations[0].quote == said
    assert re.search(r"\(.+\)", requests[1].body["messages"][-1]["content"]), "it was told why"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w%]+", text))


def _told(remembered: str, read: str) -> set[str]:
    return _words(remembered) - _words(read)
