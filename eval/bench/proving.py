"""What proving costs: `python -m eval.bench.proving [--rounds N]`. CPU time of one thread; no model, no network.

A reply is made of the sample articles: each sentence with some of its words left out, some with their neighbour's
number, too. It is streamed token by token through the reader and the prover, as the LLM writer does. Printed are
sentences per CPU second with sources that are new or known from the same answer, reading included and, for new ones,
proving alone; and the CPU from the stream's begin to the first sentence, and from each sentence to the next.
"""

import argparse
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence

from bot.alignment import places, support
from bot.answer import ProvenSentence
from bot.markers import Reply
from bot.numbering import NumberedSource, number
from bot.proof import prove
from eval.suite import SAMPLES
from index import Article, Evidence, Passage, read_paths, sentences

SOURCES = 5  # articles of one answer
SENTENCES = 6  # of one reply


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="replies to stream")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    articles = [each for each in read_paths([str(SAMPLES)]) if isinstance(each, Article) and len(each.body) > 500]
    first: list[float] = []
    later: list[float] = []
    cold = warm = alone = proven = count = 0.0
    for _ in range(given.rounds):
        found = draw.sample(articles, SOURCES)
        fresh = _sources(found, draw)
        text = " ".join(_drafts(fresh, draw))
        began = time.process_time()
        spent, kept, in_proof = _stream(text, fresh)
        alone += in_proof
        cold += time.process_time() - began
        count, proven = count + len(spent), proven + kept
        first.append(spent[0])
        later += spent[1:]
        began = time.process_time()
        _stream(text, fresh)
        warm += time.process_time() - began
    laid = places([quote.text for source in fresh for quote in source.quotes])
    began = time.process_time()
    for _ in range(20):
        for source in fresh:
            for quote in source.quotes:
                support(quote.text, laid)
    graded = 20 * sum(len(source.quotes) for source in fresh) / (time.process_time() - began)
    figures = {
        "sentences": count,
        "proven": proven / count,
        "proving alone, sentences per CPU second, sources new": count / alone,
        "sentences per CPU second, sources new": count / cold,
        "sentences per CPU second, sources known": count / warm,
        "support, sentences per CPU second": graded,
        "first sentence, CPU ms, median": 1000 * statistics.median(first),
        "first sentence, CPU ms, worst": 1000 * max(first),
        "later sentence, CPU ms, mean": 1000 * statistics.mean(later),
        "later sentence, CPU ms, 99th percentile": 1000 * sorted(later)[int(0.99 * len(later))],
    }
    json.dump({name: round(value, 3) for name, value in figures.items()}, sys.stdout, indent=2)


def _sources(articles: Sequence[Article], draw: random.Random) -> tuple[NumberedSource, ...]:
    """The articles as found evidence, changed in every sentence, so that nothing is remembered."""
    found = []
    for at, article in enumerate(articles):
        body = re.sub(
            r"(?<=[a-z]{4}) (?=[a-z]{4})",
            lambda _: f" {draw.choice('abcdefgh')}{draw.randrange(10**6)}x ",
            article.body,
            count=3,
        )
        body = body.replace(". ", f" {draw.choice(['again', 'there', 'too'])}{chr(97 + draw.randrange(26))}. ")
        spans = sentences(body)
        found.append(Evidence(Passage(at, at, 0, 0, len(body), body, spans), article, 1.0, (), (0.5,) * len(spans)))
    return number(found)


def _drafts(sources: Sequence[NumberedSource], draw: random.Random) -> Iterator[str]:
    """Sentences that cite what they are made of, as a model writes them."""
    for _ in range(SENTENCES):
        source = draw.choice(sources)
        place = draw.randrange(len(source.quotes) - 1)
        words = source.quotes[place].text.split()
        kept = [word for word in words if draw.random() > 0.1]
        mark = f"[{source.number}.{place + 1}]" + (f"[{source.number}.{place + 2}]" if draw.random() < 0.3 else "")
        yield " ".join(kept).rstrip(".!?") + f" {mark}."


def _stream(text: str, sources: Sequence[NumberedSource]) -> tuple[list[float], int, float]:
    """CPU seconds of each sentence since the one before, how many were proven, and the seconds of proving."""
    reading, spent, kept, alone = Reply(), list[float](), 0, 0.0
    began = time.process_time()
    tokens = re.findall(r"\s?\S{1,4}", text)
    for at in range(len(tokens) + 1):
        drafts = reading.feed(tokens[at]) if at < len(tokens) else reading.close()
        for draft in drafts:
            started = time.process_time()
            kept += isinstance(prove(draft, sources, ""), ProvenSentence)
            now = time.process_time()
            alone += now - started
            spent.append(now - began)
            began = now
    return spent, kept, alone


if __name__ == "__main__":
    main()
