"""Cases drafted from the documents themselves: a question for an answer that stands in a sentence, kept only where everything checks.

The answer comes first: a name, a number or a time of a sentence, chosen by the program. The model writes a question for it, which pure
functions take apart (`qa.evaluation.drafting`). What they pass is asked of the model again, and must come back with the same answer
(round-trip consistency, Alberti et al. 2019, "Synthetic QA Corpora Generation with Roundtrip Consistency").
"""

import itertools
import logging
import math
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from qa import prompts
from qa.errors import ReplyCutError
from qa.evaluation.drafting import CATEGORIES, Draft, answer_fault, answers_in, fault, opening
from qa.evaluation.forms import composed, fluency_fault, grammar
from qa.evaluation.swap import Source, digest, names, sentence_fault, sources, swaps
from qa.evaluation.types import Case, Proposal, Support
from qa.evidence import LEANS
from qa.facts import facts
from qa.types import Passage, Progress, ignore
from qa.words import content_words, fold, is_place, stem, vocabulary, words

if TYPE_CHECKING:
    from qa.models import LanguageModel

SURE_KINDS: Final = ("long form", "office")  # which the program reads off the sentence, so that no model is asked
SURE: Final = 0.8  # probability of yes that a draft needs
LIKE: Final = 0.6  # share of the question's words, by what they tell, at which another sentence may answer it too
SAME: Final = 0.5  # overlap of two questions with one answer that count as one
ALIKE: Final = 0.8  # overlap of any two questions that do
MOST_REPLY: Final = 100  # characters
HOLDS: Final = re.compile(r"\b(?:holds?|portfolio|office|post|appointed|named)\b")
COMMON: Final = 0.05  # share of the sentences that may hold an answer: what stands everywhere is the answer to too much
PER_SENTENCE: Final = 2  # questions that are kept of one sentence
PER_CASE: Final = 2  # unanswerable ones that are made from one answerable
MOST_TOKENS: Final = 80  # of a question, or an answer asked back
log = logging.getLogger(__name__)


class Library:
    """All sentences of all documents, and what their words tell."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.sources = sources(passages)
        counts = Counter(root for source in self.sources for root in vocabulary(source.text))
        self._weights = {root: math.log(1 + len(self.sources) / count) for root, count in counts.items()}
        self._most = math.log(1 + len(self.sources))

    def candidates(self, chance: random.Random) -> Iterator[Draft]:
        """The answers to draft questions for: an article after the other has its turn, and in an article a sentence after the other."""
        articles: dict[tuple[str, str], list[list[Draft]]] = {}
        for source in self.sources:
            found = () if sentence_fault(source) else answers_in(source)
            fit = [draft for draft in found if not answer_fault(draft) and (composed(draft) or not self.is_common(draft))]
            if fit:
                articles.setdefault(source.article, []).append(chance.sample(fit, len(fit)))
        turns = [_in_turn(chance.sample(sentences, len(sentences))) for sentences in articles.values()]
        yield from _in_turn(turns)

    def likeness(self, question: str, source: Source) -> float:
        """The share, 0 to 1, of a question's words that stand in a sentence (beside it or above it: half), each by what it tells."""
        asked = {stem(word): self._weights.get(stem(word), self._most) for word in content_words(question) if stem(word) not in CATEGORIES}
        inside, near = vocabulary(source.text), vocabulary(f"{source.window} {source.passage.title}")
        found = sum(weight * (1.0 if root in inside else 0.5 if root in near else 0.0) for root, weight in asked.items())
        return found / (sum(asked.values()) or 1.0)

    def ambiguity(self, draft: Draft) -> str | None:
        """Why the question may have another answer: a sentence is like it that holds something else of the same kind."""
        if draft.kind == "office":
            return self._second_office(draft)
        if draft.kind == "person" and len(self._bearers(draft.answer)) > 1:
            return f"several persons are called “{draft.answer}”"
        own, asked = self.likeness(draft.question, draft.source), vocabulary(draft.question)
        told = {stem(word) for word in content_words(draft.answer)}
        for source in self.sources:
            if told <= vocabulary(source.text) or self.likeness(draft.question, source) < LIKE * own:
                continue
            for other in answers_in(source):
                if are_rivals(draft, other) and not {stem(word) for word in content_words(other.answer)} <= asked:
                    return f"“{other.answer}” may be the answer too: “{source.text}”"
        return None

    def _second_office(self, draft: Draft) -> str | None:
        """Another office of the same person, or a sentence that may tell of one."""
        person = opening(draft).removeprefix("What office does ").removesuffix(" hold")
        for source in self.sources:
            others = [name.title for name in names(source.text) if name.text == person and name.title]
            beside = HOLDS.search(source.text) and set(person.split()) & set(words(source.text))
            if beside or any(content_words(other)[-2:] != content_words(draft.answer)[-2:] for other in others):
                return f"“{source.text}” may tell of another office"
        return None

    def variants(self, draft: Draft) -> tuple[str, ...]:
        """Other forms of an answer that will do: a surname that nobody else has, an office without its country, the year of a season."""
        first, _, rest = draft.answer.partition(" ")
        last = rest.rsplit(maxsplit=1)[-1] if rest else ""
        is_person = draft.kind == "person" or opening(draft).startswith("Who")
        fits = (
            (is_person and len(self._bearers(last)) == 1, last),
            (draft.kind == "office" and is_place(first), rest),
            (draft.kind == "time" and last.isdigit() and not facts(draft.answer).dates, last),
        )
        return tuple(variant for fit, variant in fits if fit and variant)

    def _bearers(self, last: str) -> set[str]:
        """The full names in the library that end with a word."""
        return {name.text for source in self.sources for name in names(source.text) if " " in name.text and name.text.split()[-1] == last}

    def is_common(self, draft: Draft) -> bool:
        """Whether an answer stands in so many sentences that it answers too much for a question by the model."""
        told = {stem(word) for word in content_words(draft.answer)}
        return sum(told <= vocabulary(source.text) for source in self.sources) > max(2, COMMON * len(self.sources))


