"""What an answer costs in tokens: numbered sentences against whole passages and whole articles.

`python -m eval.bench.prompt_tokens`: over the smoke suite's questions, the tokens of the prompt as it is sent (fixed
part, evidence, question), of the same passages as plain text, of the same articles whole; and of replies that cite by
number against replies that repeat their quotes. Costs are those of the default model.
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from bot.answer import Question, Usage
from bot.extractive import ExtractiveWriter
from bot.followup import standalone
from bot.numbering import number, render
from bot.ranking import choose, rank
from bot.settings import Settings
from bot.spending import price
from bot.understanding import search, understand
from eval.suite import read_dataset, read_suite
from index import Archive, MiniLM, encoding_of, header, token_counter
from prompts import load


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of one question: what is sent every time, the evidence in three forms, a reply in two."""

    fixed: int
    numbered: int
    passages: int
    articles: int
    by_number: int
    with_quotes: int


def measured(archive: Archive) -> list[Tokens]:
    """The tokens of every question of the smoke suite that has evidence."""
    model = Settings.model_fields["llm_model"].default
    count = token_counter(encoding_of(model))
    publishers, now = archive.publishers(), datetime.now(UTC)
    found = []
    for case in read_dataset(read_suite("smoke"), None, None).cases:
        text = standalone(case.question, case.history, publishers)
        question = Question(case.question, case.filter, earlier=case.history)
        got = search(understand(question, text, archive, publishers, now), archive)
        if not got.evidence:
            continue
        plain = [f"{header(each.article)}\n{each.passage.text}" for each in got.evidence]
        bodies = {each.article.id: archive.versions(each.article.id)[-1].article.body for each in got.evidence}
        quotes = [each.text for each in choose(rank(text, got.evidence, got.weights))]
        found.append(
            Tokens(
                len(count(load("answer").text + load("evidence").text + text)),
                len(count(render(number(got.evidence), now))),
                len(count("\n\n".join(plain))),
                len(count("\n\n".join(bodies.values()))),
                sum(len(count(f"{quote} [1.2]")) for quote in quotes),
                sum(len(count(f"{quote} “{quote}”")) for quote in quotes),
            )
        )
    return found


def main() -> None:
    """Prints the means."""
    from index import read_paths

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with Archive(home, MiniLM()) as archive:
            archive.ingest(read_paths([str(Path(__file__).parents[2] / "bot" / "samples")]))
            found = measured(archive)
        shutil.rmtree(home)
    cost = price(Settings.model_fields["llm_model"].default)
    assert cost is not None
    sent = mean(each.fixed + each.numbered for each in found)
    for name in ("fixed", "numbered", "passages", "articles", "by_number", "with_quotes"):
        sys.stdout.write(f"{name:12} {mean(getattr(each, name) for each in found):8.0f} tokens\n")
    for name, tokens, reply in (
        ("numbered sentences, cited by number", sent, mean(each.by_number for each in found)),
        (
            "whole passages, quotes repeated",
            mean(e.fixed + e.passages for e in found),
            mean(e.with_quotes for e in found),
        ),
        (
            "whole articles, quotes repeated",
            mean(e.fixed + e.articles for e in found),
            mean(e.with_quotes for e in found),
        ),
    ):
        dollars = cost.of(Usage(round(tokens), round(reply)))
        sys.stdout.write(
            f"{name:36} {tokens:7.0f} sent {reply:5.0f} written {1000 * dollars:7.3f} dollars a thousand\n"
        )
    sys.stdout.write(f"{len(found)} questions, {ExtractiveWriter.name} sentences as replies\n")


if __name__ == "__main__":
    main()
