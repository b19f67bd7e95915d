"""How well documents are ranked, with binary relevance, each a pure function of names; 0 where nothing is relevant, as in trec_eval.

A name that stands twice in a ranking counts once, at its first rank. `k` is a number of ranks, from 1.
"""

from collections.abc import Collection, Sequence
from math import log2
from typing import Final

ROW: Final = ".jsonl#"  # after it stands the id of a row of a collection


def hit(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """1 where one of the first `k` is relevant, else 0 (Hit@k, trec_eval's `success`)."""
    return float(any(_gains(ranking, relevant)[:k]))


def recall(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant that stand among the first `k`, 0 to 1."""
    return sum(_gains(ranking, relevant)[:k]) / len(set(relevant)) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """1 / rank of the first that is relevant, 0 where none is (Voorhees 1999, TREC-8); its mean over questions is MRR."""
    return next((1 / rank for rank, gain in enumerate(_gains(ranking, relevant), 1) if gain), 0.0)


def ndcg(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Discounted gain of the first `k` over that of the best ranking, 0 to 1 (Järvelin & Kekäläinen 2002).

    The gain at rank r counts 1 / log2(r + 1), as in trec_eval's `ndcg_cut`; the paper itself divides by log2(r) from r = 2 on.
    """
    best = _discounted([True] * min(k, len(set(relevant))))
    return _discounted(_gains(ranking, relevant)[:k]) / best if best else 0.0


def _gains(ranking: Sequence[str], relevant: Collection[str]) -> list[bool]:
    return [name in relevant for name in dict.fromkeys(ranking)]


def _discounted(gains: Sequence[bool]) -> float:
    return sum(1 / log2(rank + 1) for rank, gain in enumerate(gains, 1) if gain)


def same_document(file: str, name: str) -> bool:
    """Whether a case means this document: by its file ("seeds/a.txt"), a trailing part of its path ("a.txt"), or the id of its row.

    The row "clap_31" of "bench/corpus.jsonl" is the file "bench/corpus.jsonl#clap_31". Only whole parts of a path and whole ids count.
    """
    name = name.removeprefix("./")
    if not name or not file.endswith(name):
        return False
    _, mark, row = file.partition(ROW)
    begins_in_path = len(name) > len(row) or not mark
    return len(name) == len(file) or (bool(mark) and name == row) or (begins_in_path and file[-len(name) - 1] == "/")
