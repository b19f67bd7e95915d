"""Questions and documents as bad as they come: an answer or a plain refusal, never an exception."""

import contextlib
import json
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qa.embed import Embedder
from qa.errors import UsageError
from qa.explain import explanation
from qa.library import Library
from qa.service import MOST_QUESTION, QA
from qa.settings import Settings
from qa.tokens import estimate
from qa.types import Search
from qa.wire import SearchForm
from tests.endpoint import serving
from tests.parts import make_library
from tests.samples import HashEmbedder

SYNTAX: Final = (
    *("NEAR(", "NEAR(dam water, 2)", '"', '""', "*", "dam*", "AND", "OR", "AND OR NOT", "{title} :", "title : dam", "^", "^dam", "a:b"),
    *(";DROP TABLE passages", "'; DROP TABLE passages; --", "' OR 1=1", "%", "_", "?1", ":x", "\\", "(((", ")", "+", "-dam"),
    *("\N{RIGHT-TO-LEFT OVERRIDE}", "من بنى السد؟", "מי בנה את הסכר", "e\u0301\u0301\u0301", "\u0301", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L"),
    *("\ud800", "\udfff\ud800", "🐝🐝🐝", "👩\u200d👩\u200d👧\u200d👦", "\u200b", "\u200b\u200d\ufeff", "d\u200ba\u200bm"),
    *("\x00", "\x1b[31m", "dam\x00water", "\x07", "\r\n", "\u2028", "\ufffd", "\U0010ffff", "”", "“", "[1]", "{}", "%s%n", "${x}"),
    *("x", "?", "¿", "½²³", "٢٠٢٤", "as of", "as of 2024", "As of 31 June 2024,", "9" * 400, "1e999", "2024-13-45", "ﷺ", "ǅ", "ß"),
    *("数" * 40, "ダムの水は？", "İstanbul", "É", "the", "the of a", "US", "Does it?", "<b>dam</b>", "../../dam"),
)
LONG: Final = ("a" * 2000, "dam " * 500, "🐝" * 2000, '"' * 2000, "NEAR(" * 400, " ".join(chr(0x4E00 + i) for i in range(1000)))
TOO_LONG: Final = ("a" * 2001, "dam " * 501)
LETTERS = "".join(map(chr, range(0x20))) + "\ud800\udc00\udfff\u200b\u0301\u202e" + "aÄzAZ09 \"*()^:-+{}.,;%_'\\دم水🐝"
PIECES = st.one_of(st.sampled_from(SYNTAX), st.text(LETTERS, max_size=12), st.text(max_size=12), st.sampled_from(["dam", "Amina", "2024"]))
QUESTIONS = st.one_of(
    st.lists(PIECES, max_size=12).map(" ".join),
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace").decode("latin-1")),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace").decode("utf-8", "surrogateescape")[::-1]),
)
NOTES: Final = {
    "bees.txt": "Thirsty bees\n\nPublished 2 July 2024\n\nBees drink water. Beekeeper Amina Diallo has a hive at the dam of Sorel.\n",
    "dam.txt": "The dam at Sorel\n\nThe dam holds two million tonnes of water. Engineers fear that it is too old.\n",
    "syntax.txt": 'NEAR( "title" : ^AND OR NOT*\n\nThe {title} : "dam" AND NOT (water*) said \'; DROP TABLE passages; -- of 2024.\n',
    "signs.txt": "🐝🐝🐝\n\n🐝 🐝 🐝. ½²³! ؟ \u200b\u200b. e\u0301\u0301\u0301 Z͑ͫ̓ͪ. \u202eמי בנה את הסכר\u202c. من بنى السد؟ 水水水。\n",
    "latin.txt": "Bürgermeister François Škoda öffnete den Damm.".encode().decode("latin-1") + "\n\nDas kostete 5 â‚¬.\n",
    "control.txt": "A\x07bell\x1b[31m\n\nIt rang\x08 at \x0c noon. The\x00 dam\ufffd heard\u2028 it.\n",
    "one.txt": "x",
}
QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with contextlib.closing(make_library(tmp_path_factory.mktemp("bad"), NOTES, HashEmbedder())) as library:
        yield library


@pytest.fixture(scope="module")
def qa(library: Library) -> QA:
    return QA(library)


@pytest.fixture(scope="module")
def client(qa: QA) -> Iterator[httpx.Client]:
    with serving(qa) as client:
        yield client


