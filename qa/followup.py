"""Questions that lean on the conversation: which they are, how they stand alone, and what else of it to search for.

That a question leans is told by its words alone, so that one that stands alone costs no call of the model. A rewriting is the model's,
checked without it; where it does not pass, the question stays as it was asked, and what was said before it is searched for beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from qa import prompts
from qa.demand import LIGHT
from qa.types import Turn
from qa.words import akin, content_words, is_stopword, stem, stems, vocabulary, words

if TYPE_CHECKING:
    from qa.models import LanguageModel

REWRITE_TOKENS: Final = 48
REMEMBERED: Final = 2  # questions before the last one
QUESTION_WORDS: Final = 25  # of an earlier question
REPLY_WORDS: Final = 25  # of the last reply, for the rewriting
SEARCHED_WORDS: Final = 12  # of the last reply, for the search: more of it draws the search back to what has been told
KEPT: Final = 0.7  # least part of a question's content words that stands in its rewriting
FEW: Final = 2  # weighty words of a question up to which the light ones ("cost", "hours") have to be kept too
NEW_WORDS: Final = 1  # words of a rewriting that nobody used; a name or a number is never new
GROWTH: Final = 22  # words that a rewriting may have more than the question
HEADING: Final = 4  # most content words of a heading put as a question: "Opening hours"

OPENING: Final = re.compile(  # by which a turn answers the one before, or goes on with it
    r"^\W*(?:and|but|so|then|or|also|plus|because|what else|how so|such as|like what|for example|(?:what|how) about|why not|yes|yeah|yep"
    r"|no|nope|ok|okay|sure|oops|wait|h+m+|oh|i mean|i meant|i(?: am|['’]m) asking|you (?:said|say|mean|mentioned)"
    r"|are you sure(?=\W*[?.!,]|\W*$)|(?:that|this) (?:is|was|means))\b(?!['’])",
    re.IGNORECASE,
)
COURTESY: Final = re.compile(
    r"\b(?:hi|hello|hey|oops|thanks?(?: you)?(?: (?:so|very) much)?|sorry|please|pls|ok|okay|yes|no|sure|right|great|good to know|i see"
    r"|got it|(?:that|it)(?: is|['’]s) (?:fine|ok|okay)|don['’]t worry|by the way|you(?: are|['’]re) welcome"
    r"|(?:can|could|would) you(?: please)? (?:help|tell|explain)(?: me)?)\b",
    re.IGNORECASE,
)
STANDS_FOR_NOTHING: Final = re.compile(  # "it is safe to", "are there", "this year", "those who"
    r"\b(?:(?:is|was|will|would|does|did|can|could|may|might|has|had) )?it(?:['’]s)?(?: be| been| is| was| takes?| took)?(?: \w+){0,2}? "
    r"(?:to|that|for|if|when|raining|snowing)\b"
    r"|\b(?:is|are|was|were|has|have|had) there\b|\bthere (?:is|are|was|were|has|have|had|will|would|can|could|may)\b"
    r"|\b(?:this|that|these|the same) (?:\w+ )?"
    r"(?:year|month|week|day|morning|evening|time|century|decade|summer|winter|spring|autumn|season)s?\b"
    r"|\bthose (?:who|that|which|with|in|of)\b|\bone of\b|\bthe same \w+ as\b|\b(?:each other|one another|other than)\b",
    re.IGNORECASE,
)
PRONOUN: Final = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|himself|herself|itself|themselves)\b", re.IGNORECASE
)
POSSESSIVE: Final = re.compile(r"(?:his|her|its|their)\b", re.IGNORECASE)
CLAUSE: Final = re.compile(
    r"[,;:.?!]|\b(?:and|or|but|after|before|when|while|since|because|if|until|that|which|who|whose|where|so|as|say|says|said|think)\b",
    re.IGNORECASE,
)
POINTER: Final = re.compile(
    r"\b(?:this|these|those|the (?:same|former|latter|previous|earlier|next|first|second|last|right|wrong) ones?|such an?|(?-i:the ones?)"
    r"|that one|others|instead|else|(?:the|any|some|no) others?|the same|the latter|the remaining|each of them)\b"
    r"|(?:^|\b(?:is|was|are|were|does|do|did|has|can|could|will|would|should|of|about|for|with|from|by|to|in|on|at|than|like|after|before"
    r"|since|until|why|how|when|where|what|if|all)\s)that\b(?!\s(?:the|an?|they|he|she|it|we|you|i)\b)"
    r"|\bthere\W*$|\byou (?:said|say|mean|meant|mentioned|recommend\w*|suggested|told)\b",
    re.IGNORECASE,
)
ASKING: Final = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|may|has|have|had|am"
    r"|tell|name|list|give|explain|describe)\b",
    re.IGNORECASE,
)
DEFINITION: Final = re.compile(
    r"^\W*(?:what|who|where)(?:['’]s| is| are| was| were| does| do) (?!the\b|your\b|my\b)[\w\s.’'-]+\W*$", re.IGNORECASE
)
BARE_NOUN: Final = re.compile(  # "the bridge", with nothing behind it that tells which
    r"\bthe (?:(?!(?:of|in|on|at|for|to|by|with|from)\b)[a-z][\w’'-]*\s+){0,2}?([a-z][\w’'-]*)"
    r"(?=\s*(?:[?.!,;]|$)|\s+(?:is|are|was|were|be|do|does|did|have|has|had|can|will|would|and|if)\b)"
)
PADDING: Final = frozenset(
    map(stem, "mean want need ask hear think guess like love wonder know understand bit little interested one".split())
)
"""Stems of words about the asking, which a rewriting may leave out."""


def leans(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question cannot be understood without the conversation. No model is asked.

    Pronouns and pointing words without anything in the question that they could stand for; openings that go on with what was said;
    and questions that name nothing: mere headings ("Opening hours"), very few words, "the bridge" where one was spoken of.
    """
    if not any(content_words(COURTESY.sub(" ", turn.content)) for turn in history):
        return False
    return points_back(question) or _names_nothing(question) or _names_what_was_said(question, history)


