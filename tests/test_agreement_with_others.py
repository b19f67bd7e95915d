"""Our scores against independent implementations, on seeded random replies."""

import numpy as np
import pytest
import pytrec_eval
from scipy import stats  # type: ignore[import-untyped]
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, cohen_kappa_score

from qa.evaluation.calibration import brier, expected_calibration_error, reliability
from qa.evaluation.matching import exact_match, normalised, token_f1
from qa.evaluation.ranking import hit, ndcg, recall, reciprocal_rank
from qa.evaluation.statistics import cohen_kappa, interval, mcnemar, resamples, weighted_mean, wilson

QUERIES = 300
NAMES = [f"d{number}" for number in range(40)]


def rankings() -> list[tuple[list[str], list[str]]]:
    """Rankings of up to 20 of 40 documents, and one to six that are relevant, found or not."""
    random = np.random.default_rng(1)
    return [
        (
            list(map(str, random.permutation(NAMES)[: random.integers(1, 21)])),
            list(map(str, random.permutation(NAMES)[: random.integers(1, 7)])),
        )
        for _ in range(QUERIES)
    ]


def test_ranking_agrees_with_trec_eval() -> None:
    replies = rankings()
    judgements = {str(number): dict.fromkeys(relevant, 1) for number, (_, relevant) in enumerate(replies)}
    runs = {str(number): {name: 1.0 / rank for rank, name in enumerate(ranking, 1)} for number, (ranking, _) in enumerate(replies)}
    measures = {"ndcg_cut.5,10", "recall.5,10", "recip_rank", "success.1,5,10"}
    theirs = pytrec_eval.RelevanceEvaluator(judgements, measures).evaluate(runs)
    for number, (ranking, relevant) in enumerate(replies):
        ours = {f"ndcg_cut_{k}": ndcg(ranking, relevant, k) for k in (5, 10)}
        ours |= {f"recall_{k}": recall(ranking, relevant, k) for k in (5, 10)}
        ours |= {f"success_{k}": hit(ranking, relevant, k) for k in (1, 5, 10)}
        ours["recip_rank"] = reciprocal_rank(ranking, relevant)
        assert ours == pytest.approx(theirs[str(number)], rel=0, abs=1e-12)
    assert 0 < sum(theirs[query]["success_5"] for query in theirs) < QUERIES


