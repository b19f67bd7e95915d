"""Makes reports of any size from a seed, as full as real ones, for what shows them. All of it is invented."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from statistics import median
from typing import Final

from qa.evaluation.measures import MEASURES
from qa.evaluation.types import (
    Bin,
    Case,
    Change,
    Cited,
    Comparison,
    Estimate,
    Fault,
    Group,
    Judgement,
    Mark,
    Outcome,
    Reply,
    Report,
    Requirement,
    Run,
    Scored,
    Shown,
    Support,
)
from qa.types import Sentence, Withdrawn

TYPES: Final = ("fact", "date", "number", "typo", "paraphrase", "comparison", "unanswerable")
SYLLABLES: Final = (
    "ba co del fir gan hu in jor kel lo mer nu os pra quil ra sto tan ul ver wey xi yor zen tion ment al ed ing er ous ly".split()
)
EXAMPLES: Final = (
    ("system", "Answer questions from numbered sentences. Reply with the number of the sentence that states the answer, in brackets."),
    ("user", "“Harbour bridge opens” (4 May 1998)\n[1] The bridge had cost 40 million kroner.\n\nQuestion: What was the price?"),
    ("assistant", "[1] It had cost 40 million kroner."),
    ("user", "Question: How long is the bridge?"),
    ("assistant", "[0] Not stated"),
)
HOSTILE: Final = (
    "</script><img src=x onerror=alert(1)> <b>bold</b> ${alert(2)} `code` | @someone #123 \u202e\x1b[31m [x](javascript:alert(3)) &lt;"
)


class Maker:
    """Text and cases from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.vocabulary = ["".join(self.random.choices(SYLLABLES, k=self.random.randint(1, 4))) for _ in range(6000)]
        self.vocabulary.sort(key=len)
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(6000)))  # Zipf's law
        self.names = [word.capitalize() for word in self.vocabulary[500:2500]]

    def words(self, n: int) -> str:
        return " ".join(self.random.choices(self.vocabulary, cum_weights=self.weights, k=n))

    def sentence(self, n: int = 0) -> str:
        text = self.words(n or self.random.randint(12, 30))
        return f"{self.random.choice(self.names)} {text} {self.random.choice(self.names)} in {self.random.randint(1950, 2026)}."

    def case(self, number: int) -> tuple[Case, str]:
        """A case, and the sentence that answers it."""
        kind = self.random.choice(TYPES)
        fact, file = self.sentence(), f"papers/{self.random.randint(0, 999):03}_{self.random.randbytes(8).hex()}.txt"
        words = fact.split()
        question = f"What {self.words(self.random.randint(5, 12))} {words[0]}?"
        if kind == "unanswerable":
            return Case(f"s{number:03}", question, answerable=False, type=kind), fact
        answer = " ".join(words[3:5])
        options = (answer, f"{answer} {self.random.choice(self.names)}") if number % 3 else (answer,)
        support = (Support(file, fact),)
        if number % 9 == 4:
            return Case(
                f"s{number:03}", question, True, all_of=((answer,), (words[-1].rstrip("."), "then")), support=support, type=kind
            ), fact
        patterns = (rf"\b{words[4]}\b",) if number % 11 == 5 else ()
        return Case(f"s{number:03}", question, True, answers=options, patterns=patterns, support=support, type=kind), fact

    def evidence(self, fact: str, file: str, n: int = 9) -> tuple[Shown, ...]:
        place = self.random.randrange(n + 2)  # now and then it is not among them
        headings = [f"{self.sentence(6).rstrip('.')} (4 May 2024)" for _ in range(3)]
        return tuple(
            Shown(i + 1, file if i == place else f"papers/{i:03}.txt", headings[i * 3 // n], fact if i == place else self.sentence())
            for i in range(n)
        )

    def reply(self, case: Case, fact: str) -> Reply:
        file = case.documents[0] if case.support else "papers/other.txt"
        evidence = self.evidence(fact, file)
        chance = self.random.random()
        answered = chance < (0.82 if case.answerable else 0.12)
        pool = [one for one in evidence if one.text == fact] if chance < 0.7 else []
        chosen = [*pool, *self.random.sample(evidence, k=self.random.randint(1, 2))][: self.random.randint(1, 3)] if answered else []
        cited = tuple(Cited(i, one.file, one.heading, 40 * i, 40 * i + len(one.text), one.text, i < 3) for i, one in enumerate(chosen, 1))
        sentences = tuple(Sentence(one.quote, (one.number,)) for one in cited)
        answer = " ".join(f"{one.text.rstrip('.')} [{one.citations[0]}]." for one in sentences) or "The documents do not tell."
        withdrawn = () if answered and chance > 0.2 else (Withdrawn(self.sentence(), "a place was asked for, and it tells none"),)
        shown = "\n".join(f"[{one.number}] {one.text}" for one in evidence)
        first = self.random.gammavariate(3, 500)
        return Reply(
            case=case.id,
            question=case.question,
            standalone_question=case.question.replace("What", "What exactly") if self.random.random() < 0.1 else case.question,
            answered=answered,
            answer=answer,
            confidence=min(0.999, self.random.betavariate(4, 2)) if answered else 0.0,
            reason=None if answered else "no sentence of the documents states it",
            sentences=sentences,
            citations=cited,
            evidence=evidence,
            ranking=tuple(
                dict.fromkeys([one.file for one in evidence] + [f"papers/{self.random.randbytes(6).hex()}.txt" for _ in range(6)])
            ),
            withdrawn=withdrawn,
            prompt=(*EXAMPLES, ("user", f"“{evidence[0].heading}”\n{shown}\n\nQuestion: {case.question}")),
            output="\n".join(f"[{one.number}] {one.text}" for one in chosen) or "[0] Not stated",
            model="qwen2.5-coder-1.5b",
            prompt_tokens=364 + self.random.randint(-60, 60),
            completion_tokens=self.random.randint(5, 60),
            evidence_ms=self.random.uniform(30, 90),
            first_token_ms=first if chance < 0.97 else None,
            total_ms=first + self.random.gammavariate(4, 700),
        )

    def scored(self, number: int) -> Scored:
        case, fact = self.case(number)
        return marked(case, self.reply(case, fact))


def marked(case: Case, reply: Reply) -> Scored:
    """Marks as the scores give them, by the shape of the reply: right where the first citation is the fact."""
    good = reply.answered == case.answerable
    if case.support and reply.answered:
        good = any(one.quote == case.support[0].quote for one in reply.citations)
    outcome: Outcome = (
        ("right" if good else "wrong" if reply.answered else "withheld") if case.answerable else "silent" if good else "invented"
    )
    return Scored(case, reply, outcome, dict(_marks(case, reply, good)))


def _marks(case: Case, reply: Reply, good: bool) -> Iterator[tuple[str, Mark]]:
    reason = f"says “{case.answers[0]}”" if good and case.answers else "says none of what is accepted" if reply.answered else "withheld"
    yield "overall", Mark(float(good), reason if case.answerable else "answered, though the documents do not tell")
    yield ("refused_answerable" if case.answerable else "refused_unanswerable"), Mark(float(not reply.answered), reply.reason or "answered")
    if reply.answered:
        yield "wrong_given", Mark(float(not good), reason)
        yield (
            "citation_precision",
            Mark(good / len(reply.citations or (1,)), f"{int(good)} of {len(reply.citations)} cited places hold the support"),
        )
        yield "citation_recall", Mark(good / len(reply.sentences or (1,)), "a sentence cites a place that holds the support")
        yield "invented_citations", Mark(float(any(not one.verbatim for one in reply.citations)), "0 of 2 footnotes stand in no file")
    if case.answerable:
        yield "right", Mark(float(good), reason)
        yield "f1", Mark(0.8 if good else 0.2, "words in common with the nearest accepted answer")
        yield "evidence_answer", Mark(float(good), "it stands in the sentences shown")
        rank = reply.ranking.index(case.documents[0]) + 1 if case.documents[0] in reply.ranking else 99
        for k in (1, 5, 10):
            yield f"hit@{k}", Mark(float(rank <= k), f"at rank {rank}")
        yield "mrr", Mark(1 / rank, f"at rank {rank}")
    times = (("evidence_ms", reply.evidence_ms), ("first_token_ms", reply.first_token_ms), ("total_ms", reply.total_ms))
    yield from ((name, Mark(value)) for name, value in times if value is not None)


def estimates(scored: Sequence[Scored]) -> Mapping[str, Estimate]:
    """Figures with intervals of about the right size: what is tested is how they are shown."""
    found = {}
    for measure in MEASURES:
        values = [one.marks[measure.name].value for one in scored if measure.name in one.marks]
        if measure.kind == "whole" and scored:
            found[measure.name] = Estimate(0.112, 0.081, 0.154, len(scored))
        elif values:
            found[measure.name] = _estimate(measure.kind, values)
    return found


def _estimate(kind: str, values: Sequence[float]) -> Estimate:
    n, value = len(values), median(values) if kind == "median" else sum(values) / len(values)
    spread = (0.1 * value if kind == "median" else (max(value * (1 - value), 0.01) / n) ** 0.5) * 1.96
    low, high = max(0.0, value - spread), value + spread if kind == "median" else min(1.0, value + spread)
    return Estimate(value, low, high, n, round(value * n) if kind == "share" else None)


def risk_coverage(scored: Sequence[Scored]) -> tuple[tuple[float, float], ...]:
    given = sorted((one for one in scored if "wrong_given" in one.marks), key=lambda one: -one.reply.confidence)
    points, wrong = [], 0.0
    for n, one in enumerate(given, 1):
        wrong += one.marks["wrong_given"].value
        points.append((n / len(given), wrong / n))
    return tuple(points)


def reliability(scored: Sequence[Scored]) -> tuple[Bin, ...]:
    given = [one for one in scored if "wrong_given" in one.marks]
    bins = []
    for low in (i / 10 for i in range(10)):
        inside = [one for one in given if low <= one.reply.confidence < low + 0.1]
        if inside:
            right = sum(1 - one.marks["wrong_given"].value for one in inside) / len(inside)
            bins.append(Bin(low, low + 0.1, len(inside), sum(one.reply.confidence for one in inside) / len(inside), right))
    return tuple(bins)


def comparison(scored: Sequence[Scored]) -> Comparison:
    n = len(scored)
    changes = (
        Change("overall", n, 0.71, 0.77, -0.01, 0.13, 0.18, 5, 2, "cannot tell", 120),
        Change("refused_unanswerable", 11, 0.64, 0.91, 0.05, 0.49, 0.03, 3, 0, "better"),
        Change("citation_precision", n, 0.81, 0.8, -0.05, 0.03, None, None, None, "cannot tell"),
        Change("first_token_ms", n, 1500, 1900, 120, 640, None, None, None, "worse"),
    )
    fine = tuple(one.case.id for one in scored if one.outcome in ("right", "silent"))
    bad = tuple(one.case.id for one in scored if one.outcome in ("wrong", "invented"))
    return Comparison("last week", changes, fine[:5], bad[:2])


def report(n: int = 48, seed: int = 0, scored: Sequence[Scored] | None = None, bare: bool = False) -> Report:
    """A report of `n` cases (or of those given); `bare`: without comparison, requirements and judgement."""
    maker = Maker(seed)
    cases = tuple(maker.scored(i + 1) for i in range(n)) if scored is None else tuple(scored)
    kinds: dict[str, list[Scored]] = {}
    for one in cases:
        kinds.setdefault(one.case.type, []).append(one)
    counted = Counter[Outcome](one.outcome for one in cases)
    faults = tuple(Fault(line, "answerable is missing") for line in (7, 12, 13, 14, 15, 16, 40))
    run = Run("gold questions", "2026-11-02T14:03:00+00:00", "qwen2.5-coder-1.5b", "9f3c2a71", "b1b2521", {"MODEL": "qwen"}, faults)
    bare_report = Report(
        run=run,
        scored=cases,
        groups=(Group("", n, estimates(cases)), *(Group(kind or "(none)", len(ones), estimates(ones)) for kind, ones in kinds.items())),
        outcomes=counted,
        risk_coverage=risk_coverage(cases),
        reliability=reliability(cases),
        resampled="by document: 57 clusters",
    )
    return bare_report if bare else with_everything(bare_report)


def with_everything(plain: Report) -> Report:
    judged = {one.case.id: one.outcome == "right" or i % 17 == 0 for i, one in enumerate(plain.scored) if one.reply.answered}
    return replace(
        plain,
        comparison=comparison(plain.scored),
        requirements=(
            Requirement("right>=0.5", True, "0.62 (24 of 39)"),
            Requirement("refused_unanswerable>=0.95", False, "0.91 (10 of 11)"),
        ),
        judgement=Judgement("qwen3-8b", judged, 0.91, 0.74),
    )


def hostile(seed: int = 1) -> Scored:
    """A case in which everything that comes from outside attacks whatever shows it."""
    one = Maker(seed).scored(1)
    case = replace(
        one.case, id="x/<i>&1", question=HOSTILE, answers=(HOSTILE,), answerable=True, type="<u>", support=(Support(HOSTILE, HOSTILE),)
    )
    cited = tuple(replace(cited, title=HOSTILE, file=HOSTILE, quote=HOSTILE, number=1) for cited in one.reply.citations[:1])
    shown = (Shown(1, HOSTILE, HOSTILE, HOSTILE),)
    reply = replace(
        one.reply,
        question=HOSTILE,
        answered=True,
        answer="<b>no</b> [1] <script>alert(4)</script>",
        citations=cited,
        evidence=shown,
        withdrawn=(Withdrawn(HOSTILE, HOSTILE),),
        prompt=(*EXAMPLES, ("user", HOSTILE)),
        output=HOSTILE,
    )
    return replace(marked(case, reply), outcome="wrong")
