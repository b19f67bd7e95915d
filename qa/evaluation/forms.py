"""How questions are put: by the program from the plainest sentences, by the model within a grammar from all others. Pure.

A plain sentence begins with its subject. With a question word for the answer, and its verb moved to the front where need be, it is a
question.
"""

import itertools
import json
import re
from typing import Final

from qa.evaluation.drafting import HELPERS, MOST_WORDS, POINTING, TIME, Draft, opening
from qa.evaluation.swap import POSSESSIVE, Source
from qa.words import IRREGULAR, content_words, fold, is_place, is_stopword, stem, words

BE: Final = frozenset("is are was were will has have had can could may might must would should".split())
DATELINE: Final = re.compile(r"^[^—:]{0,60}(?: — |(?<=[A-Z]): )")
ALSO: Final = re.compile(r"\b(?:also|(?<=has )since|recently|then|now|once|later|quietly|formally|further|subsequently) ")
REPORTED: Final = re.compile(r"(?:, [^,]*\b(?:said|says|reported|reports|added)\b[^,]*)$")
FRONTED: Final = re.compile(r"((?:In|On) (?:\w+ ){0,3}\w+), ")
CUT: Final = re.compile(r", (?:but|which|who|while|as|although|with|and)\b.*$")
STRANGE: Final = 4  # pairs of neighbouring words that the sentence does not have
PREPOSITION: Final = r"\b(?:of|in|on|at|by|for|from|to|with|between|into|over|under|against|during|after|before|about)"
AUXILIARIES: Final = BE | {"did", "do", "does"}
APPOSED: Final = re.compile(r", (?:an?|the) ")
AGENT: Final = re.compile(r"\bby (?:the )?(?:[\w-]+ ){0,4}$")
BRANCHING: Final = re.compile(r"\b(?:to [a-z]+|after|before|that|when|while)\b")
AT_END: Final = re.compile(r" (?:in|on|at) (?:the )?$")
PAST: Final = re.compile(r"[a-z]{3,}ed")
PAST_FORMS: Final = frozenset(  # irregular ones
    """
    became began broke chose drew drove fell flew gave went grew knew rose sank shook spoke stole swore took withdrew wrote tore rode sang
    blew threw froze arose overtook underwent wore ate bought brought built caught found had held kept led left lent lost made met paid put
    sent sold spent stood taught told won
    """.split()
)
SILENT_E: Final = re.compile(
    r"[^aeiou][aiou][bcdgkmpstvz]$|[aeiou][cgsuv]$|[rnld][cgsv]$|[^aeiou]ar$|(?:qu|sp|h)ir$|plor$|ur$|a[tk]$|ok$|[bdgpt]l$|[ue]$"
)
SOUNDED: Final = re.compile(r"(?:mit|(?:[^aeiouc]|^vis|ed)it|op|ow|en|on|er)$")


def composed(draft: Draft) -> str:
    """A question for an answer, made of its sentence; empty where the sentence is not plain enough."""
    text = plain(draft.source)
    if draft.kind in ("long form", "office"):
        return f"{opening(draft)}?"
    if draft.answer not in text or not text:
        return ""
    return _of_subject(draft, text) or _of_time(draft, text)


def plain(source: Source) -> str:
    """A sentence without dateline, small adverbs, and who reported it; empty where it is no plain statement."""
    text = ALSO.sub("", REPORTED.sub("", DATELINE.sub("", source.text).rstrip(".!")))
    return "" if re.search(r"[“”\";:—?]", text) else text


def _of_subject(draft: Draft, text: str) -> str:
    """The sentence with a question word for its subject: "Mayor Dahl opened it." becomes "Which Mayor opened it?"."""
    if (fronted := FRONTED.match(text)) and TIME.search(fronted[1]):
        text = text[fronted.end() :]
        text = text if BRANCHING.search(text) else f"{text} {fronted[1][0].lower()}{fronted[1][1:]}"
    if draft.answer not in text:
        return ""
    rest = text.partition(draft.answer)[2]
    before = text[: text.index(draft.answer)].strip()
    title = opening(draft).removeprefix("Which ").removeprefix("Who").strip()
    if fold(before).removeprefix("the ") not in ("", fold(title)) or not opening(draft):
        return ""
    verb = re.match(r" ([a-z]+)\b", rest)
    rest = CUT.sub("", rest)
    return f"{opening(draft)}{rest}?" if "(" not in rest and verb and (verb[1] in BE or is_past(verb[1])) else ""


def _of_time(draft: Draft, text: str) -> str:
    """The sentence as a question for its time: "The bridge was opened in May." becomes "In which month was the bridge opened?"."""
    if draft.kind != "time" or not opening(draft):
        return ""
    before, _, after = text.partition(draft.answer)
    ahead = re.fullmatch(r"(?:In|On) ", before)
    end = AT_END.search(before)
    statement = after.lstrip(", ") if ahead else before[: end.start()] if end and not after.strip() else ""
    return f"{opening(draft)} {inverted}?" if (inverted := _inverted(statement)) else ""


