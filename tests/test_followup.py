"""Follow-ups: which questions lean on the conversation, what a rewriting must keep, what is searched for beside the question."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from qa import prompts
from qa.followup import Recalled, fault, leans, search_text, stand_alone
from qa.models import LanguageModel
from qa.types import Turn

BRIDGE = (
    Turn("user", "Who opened the harbour bridge in Lindvik?"),
    Turn("assistant", "Mayor Kari Dahl opened it in May 1998 in front of 2,000 people."),
)
COURTESIES = (Turn("user", "Hello!"), Turn("assistant", "Hi. Great, thank you."))
TURNS = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=60)), max_size=6)


class Listening(GenericFakeChatModel):
    """LangChain's fake chat model, with the prompts that it was asked kept."""

    asked: list[str] = Field(default_factory=list)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.asked.append("\n".join(str(message.content) for message in messages))
        return super()._generate(messages, stop, run_manager, **kwargs)


def replying(*replies: str) -> tuple[Listening, LanguageModel]:
    messages: Iterator[AIMessage] = iter(map(AIMessage, replies))
    chat = Listening(messages=messages)
    return chat, LanguageModel.of(chat)


@pytest.mark.parametrize(
    "question",
    [
        "When was she elected?",
        "and its length?",
        "Which Norwegian company is developing it?",
        "What about lorries?",
        "Is that the only one?",
        "Why did this happen?",
        "When was the earlier one with Esteria signed?",
        "How can I apply?",
        "Opening hours",
        "What did the bridge cost?",
        "What are the benefits?",
        "Who else was there?",
        "I meant the railway bridge",
        "Are you sure? I heard it was in 1995.",
        "ok. how do I pay, please?",
        "Do they have other mayors?",
    ],
)
def test_a_question_that_leans_is_told_by_its_words(question: str) -> None:
    assert leans(question, BRIDGE)
    assert not leans(question, ())


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote Emma?",
        "What is a stock exchange?",
        "What are tides?",
        "Is it safe to drink rain water from a roof?",
        "How many mayors are there in the towns of Norland?",
        "What did Tomas Reyl say when he resigned?",
        "How does a country choose its flag?",
        "Where does water go after it enters a storm drain?",
        "What happened in Maravia this year?",
        "Who are those who signed the treaty of Brevik?",
        "Which company did the man that founded Orlen Foods sell?",
        "How many people work in IT in Esteria?",
        "Who developed the theory of relativity?",
        "Museum of Tavik",
        "Does a senator need to be a citizen?",
    ],
)
def test_a_question_that_stands_alone_costs_no_call(question: str) -> None:
    assert not leans(question, BRIDGE)
    chat, model = replying()
    assert stand_alone(question, BRIDGE, model) == question
    assert not chat.asked


def test_nothing_leans_on_courtesies() -> None:
    assert not leans("Who opened it?", COURTESIES)
    assert leans("Who opened it?", (*COURTESIES, *BRIDGE))


def test_a_good_rewriting_takes_the_place_of_the_question() -> None:
    chat, model = replying(' "When was Mayor  Kari Dahl elected?" ')
    assert stand_alone("When was she elected?", BRIDGE, model) == "When was Mayor Kari Dahl elected?"
    (asked,) = chat.asked
    assert asked.endswith(
        "Q: Who opened the harbour bridge in Lindvik?\nA: Mayor Kari Dahl opened it in May 1998 in front of 2,000 people.\n"
        "Follow-up: When was she elected?"
    )


@pytest.mark.parametrize(
    ("rewritten", "told"),
    [
        ("", "says nothing"),
        ("?!", "says nothing"),
        ("Who opened the harbour bridge?", "leaves out “elected”"),
        ("Kari Dahl opened it in May 1998.", "leaves out “elected”"),
        ("When was Mayor Anna Dahl elected?", "spoke of “Anna”"),
        ("When was Mayor Kari Dahl elected in 1995?", "spoke of “1995”"),
        ("When was Kari Dahl elected as chairwoman of parliament?", "spoke of"),
        ("When was she elected?", "leans as before"),
        ("When was Kari Dahl elected? " + "The mayor opened the bridge. " * 9, "too long"),
    ],
)
def test_a_rewriting_that_went_wrong_is_told(rewritten: str, told: str) -> None:
    reason = fault(rewritten, "When was she elected?", BRIDGE)
    assert reason is not None
    assert told in reason


