"""Drafting cases: what is asked for, what is refused and why, and the whole with LangChain's own fake chat model."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGenerationChunk

from qa.errors import ReplyCutError
from qa.evaluation.drafting import Draft, answer_fault, answers_in, fault, opening
from qa.evaluation.forms import base, composed, fluency_fault, grammar
from qa.evaluation.propose import Drafter, Library, alike, propose, says
from qa.evaluation.swap import Source, sentence_fault, sources
from qa.evaluation.types import Proposal
from qa.models import LanguageModel
from qa.types import Passage, Span

BRIDGE = "The harbour bridge between Arvik and Solberg was opened by Mayor Kari Dahl on 4 May 1998."
OUTPOST = "In 2011 the US forces bombed an outpost on the border of Norland, killing 24 soldiers, General Ole Reyl said."


def passage(*sentences: str, number: int = 0, title: str = "Notes") -> Passage:
    """A passage of an article of its own, made of these sentences."""
    starts = [sum(len(sentence) + 1 for sentence in sentences[:i]) for i in range(len(sentences))]
    spans = tuple(Span(start, start + len(sentence)) for start, sentence in zip(starts, sentences, strict=True))
    text = " ".join(sentences)
    return Passage(f"p{number}", f"d{number}", f"{number}.txt", title, None, None, 0, len(text), text, spans)


def source(text: str, title: str = "Notes") -> Source:
    return sources([passage(text, title=title)])[0]


def draft(text: str, answer: str, question: str = "", title: str = "Notes") -> Draft:
    found = next(one for one in answers_in(source(text, title)) if one.answer == answer)
    return replace(found, question=question)


def model(replies: Sequence[str]) -> LanguageModel:
    return LanguageModel.of(GenericFakeChatModel(messages=iter([AIMessage(reply) for reply in replies])))


@pytest.mark.parametrize(
    ("text", "answer", "begins"),
    [
        (BRIDGE, "Kari Dahl", "Which Mayor"),
        (BRIDGE, "4 May 1998", "When"),
        (OUTPOST, "2011", "In which year"),
        (OUTPOST, "24", "How many soldiers"),
        ("The treaty, signed for 15 years, ran out in June.", "15 years", "For how many years"),
        ("The treaty, signed for 15 years, ran out in June.", "June", "In which month"),
        ("The line is built by Swiss engineering firm Tessa Rail in Bern.", "Tessa Rail", "Which Swiss engineering firm"),
        ("The line is built by Swiss engineering firm Tessa Rail in Bern.", "Bern", "Where"),
        ("It lost 40% of its wheat.", "40%", "What percentage"),
        ("Wheat was sold for $310 in the Balik province.", "$310", "How much"),
        ("A $7 billion programme was set up.", "$7 billion", ""),
        ("Wheat was sold in the Balik province.", "Balik", "Which province"),
        ("She works for the Lindvik Museum.", "Lindvik Museum", "Which museum"),
        ("The North Sea Fund (NSF) pays for it.", "North Sea Fund", "What does NSF stand for"),
        ("It was Malaysia that paid.", "Malaysia", "Which country"),
    ],
)
def test_how_a_question_begins(text: str, answer: str, begins: str) -> None:
    kinds = [one for one in answers_in(source(text)) if one.answer == answer]
    assert begins in [opening(one) for one in kinds]


@pytest.mark.parametrize(
    "text",
    [
        "Who knows whether the harbour bridge will ever be opened in Arvik?",
        "“The harbour bridge has been opened, said Mayor Kari Dahl of Arvik.",
        "Following good rains, migratory birds like storks and pelicans have…",
        "Bridge opens in Arvik",
    ],
)
def test_what_is_no_whole_statement_is_no_source(text: str) -> None:
    assert sentence_fault(source(text))
    assert sentence_fault(source(BRIDGE)) is None


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("Kari Dahl met the mayor, and then Kari Dahl left in May.", "Kari Dahl", "twice"),
        ("ARVIK: The harbour bridge was opened by Mayor Kari Dahl.", "ARVIK", "dateline"),
        ("The bridge lies between Solberg and the sea.", "Solberg", "nothing tells"),
        ("It was made for their album Songs of Arvik No. 16 and became a hit.", "16", "nothing tells"),
        ("Mount Weil, which is the source of two rivers, stands in the north.", "Mount Weil", "nothing tells"),
        ("Dilip Dahl is an Indian actor of film and television.", "Indian", "adjective"),
    ],
)
def test_what_is_no_answer(text: str, answer: str, reason: str) -> None:
    assert reason in (answer_fault(draft(text, answer)) or "")


GOOD = "Which Mayor opened the harbour bridge between Arvik and Solberg on 4 May 1998?"


class Rambling(FakeListChatModel):
    def _stream(self, *args: object, **kwargs: object) -> Iterator[ChatGenerationChunk]:
        raise ReplyCutError("The reply was cut", "Ask something narrower.")

    def _call(self, *args: object, **kwargs: object) -> str:
        raise ReplyCutError("The reply was cut", "Ask something narrower.")


def test_a_reply_without_an_end_speaks_against_the_sentence_alone() -> None:
    drafter = Drafter(Library([]), LanguageModel.of(Rambling(responses=[""])))
    assert drafter.write(draft(OUTPOST, "24")) == ""


def test_nothing_speaks_against_a_good_question() -> None:
    assert fault(draft(BRIDGE, "Kari Dahl", GOOD)) is None
    assert fault(draft(BRIDGE, "4 May 1998", "When did Mayor Kari Dahl open the harbour bridge between Arvik and Solberg?")) is None
    assert fault(draft(OUTPOST, "24", "How many soldiers did the US forces kill in 2011 on the border of Norland?")) is None


@pytest.mark.parametrize(
    ("text", "answer", "question", "reason"),
    [
        (BRIDGE, "Kari Dahl", GOOD[:-1], "not one question"),
        (BRIDGE, "Kari Dahl", "Which Mayor opened it and when was the harbour bridge of Arvik opened?", "not one question"),
        (BRIDGE, "Kari Dahl", "Which Mayor opened it?", "too short"),
        (BRIDGE, "Kari Dahl", "Which Mayor is Dahl of the harbour bridge between Arvik and Solberg?", "gives the answer away"),
        (BRIDGE, "Kari Dahl", "Which Mayor opened the bridge that this article speaks of on 4 May 1998?", "points at something outside"),
        (BRIDGE, "Kari Dahl", "Which Mayor was it who opened the harbour bridge of Arvik?", "points at something outside"),
        (BRIDGE, "4 May 1998", "When was the bridge opened by the Mayor of Arvik, Kari Dahl?", "“the bridge” does not say which"),
        (BRIDGE, "Kari Dahl", "Which Mayor was at the meeting on the opened harbour bridge?", "names too little"),
        (BRIDGE, "Kari Dahl", "Who opened the harbour bridge between Arvik and Solberg in May?", "asks for something else"),
        (BRIDGE, "Kari Dahl", GOOD.replace("Solberg", "Morva"), "“Morva” does not stand"),
        (BRIDGE, "Kari Dahl", GOOD.replace("1998", "1999"), "“1999” does not stand"),
        (BRIDGE, "Kari Dahl", "Which Mayor paid the cheerful engineers of the bridge near Arvik?", "does not stand"),
        (OUTPOST, "24", "How many soldiers were killed when the US forces bombed the outpost in Norland?", "“the outpost”"),
        (
            "Mayor Kari Dahl and Jan Weil opened the bridge of Arvik.",
            "Jan Weil",
            "Who opened the bridge of the town of Arvik?",
            "“Kari Dahl” may be asked for as well",
        ),
        (
            "Norland and Esteria signed a treaty some time after it was sent to Arvik in 2013.",
            "2013",
            "In which year did Norland and Esteria sign a treaty in Arvik?",
            "the sentence says “after”",
        ),
    ],
)
def test_why_a_question_is_refused(text: str, answer: str, question: str, reason: str) -> None:
    assert reason in (fault(draft(text, answer, question)) or "nothing")


def test_vague_words_may_be_told_apart_by_a_name() -> None:
    text = "The delegation of Norland, led by Jan Weil, came to Arvik in 2013."
    assert "does not say which" in (fault(draft(text, "2013", "In which year did the delegation come to Arvik, Norland?")) or "")
    assert fault(draft(text, "2013", "In which year did the delegation led by Jan Weil come to Arvik?")) is None


def test_the_grammar_has_the_words_of_the_sentence_but_not_the_answer() -> None:
    one = draft(BRIDGE, "Kari Dahl")
    rules = grammar(one, BRIDGE)
    assert rules.startswith('root ::= "Which Mayor" (')
    words = {json.loads(word) for word in rules.partition("word ::= ")[2].split(" | ")}
    assert {"harbour", "Arvik", "opened", "open", "1998", "did"} <= words
    assert not {"Kari", "Dahl", "article"} & words


@pytest.mark.parametrize(
    ("text", "answer", "question"),
    [
        ("Mayor Kari Dahl opened the bridge of Arvik in May.", "Kari Dahl", "Which Mayor opened the bridge of Arvik in May?"),
        ("On 4 May 1998, Mayor Kari Dahl opened it, which was late.", "Kari Dahl", "Which Mayor opened it?"),
        ("On 4 May 1998, Mayor Kari Dahl left Arvik.", "4 May 1998", "When did Mayor Kari Dahl leave Arvik?"),
        (
            "Norland and Esteria are expected to hold talks in June.",
            "June",
            "In which month are Norland and Esteria expected to hold talks?",
        ),
        ("Trade Minister Jan Weil resigned.", "Trade Minister", "What office does Jan Weil hold?"),
        ("The North Sea Fund (NSF) pays for it.", "North Sea Fund", "What does NSF stand for?"),
        ("“Mayor Kari Dahl opened the bridge,” he said.", "Kari Dahl", ""),
        ("The bridge was opened by Mayor Kari Dahl.", "Kari Dahl", ""),
    ],
)
def test_the_plainest_questions_are_put_by_the_program(text: str, answer: str, question: str) -> None:
    assert question in [composed(one) for one in answers_in(source(text)) if one.answer == answer]


BUILT = "The bridge of Arvik is being built with Norland by the engineering firm Tessa Rail, a company of Bern."


@pytest.mark.parametrize(
    ("text", "answer", "question", "reason"),
    [
        (BRIDGE, "4 May 1998", "When was the harbour bridge between Arvik and Solberg opened?", None),
        (BRIDGE, "4 May 1998", "When was the harbour bridge, between Arvik and Solberg, opened?", "comma"),
        (BRIDGE, "4 May 1998", "When was the bridge opened by between Arvik and Solberg?", "two prepositions"),
        (BRIDGE, "4 May 1998", "When was the bridge opened that was the harbour bridge?", "says a word twice"),
        (BRIDGE, "4 May 1998", "When did Solberg Dahl harbour Arvik opened Mayor bridge?", "stand otherwise"),
        (BRIDGE, "Kari Dahl", "Which Mayor is opened between Arvik and Solberg?", "“is” does not stand"),
        (BRIDGE, "Kari Dahl", "Which Mayor did the harbour bridge?", "“did” does not stand"),
        (BUILT, "Tessa Rail", "Who is being built with Norland?", "are confused"),
    ],
)
def test_questions_in_broken_english_are_refused(text: str, answer: str, question: str, reason: str | None) -> None:
    found = fluency_fault(draft(text, answer, question), text)
    assert found is None if reason is None else reason in (found or "nothing")


def test_infinitives() -> None:
    pairs = """opened:open visited:visit secured:secure accused:accuse announced:announce agreed:agree carried:carry planned:plan
    created:create launched:launch revealed:reveal raised:raise closed:close explored:explore required:require met:meet took:take
    imposed:impose described:describe called:call invaded:invade stopped:stop acknowledged:acknowledge""".split()
    assert {past: base(past) for past, _, _ in (pair.partition(":") for pair in pairs)} == dict(pair.split(":") for pair in pairs)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("24 soldiers were killed.", True),
        ("Twenty died.", False),
        ("", False),
        (OUTPOST, True),
    ],
)
def test_what_the_model_says_when_asked_back(reply: str, expected: bool) -> None:
    assert says(reply, draft(OUTPOST, "24")) is expected


def test_a_reply_with_another_answer_of_the_kind_is_not_the_same() -> None:
    one = draft("General Ole Reyl met General Jan Weil.", "Jan Weil", "Which General met a guest?")
    assert not says("Ole Reyl and Jan Weil", one)
    assert says("Ole Reyl and Jan Weil", replace(one, question="Which General did Ole Reyl meet?"))


def test_a_question_that_another_sentence_may_answer_is_ambiguous() -> None:
    rival = "The harbour bridge between Arvik and Solberg was closed by Mayor Jan Weil."
    one = draft(BRIDGE, "Kari Dahl", "Which Mayor is known for the harbour bridge between Arvik and Solberg?")
    assert Library([passage(BRIDGE)]).ambiguity(one) is None
    assert "“Jan Weil” may be the answer too" in (Library([passage(BRIDGE), passage(rival, number=1)]).ambiguity(one) or "")


def test_answers_are_spread_over_documents() -> None:
    library = Library([passage(BRIDGE, BRIDGE.replace("Kari Dahl", "Jan Weil")), passage(OUTPOST, number=1)])
    found = [one.source.passage.file for one in library.candidates(random.Random(1))]
    assert found[:4] == ["0.txt", "1.txt", "0.txt", "1.txt"]


def test_alike_is_a_matter_of_content_words() -> None:
    assert alike("Who opened the bridge?", "Who opened a bridge?") == 1
    assert alike("Who opened the bridge?", "Who closed the ferry?") == 0


def drafts(replies: Sequence[str], *passages: Passage, wanted: int = 9, taken: Sequence[str] = ()) -> list[Proposal]:
    return list(propose(passages, model(replies), wanted, taken, seed=1))


WHEN = "When did Mayor Kari Dahl open the harbour bridge between Arvik and Solberg?"
TOLD = f"[1] {BRIDGE}"


def replies(*questions: str) -> list[str]:
    """What the model writes, one question after the other, each confirmed and answered from its sentence."""
    return [reply for question in questions for reply in (question, "yes", TOLD)]


def in_turn(passages: Sequence[Passage], questions: dict[str, str]) -> list[str]:
    """Questions for the answers in the order in which they are drafted."""
    return [questions[one.answer] for one in Library(passages).candidates(random.Random(1))]


BOTH = {"Kari Dahl": GOOD, "4 May 1998": WHEN}


def test_a_draft_is_a_case_with_its_quote_and_a_swap() -> None:
    article = passage(BRIDGE)
    found = drafts(replies(*in_turn([article], BOTH)), article)
    by_answer = {one.case.answers: one for one in found if one.case.answerable}
    case = by_answer["Kari Dahl", "Dahl"].case
    assert (case.question, case.type, case.answerable) == (GOOD, "drafted", True)
    assert (case.support[0].document, case.support[0].quote) == ("0.txt", BRIDGE)
    assert case.id.startswith("d-")
    swapped = [one.case for one in found if not one.case.answerable]
    assert [case.question[:-5] for case in swapped] == [GOOD[:-5]]


def test_no_more_than_wanted_and_none_that_is_known() -> None:
    article = passage(BRIDGE)
    assert len(drafts(replies(*in_turn([article], BOTH)), article, wanted=1)) == 1
    found = drafts(
        [reply for text in in_turn([article], BOTH) for reply in ([text] if text == GOOD else replies(text))], article, taken=[GOOD]
    )
    assert [one.case.question for one in found] == [WHEN]


def test_what_the_model_answers_otherwise_is_dropped() -> None:
    article = passage(BRIDGE)
    written = in_turn([article], BOTH)
    assert drafts([written[0], "yes", "[0] Not stated", written[1], "yes", "[1] Somebody did."], article) == []


def test_the_same_seed_gives_the_same_cases() -> None:
    article = passage(BRIDGE)
    once, again = (drafts(replies(*in_turn([article], BOTH)), article) for _ in range(2))
    assert once == again
