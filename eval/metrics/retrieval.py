"""How good a ranking of passages is, against gold facts and gold articles.

`k` always counts passages, which is what a writer is given; where articles are ranked, they are the distinct articles
of the first k passages in the order of their first appearance. Without gold every metric is None.

`hits_at`, `mrr_at` and `map_released` are the definitions of the benchmark's own script, `retrieval_evaluate.py` of
MultiHop-RAG (Tang & Yang 2024, https://github.com/yixuantt/MultiHop-RAG), with its quirks.
"""

from collections.abc import Sequence
from math import log2

from eval.case import Fact, Retrieved


def hits_at(evidence: Sequence[Retrieved], facts: Sequence[Fact], k: int) -> float | None:
    """Hits@k as released: 1 when any of the first k chunks holds any gold fact. `fact_recall_at` asks for all."""
    rank = _first_hit(evidence, facts, k)
    return None if not facts else float(rank is not None)


def mrr_at(evidence: Sequence[Retrieved], facts: Sequence[Fact], k: int = 10) -> float | None:
    """MRR@k as released: 1 / rank of the first of the first k chunks that holds any gold fact, 0 without one."""
    rank = _first_hit(evidence, facts, k)
    return None if not facts else 1 / rank if rank is not None else 0.0


def map_released(evidence: Sequence[Retrieved], facts: Sequence[Fact], k: int = 10) -> float | None:
    """MAP@k as released: the sum over ranks ≤ k of (facts first found there / rank), over min(number of facts, k).

    No average precision: only what is new at a rank counts there, so one fact a chunk in perfect order scores
    (1 + 1/2 + 1/3 + …) / n, not 1.
    """
    if not facts:
        return None
    seen: set[str] = set()
    total = 0.0
    for rank, held in enumerate(_held(evidence[:k], facts), 1):
        total += len(held - seen) / rank
        seen |= held
    return total / min(len(facts), k)


def fact_recall_at(evidence: Sequence[Retrieved], facts: Sequence[Fact], k: int) -> float | None:
    """The share of the distinct gold facts that the first k chunks hold."""
    if not facts:
        return None
    return len(set().union(*_held(evidence[:k], facts))) / len({_bare(fact.text) for fact in facts})


def all_docs_at(evidence: Sequence[Retrieved], article_ids: Sequence[str], k: int) -> float | None:
    """1 when every gold article is among the first k passages."""
    return None if not article_ids else float(set(article_ids) <= set(_articles(evidence, k)))


def recall_at(evidence: Sequence[Retrieved], article_ids: Sequence[str], k: int) -> float | None:
    """The share of the gold articles that are among the first k passages."""
    wanted = set(article_ids)
    return None if not wanted else len(wanted & set(_articles(evidence, k))) / len(wanted)


def doc_map_at(evidence: Sequence[Retrieved], article_ids: Sequence[str], k: int) -> float | None:
    """Average precision of the articles: the mean over gold articles of the precision at their rank, 0 when not found.

    The definition of TREC (`map_cut_k` of trec_eval), but over at most k gold articles, so that 1 can be reached.
    """
    wanted = set(article_ids)
    if not wanted:
        return None
    found, total = 0, 0.0
    for rank, article_id in enumerate(_articles(evidence, k), 1):
        if article_id in wanted:
            found += 1
            total += found / rank
    return total / min(len(wanted), k)


def ndcg_at(evidence: Sequence[Retrieved], article_ids: Sequence[str], k: int) -> float | None:
    """nDCG@k with binary gains and a log2 discount (Järvelin & Kekäläinen 2002, as in trec_eval).

    The sum of 1 / log2(rank + 1) over the gold articles found, divided by the same sum of the ideal order.
    """
    wanted = set(article_ids)
    if not wanted:
        return None
    ranks = [rank for rank, article_id in enumerate(_articles(evidence, k), 1) if article_id in wanted]
    return _gain(ranks) / _gain(range(1, min(len(wanted), k) + 1))


def first_is(evidence: Sequence[Retrieved], article_ids: Sequence[str]) -> float | None:
    """1 when the first passage is of one of these articles: of the stale ones, the stale-first rate of retrieval."""
    return None if not article_ids else float(bool(evidence) and evidence[0].article_id in article_ids)


def _first_hit(evidence: Sequence[Retrieved], facts: Sequence[Fact], k: int) -> int | None:
    return next((rank for rank, held in enumerate(_held(evidence[:k], facts), 1) if held), None)


def _held(evidence: Sequence[Retrieved], facts: Sequence[Fact]) -> list[set[str]]:
    """The gold facts inside each chunk, a chunk being what is embedded: header line and text."""
    gold = {_bare(fact.text) for fact in facts}
    chunks = (_bare(f"{each.header}\n{each.text}") for each in evidence)
    return [{fact for fact in gold if fact in chunk} for chunk in chunks]


def _articles(evidence: Sequence[Retrieved], k: int) -> list[str]:
    return list(dict.fromkeys(each.article_id for each in evidence[:k]))


def _gain(ranks: Sequence[int]) -> float:
    return sum(1 / log2(rank + 1) for rank in ranks)


def _bare(text: str) -> str:
    # The script removes blanks and line ends only; on the benchmark's texts the result is the same.
    return "".join(text.split())