@pytest.mark.parametrize("rewritten", ["When was Kari Dahl elected mayor?", "When was the election of Mayor Kari Dahl held in Lindvik?"])
def test_a_rewriting_may_use_other_forms_and_an_ordinary_word(rewritten: str) -> None:
    assert fault(rewritten, "When was she elected?", BRIDGE) is None


def test_a_heading_must_be_kept() -> None:
    assert fault("Who opened the harbour bridge in Lindvik?", "Opening hours", BRIDGE)
    assert fault("What are the opening hours of the harbour bridge in Lindvik?", "Opening hours", BRIDGE) is None


def test_what_is_said_about_the_asking_need_not_be_kept() -> None:
    assert fault("What did the railway bridge in Lindvik cost?", "I meant, what did the railway one cost?", BRIDGE) is None


@pytest.mark.parametrize("reply", ["", "I do not know.", "When was Mayor Anna Dahl elected?", "She was elected in 1995."])
def test_a_rewriting_that_went_wrong_gives_way_to_the_question(reply: str) -> None:
    _, model = replying(reply)
    assert stand_alone("When was she elected?", BRIDGE, model) == "When was she elected?"


def test_the_last_questions_and_the_beginning_of_the_last_reply_are_searched_for() -> None:
    history = (
        Turn("user", "Which bridges are there in Norland?"),
        Turn("assistant", "There are three."),
        *BRIDGE,
        Turn("user", "Thank you!"),
        Turn("assistant", "Ask me\nabout " + "bridges " * 40),
    )
    first, *others = search_text("What did it cost?", history).split("\n")
    assert first == "What did it cost?"
    assert others[:2] == ["Which bridges are there in Norland?", "Who opened the harbour bridge in Lindvik?"]
    assert others[2] == "Ask me about " + "bridges " * 8 + "bridges…"
    assert search_text("What did it cost?", ()) == "What did it cost?"


def test_a_reply_before_the_last_question_is_not_the_last_reply() -> None:
    assert Recalled.of((*BRIDGE, Turn("user", "And the ferry?"))).reply == ""


@given(question=st.text(max_size=80), history=TURNS, reply=st.text(max_size=80))
@settings(deadline=None)
def test_any_conversation_gives_a_question(question: str, history: list[Turn], reply: str) -> None:
    _, model = replying(reply)
    alone = stand_alone(question, history, model)
    assert alone == question or leans(question, history)
    assert question.strip() in alone or fault(alone, question, history) is None
    assert search_text(question, history).startswith(question)


@pytest.mark.parametrize(
    "content",
    [
        "A" * 20_000,
        "Kari Dahl and Tomas Reyl. " * 700,
        "Q" + ". " * 10_000,
        "🌉" * 5_000,
        "مَن افتتح الجسر؟ " * 1_000,
        "it is " * 3_000,
        "the bridge " * 1_800,
        "http://" * 2_800,
        "A1.B-" * 4_000,
    ],
    ids=lambda content: content[:8],
)
def test_long_and_strange_turns_are_borne_quickly(content: str) -> None:
    history = (Turn("user", content), Turn("assistant", content), Turn("user", ""), Turn("assistant", " \n"))
    _, model = replying("When was it opened?", "?")
    began = time.perf_counter()
    for question in ("When was it opened?", content[:2_000]):
        assert stand_alone(question, history, model)
        assert search_text(question, history)
    assert time.perf_counter() - began < 2


def test_the_prompt_is_small() -> None:
    filled = prompts.load("standalone").fill(conversation="", question="")
    assert sum(len(text.split()) for _, text in filled) < 120
