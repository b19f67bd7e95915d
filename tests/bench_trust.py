"""What answers are worth on public sets and the gold questions: `python -m tests.bench_trust FOLDER [SET ...]` or `make bench-trust`.

Each set (a folder with corpus.jsonl and questions.jsonl; `seeds` is ours) is indexed in a home of its own, a seeded sample of its questions
is asked of the embedded model at caution 0, and every reply is kept, so that a run stopped goes on. Confidence is then fitted to all of
them and told by cross-validation: what each caution gives, what is lost without each part, and how well a set is judged by the others.
`--write` puts the fit into qa/confidence.json.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from qa.confidence import FILE, MODELS, NAMES, Confidence, Signals
from qa.evaluation.cache import Cache
from qa.evaluation.calibrate import Fitted, fit, outcome
from qa.evaluation.calibration import expected_calibration_error
from qa.evaluation.cases import read_cases
from qa.evaluation.matching import judged
from qa.evaluation.record import ask
from qa.evaluation.run import run
from qa.evaluation.score import holds_support, score
from qa.evaluation.types import Case, Scored
from qa.service import QA
from qa.settings import Settings, data_folder
from qa.types import ignore

SEED: Final = 7
RESAMPLES: Final = 2000
SETS: Final[Mapping[str, tuple[int, float]]] = {
    "seeds": (72, 48 / 72),
    "squad2_cs224n_dev": (50, 0.5),
    "realtimeqa_dev": (50, 0.65),
    "clapnq": (50, 0.5),
    "timeqa_human": (40, 0.7),
}
"""How many questions of each set, and the share of answerable ones among them."""


def sample(cases: Sequence[Case], count: int, share: float) -> list[Case]:
    """So many cases, answerable and unanswerable mixed in that proportion, so that any beginning of them is such a sample too."""
    rng = random.Random(SEED)
    kinds = [[case for case in cases if case.answerable], [case for case in cases if not case.answerable]]
    for kind in kinds:
        rng.shuffle(kind)
    found: list[Case] = []
    taken = [0, 0]
    for place in range(min(count, len(cases))):
        wants = 0 if (taken[0] < share * (place + 1) and taken[0] < len(kinds[0])) or taken[1] >= len(kinds[1]) else 1
        found.append(kinds[wants][taken[wants]])
        taken[wants] += 1
    return found


def asked(name: str, bench: Path, homes: Path, limit: int | None) -> list[Scored]:
    """The sample of a set, asked and scored."""
    folder = data_folder("seeds") if name == "seeds" else bench / name
    documents = folder if name == "seeds" else folder / "corpus.jsonl"
    cases = sample(read_cases(folder / "questions.jsonl").cases, *SETS[name])[:limit]
    settings = Settings(home=homes / name, folders=(documents,), model="embedded", caution=0.0)
    qa = QA.open(settings)
    try:
        qa.wait()
        cache = Cache(settings.home / "evaluations" / "replies.jsonl")
        replies = run(cases, lambda case: ask(qa, case), cache, qa.fingerprint(), ignore)
        scored = [score(case, replies[case.id]) for case in cases]
    finally:
        qa.close()
    return [replace(one, case=replace(one.case, id=f"{name}/{one.case.id}")) for one in scored]


def set_of(one: Scored) -> str:
    return one.case.id.split("/")[0]


def interval(marks: Sequence[bool]) -> str:
    """`75% (62-86)`: the share, and its 95% bootstrap interval over the cases."""
    if not marks:
        return "–"
    drawn = np.random.default_rng(SEED).choice(np.array(marks, dtype=float), (RESAMPLES, len(marks))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.mean(marks):.0%} ({low * 100:.0f}-{high * 100:.0f})"


def row(scored: Sequence[Scored], given: Mapping[str, bool]) -> str:
    """Answerable right, unanswerable withheld, answers given wrong, where these ids are answered."""
    answerable = [given[one.case.id] and bool(outcome(one)) for one in scored if one.case.answerable]
    silent = [not given[one.case.id] for one in scored if not one.case.answerable]
    wrong = [not outcome(one) for one in scored if given[one.case.id]]
    return f"{interval(answerable):>16} {interval(silent):>16} {interval(wrong):>16}"


def raw_right(one: Scored) -> bool | None:
    """Whether what the model wrote, unchecked, is right."""
    if not one.case.answerable:
        return False
    found = judged(one.case, one.reply.output)
    return outcome(one) if found is None else bool(found.value)


def unchecked(scored: Sequence[Scored]) -> str:
    """The row of the model alone: everything that it wrote is given, but for its own "not stated"."""
    spoke = {one.case.id: bool(one.reply.output) and not one.reply.output.startswith("[0]") for one in scored}
    answerable = [spoke[one.case.id] and bool(raw_right(one)) for one in scored if one.case.answerable]
    silent = [not spoke[one.case.id] for one in scored if not one.case.answerable]
    wrong = [not raw_right(one) for one in scored if spoke[one.case.id]]
    return f"{interval(answerable):>16} {interval(silent):>16} {interval(wrong):>16}"


def given_at(scored: Sequence[Scored], fitted: Fitted, caution: float) -> dict[str, bool]:
    return {one.case.id: fitted.left_out.get(one.case.id, 0.0) >= caution for one in scored}


def tell(scored: Sequence[Scored], caution: float) -> Fitted:
    model = next(one.reply.model for one in scored if one.reply.model)
    known = [one for one in scored if outcome(one) is not None or not one.reply.answered]
    whole = fit(known, model)
    found = whole.confidence
    print(f"{len(known)} questions, {found.answers} answers, {found.right} of them right; intervals: bootstrap over questions\n")
    print(f"{'at caution ' + str(caution):34} {'right':>16} {'withheld':>16} {'given: wrong':>16}")
    for name in dict.fromkeys(map(set_of, known)):
        inside = [one for one in known if set_of(one) == name]
        print(f"{name:34} {row(inside, given_at(inside, whole, caution))}")
    print(f"{'all':34} {row(known, given_at(known, whole, caution))}\n")
    _ablation(known, whole, model, caution)
    _citations(known, whole, caution)
    _curve(known, whole)
    _by_the_others(known, model)
    return whole


def _ablation(known: Sequence[Scored], whole: Fitted, model: str, caution: float) -> None:
    print(f"{'what each part does':34} {'right':>16} {'withheld':>16} {'given: wrong':>16}   AUC")
    print(f"{'the model alone':34} {unchecked(known)}")
    print(f"{'and the checks (caution 0)':34} {row(known, {one.case.id: one.reply.answered for one in known})}")
    for name in NAMES:
        without = fit(known, model, [other for other in NAMES if other != name])
        print(f"{'confidence without ' + name:34} {row(known, given_at(known, without, caution))}   {without.confidence.auc:.3f}")
    print(f"{'all of it':34} {row(known, given_at(known, whole, caution))}   {whole.confidence.auc:.3f}\n")


def _citations(known: Sequence[Scored], whole: Fitted, caution: float) -> None:
    given = [one for one in known if given_at([one], whole, caution)[one.case.id]]
    cited = [citation for one in given for citation in one.reply.citations]
    print(f"citations verbatim: {sum(one.verbatim for one in cited)} of {len(cited)}; ", end="")
    sentences = [sentence for one in given for sentence in one.reply.sentences]
    print(f"sentences cited: {sum(bool(one.citations) for one in sentences)} of {len(sentences)}; ", end="")
    named = [one for one in given if any(support.quote for support in one.case.support)]
    holds = [holds_support(one.case, citation) for one in named for citation in one.reply.citations]
    print(f"citations on gold sentences: {interval(holds)} of {len(holds)}\n")


def _curve(known: Sequence[Scored], whole: Fitted) -> None:
    print("risk and coverage: share of all questions answered, and share of these wrong")
    ranked = sorted(whole.left_out.items(), key=lambda one: -one[1])
    right = {one.case.id: bool(outcome(one)) for one in known}
    for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        first = ranked[: round(share * len(known))]
        if first:
            print(f"  {share:.0%}: {np.mean([not right[id_] for id_, _ in first]):.1%} at confidence {first[-1][1]:.2f}")
    print(
        f"calibration error {whole.confidence.calibration_error:.3f}, Brier {whole.confidence.brier:.3f}, AUC {whole.confidence.auc:.3f}\n"
    )


def _by_the_others(known: Sequence[Scored], model: str) -> None:
    print("each set judged by a fit to the others: AUC, calibration error")
    for name in dict.fromkeys(map(set_of, known)):
        fitted = fit([one for one in known if set_of(one) != name], model).confidence
        inside = [one for one in known if set_of(one) == name and one.reply.answered]
        told = np.array([fitted.probability(Signals(**one.reply.signals)) for one in inside])
        right = np.array([bool(outcome(one)) for one in inside])
        gaps = told[right][:, None] - told[~right][None, :]
        area = np.mean(gaps > 0) + np.mean(gaps == 0) / 2 if gaps.size else float("nan")
        print(f"  {name:32} {area:.3f} {float(expected_calibration_error(told, right)):.3f} ({len(inside)} answers)")


def write(found: Confidence) -> None:
    FILE.write_bytes(MODELS.dump_json((found,), indent=2) + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("sets", nargs="*", help="seeds, or folders of the bench")
    parser.add_argument("--homes", type=Path, default=Path(".venv/bench"))
    parser.add_argument("--limit", type=int, help="only the first N questions of each sample")
    parser.add_argument("--caution", type=float, default=Settings().caution)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    scored = [one for name in options.sets or SETS for one in asked(name, options.bench, options.homes, options.limit)]
    fitted = tell(scored, options.caution)
    if options.write:
        write(fitted.confidence)


if __name__ == "__main__":
    main()