def replies(n: int, seed: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Confidences, some of them on the edge of a bin, and whether the answer was right."""
    random = np.random.default_rng(seed)
    confidence = random.random(n)
    confidence[: n // 3] = random.integers(0, 11, n // 3) / 10
    return confidence, random.random(n) < confidence


@pytest.mark.parametrize("seed", range(5))
def test_calibration_agrees_with_scikit_learn(seed: int) -> None:
    confidence, right = replies(400, seed)
    assert brier(confidence, right) == pytest.approx(brier_score_loss(right, confidence), rel=0, abs=1e-12)
    share, mean = calibration_curve(right, confidence, n_bins=10, strategy="uniform")
    bars = reliability(confidence, right)
    assert [bar.right for bar in bars] == pytest.approx(share, rel=0, abs=1e-12)
    assert [bar.confidence for bar in bars] == pytest.approx(mean, rel=0, abs=1e-12)
    gaps = sum(bar.n * abs(one - other) for bar, one, other in zip(bars, share, mean, strict=True)) / 400
    assert expected_calibration_error(confidence, right) == pytest.approx(gaps, rel=0, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_kappa_agrees_with_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.random(300) < 0.6, random.random(300) < 0.5
    other[:150] = one[:150]
    assert cohen_kappa(one.tolist(), other.tolist()) == pytest.approx(cohen_kappa_score(one, other), rel=0, abs=1e-12)


def test_mcnemar_agrees_with_scipy() -> None:
    counts = [(0, 1), (3, 3), (0, 40), (4900, 5100), *map(tuple, np.random.default_rng(3).integers(0, 400, (200, 2)).tolist())]
    for gained, lost in counts:
        assert mcnemar(gained, lost) == pytest.approx(stats.binomtest(gained, gained + lost).pvalue, rel=1e-9, abs=1e-12)


def test_wilson_agrees_with_scipy() -> None:
    random = np.random.default_rng(4)
    for n in (1, 2, 10, *random.integers(1, 5000, 200).tolist()):
        for count in (0, n, int(random.integers(0, n + 1))):
            theirs = stats.binomtest(count, n).proportion_ci(0.95, "wilson")
            assert wilson(count, n) == pytest.approx((theirs.low, theirs.high), rel=0, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_bootstrap_of_a_mean_agrees_with_scipy(seed: int) -> None:
    """Two bootstraps of other draws: their bounds differ by a small part of the interval."""
    values = np.random.default_rng(seed).exponential(size=150)
    clusters = [str(number) for number in range(150)]
    low, high = interval(np.concatenate([weighted_mean(values, weights) for weights in resamples(clusters, seed, times=8000)]))
    theirs = stats.bootstrap((values,), np.mean, n_resamples=8000, method="percentile", rng=seed + 100).confidence_interval
    assert abs(low - theirs.low) < 0.04 * (theirs.high - theirs.low)
    assert abs(high - theirs.high) < 0.04 * (theirs.high - theirs.low)


SQUAD = [  # prediction, references, normalised prediction, exact match, F1: by hand, from the rules
    ("Denver Broncos", ["Denver Broncos"], "denver broncos", 1, 1),
    ("The Denver Broncos.", ["Denver Broncos"], "denver broncos", 1, 1),
    ("denver  broncos\n", ["the DENVER, broncos!"], "denver broncos", 1, 1),
    ("Broncos", ["Denver Broncos", "Carolina Panthers"], "broncos", 0, 2 / 3),
    ("Denver Broncos won", ["Denver Broncos", "Broncos won it all"], "denver broncos won", 0, 4 / 5),
    ("10th and 11th centuries", ["in the 10th and 11th centuries"], "10th and 11th centuries", 0, 8 / 9),
    ("the the cat", ["cat cat"], "cat", 0, 2 / 3),
    ("cat cat dog", ["cat dog dog"], "cat cat dog", 0, 2 / 3),
    ("U.S.A.", ["USA"], "usa", 1, 1),
    ("U. S. A.", ["USA"], "u s", 0, 0),  # the last letter is an article by then
    ("well-known", ["well known"], "wellknown", 0, 0),
    ("1,800", ["1800"], "1800", 1, 1),
    ("$5.5", ["55"], "55", 1, 1),  # so the rules have it
    ("an apple a day", ["apple day"], "apple day", 1, 1),
    ("Athens", ["thens"], "athens", 0, 0),
    ("a-level", ["alevel"], "alevel", 1, 1),  # punctuation goes before articles
    ("the's", ["thes"], "thes", 1, 1),
    ("don’t", ["dont"], "don’t", 0, 0),  # only ASCII punctuation goes
    ("the ‘cat’", ["‘cat’"], "‘cat’", 1, 1),
    ("Café", ["cafe"], "café", 0, 0),
    ("snake_case", ["snakecase"], "snakecase", 1, 1),
    ("", [], "", 1, 1),
    ("", [""], "", 1, 1),
    ("The.", [], "", 1, 1),
    ("something", [], "something", 0, 0),
    ("something", [""], "something", 0, 0),
    ("", ["something"], "", 0, 0),
    ("", ["the", "something"], "", 0, 0),  # a reference that says nothing is none beside one that says something
    ("", ["the", "a"], "", 1, 1),
    ("a", ["b"], "", 0, 0),
]


@pytest.mark.parametrize(("prediction", "references", "plain", "exact", "f1"), SQUAD)
def test_the_rules_of_squad(prediction: str, references: list[str], plain: str, exact: float, f1: float) -> None:
    assert normalised(prediction) == plain
    assert exact_match(prediction, references) == exact
    assert token_f1(prediction, references) == pytest.approx(f1, rel=0, abs=1e-12)
