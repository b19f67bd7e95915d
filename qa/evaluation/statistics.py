"""Honest numbers: bootstrap and other intervals, paired tests, and how many cases it would take to tell. Pure; NaN is "does not apply"."""

from collections.abc import Iterator, Sequence
from math import ceil, comb, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEWEST_CLUSTERS: Final = 20
"""Below this a cluster bootstrap is too narrow: Cameron, Gelbach & Miller (2008) see it reject too often with five to thirty clusters."""
TIMES: Final = 1000  # resamples; as many as Efron & Tibshirani (1993) ask for at least for a percentile interval
TOLD_FROM: Final = 0.05  # significance
Z: Final = 1.959963984540054  # of the normal distribution at 97.5%
Z_POWER: Final = 0.8416212335729143  # at 80%
_CHUNK: Final = 1_000_000  # weights at once: 4 MB, and a dozen times that where they are computed with

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


def resampled_by(clusters: Sequence[str]) -> str:
    """How `resamples` draws, for people: "by document: 57 clusters", "by case: only 5 documents"."""
    different = len(set(clusters))
    if different < FEWEST_CLUSTERS:
        return f"by case: only {different} document{'' if different == 1 else 's'}"
    return "by case: no two share a document" if different == len(clusters) else f"by document: {different} clusters"


def resamples(clusters: Sequence[str], seed: int, times: int = TIMES) -> Iterator[Weights]:
    """Bootstrap weights of n cases, (chunk, n) at a time and `times` rows in all: how often the cluster of each case was drawn.

    Cases of one cluster (`clusters` names it for each case) are drawn together, since they are right or wrong together; where there are
    fewer than `FEWEST_CLUSTERS`, each case is drawn by itself.
    """
    names, members = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    drawn = len(names) if len(names) >= FEWEST_CLUSTERS else len(clusters)
    rows = max(1, _CHUNK // max(1, len(clusters)))
    random = np.random.default_rng(seed)
    for start in range(0, times if len(clusters) else 0, rows):
        counts = _draw(random, min(rows, times - start), drawn)
        yield counts[:, members] if drawn == len(names) else counts


def _draw(random: np.random.Generator, rows: int, drawn: int) -> Weights:
    """How often each of `drawn` came in as many draws with replacement, (rows, drawn)."""
    places = random.integers(0, drawn, size=(rows, drawn), dtype=np.int32) + np.arange(0, rows * drawn, drawn, dtype=np.int32)[:, None]
    return np.bincount(places.ravel(), minlength=rows * drawn).astype(np.float32).reshape(rows, drawn)


def interval(values: Floats) -> tuple[float, float]:
    """The middle 95% of bootstrap values (r,), by percentiles; NaN twice where all are NaN."""
    told = values[~np.isnan(values)]
    if not len(told):
        return float("nan"), float("nan")
    low, high = np.percentile(told, [2.5, 97.5])
    return float(low), float(high)


def weighted_mean(values: Floats, weights: Weights | Floats) -> Floats:
    """The mean of values (n,) under each row of weights (r, n), shape (r,); NaN where no value counts."""
    return weighted_means(values[:, None], weights)[:, 0]


def weighted_means(values: Floats, weights: Weights | Floats) -> Floats:
    """The mean of each column of values (n, m) under each row of weights (r, n), shape (r, m); NaN where no value counts."""
    told = ~np.isnan(values)
    exact = weights.astype(np.float64, copy=False)
    sums, counts = exact @ np.where(told, values, 0.0), exact @ told.astype(np.float64)
    means: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def weighted_median(values: Floats, weights: Weights | Floats) -> Floats:
    """The median of values (n,) under each row of weights (r, n), shape (r,): of an even number the mean of the two in the middle."""
    order = np.argsort(values)[: int((~np.isnan(values)).sum())]
    if not len(order):
        return np.full(len(weights), np.nan)
    ranked, reached = values[order], np.cumsum(weights[:, order], axis=1, dtype=np.float32)  # whole numbers, exact to 2**24
    half = reached[:, -1:] / 2
    lower, upper = np.argmax(reached >= half, axis=1), np.argmax(reached > half, axis=1)
    return np.where(half[:, 0] > 0, (ranked[lower] + ranked[upper]) / 2, np.nan)


def wilson(count: int, n: int) -> tuple[float, float]:
    """The score interval, 95%, of a share `count` of `n` independent cases (Wilson 1927); all of 0 to 1 where n is 0.

    To be used for shares of whole marks where the bootstrap fails: of cases all alike (`count` is 0 or n) it gives a single point,
    and of fewer than some 40 it is too narrow (Brown, Cai & DasGupta 2001). Elsewhere the bootstrap, which knows what shares a document.
    """
    if not n:
        return 0.0, 1.0
    share, grown = count / n, 1 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / grown
    margin = Z / grown * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return (0.0 if count == 0 else centre - margin), (1.0 if count == n else centre + margin)


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p of as uneven a split of the pairs that differ, were both ways equally likely (McNemar 1947); 1 without any.

    Counted in whole numbers, so that large counts lose nothing.
    """
    pairs, fewer = gained + lost, min(gained, lost)
    ways = total = comb(pairs, 0)
    for taken in range(1, fewer + 1):
        ways = ways * (pairs - taken + 1) // taken
        total += ways
    return min(1.0, 2 * total / (1 << pairs))


def cases_to_tell_shares(n: int, gained: int, lost: int) -> int | None:
    """About how many further cases, changing at the rates of these n, let McNemar's test tell at 5% with a power of 80% (Connor 1987).

    None where as many were gained as lost; at least 1 where the exact test does not tell yet.
    """
    if gained == lost:
        return None
    changed, difference = (gained + lost) / n, abs(gained - lost) / n
    needed = ((Z * sqrt(changed) + Z_POWER * sqrt(changed - difference**2)) / difference) ** 2
    return max(ceil(needed) - n, int(mcnemar(gained, lost) >= TOLD_FROM))


def cases_to_tell_means(differences: Floats) -> int | None:
    """The same for a mean of paired differences (n,), by the normal approximation; None where it is 0 or its spread cannot be told."""
    told = differences[~np.isnan(differences)]
    if len(told) < 2 or told.mean() == 0:
        return None
    error = float(told.std(ddof=1) / abs(told.mean()))
    return max(ceil(((Z + Z_POWER) * error) ** 2) - len(told), int(error * Z >= sqrt(len(told))))


def cohen_kappa(one: Sequence[bool], other: Sequence[bool]) -> float | None:
    """Agreement of two judges beyond chance, -1 to 1 (Cohen 1960); None where both always say the same one thing."""
    n = len(one)
    agreed = sum(left == right for left, right in zip(one, other, strict=True))
    by_chance = sum(one) * sum(other) + (n - sum(one)) * (n - sum(other))
    return (n * agreed - by_chance) / (n * n - by_chance) if n * n > by_chance else None
