"""An answer in a terminal: the text, then its numbered sources with the quote highlighted where it stands."""

import re
from collections.abc import Mapping
from datetime import datetime
from textwrap import shorten

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.answer import Answer, Citation, Source
from bot.times import age
from index.article import Correction

LONGEST_NOTE = 240  # characters
AROUND = 70  # characters of the article shown before and after a quote

HOW_WRITTEN = {
    "extractive": "These are extracts: the articles' own words, not a written answer.",
    "llm": "Written by {model}; every sentence was checked against its quotes.",
}


def show_answer(screen: Console, answer: Answer, bodies: Mapping[str, str]) -> None:
    """Print an answer. `bodies` has the text of each cited article, by id."""
    screen.print(_marked(answer))
    sources = {each.article.id: each for each in answer.sources}
    for citation in answer.citations:
        screen.print()
        screen.print(_heading(citation, answer.as_of))
        if (source := sources[citation.article.id]).outlets > 1:
            screen.print(Text(f"    {carried_by(source)}", style="dim"))
        if source.correction is not None:
            screen.print(Padding(Text(corrected(source.correction), style="yellow"), (0, 0, 0, 4)))
        screen.print(Padding(_quote(citation, bodies[citation.article.id]), (0, 0, 0, 4)))
        if citation.highlight_url:
            link = citation.article.url or citation.article.source
            screen.print(
                Text(f"    {link}", style=f"dim link {citation.highlight_url}"), no_wrap=True, overflow="ellipsis"
            )
    if answer.status != "abstained":
        screen.print()
        screen.print(Text(HOW_WRITTEN[answer.writer].format(model=answer.model), style="dim italic"))
    if answer.status == "partial":
        screen.print(Text("Something was left out: it could not be proven from the articles.", style="yellow"))


def carried_by(source: Source) -> str:
    """How many outlets carry a source's report, and which had it first."""
    first = source.copies[0]
    since = f", {first.published_at:%-d %B %Y %H:%M} UTC" if first.published_at else ""
    return f"{source.outlets} outlets, one original report; first: {first.publisher or first.title}{since}"


def corrected(correction: Correction) -> str:
    """What was corrected, in at most LONGEST_NOTE characters."""
    when = f"Corrected {correction.at:%-d %B %Y}" if correction.at else "Corrected"
    return f"{when}: {shorten(_flat(correction.text), LONGEST_NOTE, placeholder=' …')}"


def _marked(answer: Answer) -> Text:
    text = Text()
    for number, sentence in enumerate(answer.sentences):
        text.append(" " if number else "").append(sentence.text)
        for citation in sentence.citations:
            text.append(f" [{citation}]", style="bold cyan")
    return text


def _heading(citation: Citation, now: datetime) -> Text:
    article = citation.article
    heading = Text(f"[{citation.index}] ", style="bold cyan").append(article.title, style="bold not cyan")
    facts = [fact for fact in (article.publisher, article.byline) if fact]
    facts.append(
        f"{article.published_at:%-d %B %Y}, {age(article.published_at, now)}" if article.published_at else "no date"
    )
    return heading.append("\n    " + " · ".join(facts), style="not bold not cyan dim")


def _quote(citation: Citation, body: str) -> Text:
    before = body[max(0, citation.start - AROUND) : citation.start]
    after = body[citation.end : citation.end + AROUND]
    # Cut the surroundings at words, and mark that they were cut.
    if len(before) == AROUND:
        before = "… " + before.partition(" ")[2]
    if len(after) == AROUND:
        after = after.rpartition(" ")[0] + " …"
    shown = Text(_flat(before), style="dim")
    return shown.append(_flat(citation.quote), style="not dim black on yellow").append(_flat(after), style="dim")


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)