def check(found: Search) -> None:
    """What is found is whole: numbered, in place, within the budget, and can be shown."""
    assert len({hit.passage.id for hit in found.hits}) == len(found.hits)
    assert [item.number for item in found.evidence] == list(range(1, len(found.evidence) + 1))
    for item in found.evidence:
        assert item.passage.text[item.start - item.passage.start : item.end - item.passage.start] == item.text
    spent = sum(estimate(item.text) for item in found.evidence)
    assert spent <= Settings().evidence_tokens or len(found.evidence) == 1
    assert explanation(found)
    assert SearchForm.of_search(found, explain=True).model_dump_json()


def search(qa: QA, question: str) -> None:
    """What is found is whole, or the question is refused in words."""
    try:
        found = qa.explain(question)
    except UsageError as refusal:
        check_refusal(refusal)
    else:
        check(found)
        assert found.hits == qa.search(question)


def check_refusal(error: UsageError) -> None:
    assert error.message
    assert error.hint


@pytest.mark.parametrize("question", [*SYNTAX, *LONG], ids=lambda question: ascii(question)[:20])
def test_signs_are_searched_for_or_refused(qa: QA, question: str) -> None:
    search(qa, question)


@pytest.mark.parametrize("question", ["", " ", "\n\t", "\x00\x01", "\ud800", *TOO_LONG], ids=lambda question: ascii(question)[:20])
def test_what_is_no_question_is_refused(qa: QA, question: str) -> None:
    with pytest.raises(UsageError, match=r"empty|characters"):
        qa.search(question)


@QUICK
@given(QUESTIONS)
@example("As of \x00 2024 who?")
@example("NEAR(\ud800 *")
def test_any_question_is_searched_for_or_refused(qa: QA, question: str) -> None:
    search(qa, question)


@pytest.mark.parametrize(
    "question", ["Amina Diallo's hive", '"Amina" AND (Diallo', 'amina* ( ^diallo" hive', "Amina\u200b Diallo\x00 hive ^"]
)
def test_among_signs_the_words_are_found(qa: QA, question: str) -> None:
    assert qa.search(question)[0].passage.file == "documents/bees.txt"


@pytest.mark.parametrize("question", ["🐝", "水水水", "من بنى السد", "{title} :", "x"])
def test_no_passage_is_lost_by_its_signs(qa: QA, library: Library, question: str) -> None:
    assert len(qa.search(question, 100)) == library.catalog.count()


# Over HTTP


def check_response(response: httpx.Response) -> None:
    if response.status_code == 200:
        assert set(response.json()) == {"passages", "evidence", "steps"}
    else:
        assert response.status_code in (400, 422), response.text
        assert set(response.json()["error"]) == {"type", "message", "hint"}


@QUICK
@given(QUESTIONS, st.booleans())
@example("\ud800", True)
@example("", False)
@example("a" * 2001, False)
def test_any_question_may_be_posted(client: httpx.Client, question: str, explain: bool) -> None:
    body = json.dumps({"question": question, "explain": explain})  # which writes a lone surrogate as its number
    check_response(client.post("/v1/search", content=body, headers={"content-type": "application/json"}))


@QUICK
@given(st.binary(max_size=60))
@example(b'{"question": "\xff\xfe"}')
@example(b'{"question": "\xc3\x28 dam"}')
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 60)
def test_any_bytes_may_be_posted(client: httpx.Client, body: bytes) -> None:
    check_response(client.post("/v1/search", content=body, headers={"content-type": "application/json"}))


# Documents


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(PIECES, max_size=12).map(" ".join), min_size=1, max_size=3), PIECES)
@example(["\x00", "", "\ud800"], "dam")
def test_any_document_may_be_searched(tmp_path_factory: pytest.TempPathFactory, texts: list[str], question: str) -> None:
    files = {f"{n}.txt": text.encode("utf-8", "replace").decode() for n, text in enumerate(texts)} | {"dam.txt": NOTES["dam.txt"]}
    with contextlib.closing(make_library(tmp_path_factory.mktemp("any"), files, HashEmbedder())) as library:
        assert library.catalog.count() >= 1
        for asked in (question, *texts, "How much water does the dam at Sorel hold?"):
            search(QA(library), asked[:MOST_QUESTION])


def test_the_real_embedder_bears_them_too(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> None:
    with contextlib.closing(make_library(tmp_path_factory.mktemp("real"), NOTES, embedder)) as library:
        qa = QA(library)
        for question in (*SYNTAX[::3], *LONG):
            search(qa, question)
        assert qa.search('"Amina*" NEAR( Diallo')[0].passage.file == "documents/bees.txt"