def _in_turn(lists: Sequence[Sequence[Draft]]) -> list[Draft]:
    return [draft for turn in itertools.zip_longest(*lists) for draft in turn if draft is not None]


def are_rivals(one: Draft, other: Draft) -> bool:
    """Whether two answers may be answers to one question."""
    if "name" in (one.kind, other.kind):
        asked, also = opening(one), opening(other)
        return asked == also or (asked == "Who" and other.kind == "person") or (also == "Who" and one.kind == "person")
    return one.kind == other.kind


def alike(one: str, other: str) -> float:
    """The share, 0 to 1, of the words of two questions that they have in common (Jaccard)."""
    a, b = ({stem(word) for word in content_words(text)} for text in (one, other))
    return len(a & b) / (len(a | b) or 1)


def is_taken(draft: Draft, known: Collection[tuple[str, str]]) -> bool:
    """Whether a question was asked before, in these words or nearly; `known` are questions with their answers."""
    return any(alike(draft.question, question) >= (SAME if answer == draft.answer else ALIKE) for question, answer in known)


class Drafter:
    """Writes and tries questions with a language model."""

    def __init__(self, library: Library, model: "LanguageModel") -> None:
        self._library = library
        self._model = model
        self._propose = prompts.load("propose")
        self._answer = prompts.load("answer")
        self._confirm = prompts.load("confirm")

    def draft(self, candidate: Draft, known: Collection[tuple[str, str]]) -> Draft | None:
        """The candidate with a question that stood every test, put by the program or else by the model; or None. Raises EngineError."""
        for put in (composed, self.write):
            draft = replace(candidate, question=put(candidate))
            broken = put == self.write and fluency_fault(draft, read_text(draft.source))
            if draft.question and not broken and self._fault(draft, known) is None:
                return draft
        return None

    def _fault(self, draft: Draft, known: Collection[tuple[str, str]]) -> str | None:
        taken = "it was asked before" if is_taken(draft, known) else None
        reason = fault(draft) or taken or self._library.ambiguity(draft) or self.doubt(draft)
        log.debug("%s = %s: %s", draft.question, draft.answer, reason or "kept")
        return reason

    def write(self, draft: Draft) -> str:
        """A question for the answer, as the model writes it with the words of the sentence."""
        if draft.kind in SURE_KINDS or self._library.is_common(draft):
            return ""
        source = draft.source
        messages = self._propose.fill(
            article=source.passage.heading, sentence=read_text(source), answer=draft.answer, opening=opening(draft)
        )
        return self._reply(messages, grammar(draft, read_text(source))).partition("\n")[0].strip()

    def doubt(self, draft: Draft) -> str | None:
        """Why the model's own answers speak against a draft."""
        if draft.kind in SURE_KINDS:
            return None
        source = draft.source
        text = f"“{source.passage.title}”. {read_text(source)}"
        sure = self._model.yes(self._confirm.fill(source=text, question=draft.question, answer=draft.answer))
        if sure is not None and sure < SURE:
            return "the model does not confirm it"
        reply = self._ask(draft.question, source)
        return None if says(reply, draft) else f"asked back, the model says “{reply}”"

    def _ask(self, question: str, source: Source) -> str:
        """The model's answer from a sentence, as it is asked whenever a user asks; empty where it finds none."""
        shown = f"“{source.passage.title}”\n[1] {read_text(source)}"
        messages = self._answer.fill(evidence=shown, question=question)
        form = f'root ::= "[0] Not stated" | "[1] " [^\\n\\[\\]]{{2,{MOST_REPLY}}}'
        reply = self._reply(messages, form, stop=("\n",))
        number, _, text = reply.partition("]")
        return "" if number.strip("[ ") == "0" or "not stated" in fold(reply) else (text or reply).strip()

    def _reply(self, messages: Sequence[prompts.Message], form: str, stop: tuple[str, ...] = ()) -> str:
        """What the model says; empty where it does not come to an end, which speaks against the sentence and not against the engine."""
        try:
            reply = self._model.runnable(max_tokens=MOST_TOKENS, stop=stop, grammar=form).invoke(list(messages))
        except ReplyCutError:
            return ""
        return str(reply.content).strip()