def _inverted(statement: str) -> str:
    """The verb before its subject: "Dahl opened it" becomes "did Dahl open it". Empty where no verb follows a subject of names."""
    match = re.match(r"((?:(?:[Tt]he )?[A-Z][\w.’'-]*(?: and | )?)+)\b([a-z]+)\b(.*)$", statement)
    if not match:
        return ""
    subject, verb, rest = match[1].strip(), match[2], match[3]
    subject = subject[0].lower() + subject[1:] if subject.startswith("The ") else subject
    if verb in BE:
        return f"{verb} {subject}{rest}"
    return f"did {subject} {base(verb)}{rest}" if is_past(verb) else ""


def is_past(verb: str) -> bool:
    """Whether a word may be the past form of a verb, as far as its looks tell."""
    return bool(PAST.fullmatch(verb)) or verb in PAST_FORMS


def base(verb: str) -> str:
    """The infinitive of a past form: "visited" → "visit", "secured" → "secure", "carried" → "carry", "planned" → "plan"."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if verb.endswith("ied"):
        return f"{verb[:-3]}y"
    root = verb[:-2]
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsze":
        return root[:-1]
    return f"{root}e" if SILENT_E.search(root) and not SOUNDED.search(root) else root


def fluency_fault(draft: Draft, text: str) -> str | None:
    """Why a question that a model wrote for an answer of a text may be no good English; strict, since no second look tells."""
    rest = draft.question.removeprefix(opening(draft)).strip(" ?")
    first, _, others = rest.partition(" ")
    beyond = draft.source.text[draft.start + len(draft.answer) :]
    told = [stem(word) for word in content_words(rest)]
    written = [token.strip("“”‘’\"'(),;:").removesuffix("’s").removesuffix("'s") for token in text.split()]
    known = set(itertools.pairwise(map(fold, written)))
    strange = [pair for pair in itertools.pairwise(map(fold, rest.split())) if pair not in known]
    subject = opening(draft).startswith(("Which", "Who")) and not re.search(PREPOSITION + r"$", rest)
    checks = (
        ("," in rest, "it has a comma"),
        (re.search(rf"{PREPOSITION} {PREPOSITION}\b", rest), "two prepositions follow each other"),
        (len(told) < len([word for word in words(rest) if not is_stopword(word) and not is_place(word)]), "it says a word twice"),
        (len(strange) > STRANGE, "its words stand otherwise in the sentence"),
        (
            subject and not (first == "is" and APPOSED.match(beyond)) and first not in {*written} and first in AUXILIARIES,
            f"“{first}” does not stand in the sentence",
        ),
        (subject and first in ("did", "do", "does", "can", "will"), "what it asks for has no place in it"),
        (subject and first in AUXILIARIES and AGENT.search(draft.source.text[: draft.start]), "who does it and who bears it are confused"),
        (not others, "it has no words"),
        (opening(draft) == "Where", "small models put questions for places badly"),
    )
    return next((reason for wrong, reason in checks if wrong), None)


def grammar(draft: Draft, text: str) -> str:
    """GBNF of a question that begins as it should and has no words but those of the sentence and its headline, and small ones."""
    told = {stem(word) for word in content_words(draft.answer)}
    written = [token.strip("“”‘’\"'(),;:—–…") for token in f"{text} {draft.source.passage.title}".split()]
    written = [token if re.search(r"\b[A-Z]\.$", token) else token.rstrip(".") for token in written]
    own = {form for token in written for form in (token, POSSESSIVE.sub("", token), *base_forms(token))}
    own = {form for form in own if form and not POINTING.search(fold(form)) and not told & {stem(word) for word in words(form)}}
    choice = " | ".join(json.dumps(form, ensure_ascii=False) for form in sorted(own | set(HELPERS)))
    return f'root ::= {json.dumps(opening(draft), ensure_ascii=False)} (" " word ","?){{4,{MOST_WORDS - 4}}} "?"\nword ::= {choice}'


def base_forms(word: str) -> tuple[str, ...]:
    """What may be the infinitive of a verb form, right or not: the model takes the one that is."""
    if not word.isalpha() or not word.islower():
        return ()
    irregular = IRREGULAR.get(word)
    if irregular:
        return (irregular,)
    cut = [word[: -len(ending)] for ending in ("ed", "d", "ing", "s", "es") if word.endswith(ending) and len(word) > len(ending) + 2]
    cut += [root[:-1] for root in cut if len(root) > 3 and root[-1] == root[-2]]
    return (*cut, *(f"{word[:-3]}y" for _ in [0] if word.endswith(("ied", "ies"))), *(f"{word[:-3]}e" for _ in [0] if word.endswith("ing")))