def points_back(question: str) -> bool:
    """Whether a question has words that point at something outside it: a pronoun that stands for nothing in it, "and then …"."""
    plain = STANDS_FOR_NOTHING.sub(" ", question)
    return bool(OPENING.search(question) or POINTER.search(plain)) or _has_free_pronoun(plain)


def _has_free_pronoun(plain: str) -> bool:
    """Whether the first pronoun stands for nothing that comes before it in the question.

    Within its own clause a pronoun other than a possessive is free (Chomsky 1981, principle B): "Which company is developing it?"
    """
    pronoun = next((match for match in PRONOUN.finditer(plain) if match[0] != "IT"), None)
    if pronoun is None:
        return False
    before = plain[: pronoun.start()]
    if POSSESSIVE.fullmatch(pronoun[0]) and (_names(before) or len(content_words(before)) > 1):
        return False
    return not any(content_words(before[: boundary.start()]) for boundary in CLAUSE.finditer(before))


def _names_nothing(question: str) -> bool:
    """Whether a question is a mere heading without a name, or has hardly a word that tells something."""
    plain = COURTESY.sub(" ", question)
    told = content_words(plain)
    if _names(plain) or (told and DEFINITION.match(plain)):
        return False
    return len(told) <= (1 if ASKING.search(plain) else HEADING)


def _names_what_was_said(question: str, history: Sequence[Turn]) -> bool:
    """Whether a short question without a name speaks of "the bridge", and nothing in it tells which."""
    told = content_words(COURTESY.sub(" ", question))
    bare = [match[1] for match in BARE_NOUN.finditer(question)]
    if not bare or len(told) > HEADING or _names(question):
        return False
    said = frozenset(stems(" ".join(turn.content for turn in history)))
    return len(told) <= 2 or any(stem(noun) in said for noun in bare)