def read_text(source: Source) -> str:
    """A sentence, with the one before it where it leans on that."""
    return f"{source.before} {source.text}" if LEANS.match(source.text) else source.text


def says(reply: str, draft: Draft) -> bool:
    """Whether a reply gives the answer and nothing else of its kind."""
    told = vocabulary(reply)
    if reply.startswith(
        read_text(draft.source)[: MOST_REPLY - 20].rstrip(".")
    ):  # the sentence, which says nothing of what in it is the answer
        return True
    others = [{stem(word) for word in content_words(other.answer)} for other in answers_in(draft.source) if are_rivals(draft, other)]
    asked = vocabulary(f"{draft.question} {draft.answer}")
    return {stem(word) for word in content_words(draft.answer)} <= told and not any(
        other <= told and not other <= asked for other in others
    )


def propose(  # noqa: PLR0917
    passages: Sequence[Passage],
    model: "LanguageModel",
    wanted: int,
    taken: Collection[str],
    seed: int,
    unanswerable_share: float = 1 / 3,
    progress: Progress = ignore,
) -> Iterator[Proposal]:
    """At most `wanted` cases as soon as each is found, fewer where the documents hold no more.

    `passages` must be all of the library, or a question may have answers that nobody looked for. `taken` are questions proposed before.
    The same passages, model, questions and seed give the same cases. Raises EngineError.
    """
    library = Library(passages)
    drafter = Drafter(library, model)
    known = [(question, "") for question in taken]
    given: list[Proposal] = []
    spare: list[Proposal] = []
    per_sentence: Counter[str] = Counter()
    for candidate in library.candidates(random.Random(seed)):
        progress("drafting", len(given), wanted)
        if len(given) >= wanted:
            return
        if per_sentence[candidate.source.text] >= PER_SENTENCE or (draft := drafter.draft(candidate, known)) is None:
            continue
        per_sentence[candidate.source.text] += 1
        found = drafted(draft, library.variants(draft))
        known.append((draft.question, draft.answer))
        spare += [swap for swap in itertools.islice(swaps(found.case, library.sources), PER_CASE) if swap.case.question not in taken]
        for one in itertools.chain((found,), _due(spare, given, unanswerable_share)):
            if len(given) < wanted:
                given.append(one)
                yield one
    progress("drafting", len(given), wanted)


def _due(spare: list[Proposal], given: Sequence[Proposal], share: float) -> Iterator[Proposal]:
    """Takes unanswerable cases off the spare ones until they have their share of what is given."""
    while spare and sum(not one.case.answerable for one in given) + 1 <= share * (len(given) + 1):
        yield spare.pop(0)


def drafted(draft: Draft, variants: tuple[str, ...]) -> Proposal:
    """A draft as a case that waits; `variants` are answers that will do too."""
    case = Case(
        id=f"d-{digest(draft.question)}",
        question=draft.question,
        answerable=True,
        answers=(draft.answer, *variants),
        support=(Support(draft.source.passage.file, draft.source.quote),),
        type="drafted",
    )
    return Proposal(case, "drafted", f"{draft.source.passage.heading}: {draft.source.text}")