def _names(text: str) -> list[str]:
    """Words written as names or numbers; the first word only where its capital is not that of a beginning."""
    found = words(text)
    inner = [word for word in found[1:] if (word[0].isupper() and not is_stopword(word)) or any(map(str.isdigit, word))]
    first = [word for word in found[:1] if sum(map(str.isupper, word)) > 1 or any(map(str.isdigit, word))]
    return first + inner


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a follow-up can lean on: the last questions in order, courtesies left out, and the last reply, each on one line."""

    questions: tuple[str, ...]
    reply: str

    @classmethod
    def of(cls, history: Sequence[Turn]) -> "Recalled":
        asked = (turn.content for turn in reversed(history) if turn.role == "user" and content_words(COURTESY.sub(" ", turn.content)))
        last = [_cut(text, QUESTION_WORDS) for text, _ in zip(asked, range(REMEMBERED), strict=False)]
        since = takewhile(lambda turn: turn.role != "user", reversed(history))
        return cls(tuple(reversed(last)), next((" ".join(turn.content.split()) for turn in since if turn.content.strip()), ""))

    def shown(self) -> str:
        """As the prompt shows it."""
        lines = [f"Q: {question}" for question in self.questions]
        return "\n".join([*lines, f"A: {_cut(self.reply, REPLY_WORDS)}"] if self.reply else lines)


def search_text(question: str, history: Sequence[Turn]) -> str:
    """The question with what was said before it, to search for beside the question itself and never in its place.

    The two rankings fused with equal weight find what an elliptic question leaves out, and lose nothing where the topic has changed,
    since the question alone still has its say. The question itself where nothing was said.
    """
    recalled = Recalled.of(history)
    return "\n".join(part for part in (question, *recalled.questions, _cut(recalled.reply, SEARCHED_WORDS)) if part)


def stand_alone(question: str, history: Sequence[Turn], model: "LanguageModel") -> str:
    """The question as it would be asked without the conversation. The model is asked only where the question leans; raises EngineError."""
    if not leans(question, history):
        return question
    from qa.completions import Request

    messages = prompts.load("standalone").fill(conversation=Recalled.of(history).shown(), question=_cut(question, 2 * QUESTION_WORDS))
    request = Request(REWRITE_TOKENS, stop=("\n",), cut_allowed=True)
    reply = str(model.requesting(request).invoke(messages).content)
    rewritten = " ".join(reply.split()).strip('"“” ')
    return rewritten if fault(rewritten, question, history) is None else question


def fault(rewritten: str, question: str, history: Sequence[Turn]) -> str | None:
    """Why a rewriting cannot take the question's place: it asks something else, brings in what nobody said, or leans as before."""
    asked, given = content_words(COURTESY.sub(" ", question)), content_words(rewritten)
    if not given:
        return "it says nothing"
    if len(words(rewritten)) > len(words(question)) + GROWTH:
        return "it is too long"
    said = vocabulary(" ".join([question, *(turn.content for turn in history)]))
    strange = [word for word in given if not (stem(word) in said or stem(word) in LIGHT or akin(word, said))]
    invented = [word for word in strange if word in _names(rewritten)]
    if invented or len(strange) > NEW_WORDS:
        return f"nobody spoke of “{(invented or strange)[0]}”"
    told = vocabulary(rewritten)
    sense = [word for word in asked if stem(word) not in PADDING]
    weighty = [word for word in sense if stem(word) not in LIGHT]
    sense = weighty if len(weighty) > FEW else sense
    lost = [word for word in sense if not (stem(word) in told or akin(word, told))]
    if len(lost) > (1 - KEPT) * len(sense):
        return f"it leaves out “{lost[0]}”"
    return "it leans as before" if points_back(rewritten) or _names_nothing(rewritten) else None


def _cut(text: str, most: int) -> str:
    found = text.split()
    return " ".join(found[:most]) + ("…" if len(found) > most else "")
