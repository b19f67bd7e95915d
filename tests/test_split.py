import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qa.article import articles
from qa.read import document_id, read
from qa.split import LONGEST_SENTENCE, TARGET, passages, sentences
from qa.types import Article, Document, Passage, Span

QUICK = settings(deadline=None, derandomize=True, max_examples=60)
SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
LIMIT = 256


def count(text: str) -> int:
    """Like an embedder: a token for every word and mark, and two special ones."""
    words = sum(len(word) // 6 + 1 for word in text.split())
    return 2 + words + sum(not character.isalnum() and not character.isspace() for character in text)


def document(text: str, pages: tuple[int, ...] = ()) -> Document:
    return Document(document_id("a.txt"), "a.txt", text, articles(text, "a"), pages)


def split(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text, Span(0, len(text)))]


@pytest.mark.parametrize(
    "drawn",
    [
        "He met U.S. President Lee.| Then Lt-Gen (retd) Omar Khan left.| In the U.S.| The vote failed.",
        "The U.S. Navy came.| The U.S., U.K. and U.N. agreed.| Ph.D. students, e.g. Anna, agree.",
        "It rose 3.5 percent in Jan. 2024.| On Sept. 5 it fell.| Version 2.0.| No. 5 won.| He said no.| Then he left.",
        "We met J. R. Smith and George W. Bush.| Dr. A. B. Khan vs. Mr. Roe.| Gen. Omar spoke.| Use vitamin C.| It helps.",
        '“I don’t know about the pact”.| “Really?” he asked.| “Yes!”| She laughed.| "Stop."| Nobody did.',
        "(He left early.)| Then it rained.| [He wept.]| What?!| No…| Really.| He waited...| Then he went.| Wait... what was it?",
        "今日は天気がいい。|明日は雨だ！|本当？|そうです。",
        "هل هذا صحيح؟| نعم.| هذا جيد.",
        "यह सच है।| वह गया।",
        "Acme Inc. said so.| It bought Foo Ltd.| The price rose.| See Fig. 3 and p. 12.| At 5 p.m. the bell rang.| At 6 p.m.| He left.",
        "1. Install it.| 2. Run it.",
        "i went home.| then i slept.| it was fun, e.g. the boat.",
        "It ended in 1990.[1]| The next year [2] it began again. [3]| Nobody came.",
        "He was born c. 1900 in Ulm.| His father (d. 1920) drank.| So Smith et al. say.| He lives on Main St.| The house is old.",
        "The minister speaks in Bonn on May 4, 2021. (Wire)",
        "Costs rose to $3.5 bn.| Yahoo! was sold; www.a.com and a.b@c.de too.",
    ],
)
def test_sentences(drawn: str) -> None:
    assert split(drawn.replace("|", "")) == [part.strip() for part in drawn.split("|")]


def test_sentence_of_a_wrapped_paragraph_goes_on_over_the_line() -> None:
    assert split("The line is\nwrapped here. Another\none follows.") == ["The line is\nwrapped here.", "Another\none follows."]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 1000,
        "x" * 5000,
        "a clause of some length here, " * 200,
        "漢" * 3000,
        "…" * 5000,
        "a.b." * 2000,
        "U.S. " * 3000,
        "a. " * 3000,
    ],
)
def test_no_piece_is_longer_than_the_limit_and_none_is_lost(text: str) -> None:
    pieces = split(text)
    assert all(0 < len(piece) <= LONGEST_SENTENCE for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_long_sentence_is_cut_after_a_clause() -> None:
    text = "this clause has a few words, " * 40 + "and it ends."
    assert all(piece.endswith((",", ".")) for piece in split(text))


@QUICK
@given(st.text(alphabet=st.sampled_from("aBc.!?…。'\"”)( \n1,;U"), max_size=300))
def test_sentences_cover_the_block_in_order(text: str) -> None:
    spans = sentences(text, Span(0, len(text)))
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)


def check(found: Document, made: tuple[Passage, ...], limit: int = LIMIT) -> None:
    blocks = [(article, block) for article in found.articles for block in article.blocks]
    covered = {span for passage in made for span in passage.sentences}
    for passage in made:
        assert passage.text == found.text[passage.start : passage.end]
        assert (passage.sentences[0].start, passage.sentences[-1].end) == (passage.start, passage.end)
        assert count(f"{passage.title}\n{passage.text}") <= limit
        between = [found.text[a.end : b.start] for a, b in pairwise(passage.sentences)]
        assert not any(map(str.isalnum, "".join(between)))
        owners = {
            id(article) for span in passage.sentences for article, block in blocks if block.start <= span.start and span.end <= block.end
        }
        assert len(owners) == 1
    assert len({passage.id for passage in made}) == len(made)
    kept = "".join(character for _, block in blocks for character in block.of(found.text) if not character.isspace())
    reached = sorted(covered, key=lambda span: span.start)
    assert "".join(character for span in reached for character in span.of(found.text) if not character.isspace()) == kept


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_seed(path: Path) -> None:
    (found,) = read(path, f"seeds/{path.name}")
    made = passages(found, count, LIMIT)
    check(found, made)
    for article in found.articles:
        for block in article.blocks:
            for sentence in sentences(found.text, block):
                assert any(sentence in passage.sentences for passage in made)


SENTENCE = st.lists(
    st.sampled_from("harbour Kelso closed by the U.S. storm 3.5 (nine) “days” and 漢字 ,".split()), min_size=1, max_size=40
).map(lambda words: "The " + " ".join(words) + " ended.")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=5).map(" ".join)
TEXT = st.lists(
    st.one_of(PARAGRAPH, st.sampled_from(["Share", "0 comments", "5 min ago", "A Heading In Between:"])), min_size=1, max_size=12
)


@QUICK
@given(TEXT, st.integers(min_value=24, max_value=300))
def test_passages_hold_their_properties(paragraphs: list[str], limit: int) -> None:
    found = document("\n\n".join(["A short title", *paragraphs]))
    check(found, passages(found, count, limit), limit)


@QUICK
@given(st.lists(PARAGRAPH, min_size=1, max_size=6))
def test_neighbours_share_one_sentence_where_it_fits(paragraphs: list[str]) -> None:
    found = document("\n\n".join(["A short title", *paragraphs]))
    for a, b in pairwise(passages(found, count, LIMIT)):
        shared = [span for span in b.sentences if span in a.sentences]
        joined = found.text[a.sentences[-1].start : b.sentences[0].end if shared == [] else b.end]
        assert shared == [a.sentences[-1]] or count(f"{a.title}\n{joined}") > LIMIT


def test_furniture_ends_a_passage() -> None:
    found = document(
        "Title of it\n\n0 comments\n\nThe first sentence stands here for itself.\n\nShare\n\nThe second one stands below it.\n"
    )
    made = passages(found, count, LIMIT)
    assert [passage.text for passage in made] == ["The first sentence stands here for itself.", "The second one stands below it."]


def test_bullets_and_blank_lines_do_not_end_a_passage() -> None:
    found = document("Title of it\n\nThese were lost.\n\n  • two cranes\n  • a boat\n")
    assert [passage.text for passage in passages(found, count, LIMIT)] == ["These were lost.\n\n  • two cranes\n  • a boat"]


def test_passages_are_near_the_target_and_end_with_blocks() -> None:
    sentence = "The harbour of Kelso was closed for nine days and nobody could say why it was. "
    found = document("Harbour\n\n" + "\n\n".join([(sentence * 3).strip()] * 20))
    made = passages(found, count, LIMIT)
    sizes = [count(passage.text) for passage in made[:-1]]
    assert all(0.6 * TARGET < size < 1.4 * TARGET for size in sizes)
    ends = {block.end for block in found.articles[0].blocks}
    assert sum(passage.end in ends for passage in made) > len(made) * 0.7


def test_sentence_of_too_many_tokens_is_cut() -> None:
    found = document("Title\n\n" + "漢" * 590 + "。\n")
    made = passages(found, lambda text: 2 + len(text), LIMIT)
    assert all(len(f"{passage.title}\n{passage.text}") + 2 <= LIMIT for passage in made)
    assert {span.end for passage in made for span in passage.sentences} >= {len(found.text) - 1}


def test_long_title_leaves_room_for_text() -> None:
    text = "The harbour was closed. It opened again."
    article = Article("word " * 500, None, None, (Span(0, len(text)),))
    (passage,) = passages(Document("1", "a", text, (article,)), count, LIMIT)
    assert passage.text == text
    assert count(f"{passage.title}\n{passage.text}") <= LIMIT


def test_counter_that_charges_for_joining_keeps_the_limit() -> None:
    def dear(text: str) -> int:
        return len(text.split()) + len(text.split()) // 14

    found = document("Title\n\n" + " ".join(f"The harbour {'was closed ' * number}again." for number in (12, 12, 2) * 20))
    assert all(dear(f"{passage.title}\n{passage.text}") <= 57 for passage in passages(found, dear, 57))


def test_no_scrap_is_left_at_the_end() -> None:
    sentence = "The harbour of Kelso was closed for nine days and nobody could say why it was."
    (passage,) = passages(document("Harbour\n\n" + " ".join([sentence] * 7) + "\n\nIt was so.\n"), count, LIMIT)
    assert passage.text.endswith("It was so.")


def test_a_long_rule_ends_a_passage() -> None:
    rule = "\n" + "-" * 200 + "\n"
    found = document(f"Title\n\nThe first sentence stands here.\n{rule}\nThe second one stands below it.\n")
    assert len(passages(found, count, LIMIT)) == 2


@QUICK
@given(st.lists(PARAGRAPH, min_size=2, max_size=8, unique=True), PARAGRAPH, st.data())
def test_ids_outlive_an_edit_elsewhere(paragraphs: list[str], new: str, data: st.DataObject) -> None:
    assume(new not in paragraphs)
    place = data.draw(st.integers(min_value=0, max_value=len(paragraphs)))
    before = passages(document("\n\n".join(["A title", *paragraphs])), count, LIMIT)
    after = passages(document("\n\n".join(["A title", *paragraphs[:place], new, *paragraphs[place:]])), count, LIMIT)
    texts = {passage.text: passage.id for passage in after}
    assert all(texts[passage.text] == passage.id for passage in before if passage.text in texts)


def test_insertion_in_one_place_leaves_most_passages_of_a_long_text_as_they_are() -> None:
    paragraphs = [
        f"Paragraph {number} tells that the harbour of Kelso was closed on day {number}. Nobody knew why. " * (1 + number % 3)
        for number in range(60)
    ]
    before = passages(document("\n\n".join(["A title", *paragraphs])), count, LIMIT)
    after = passages(
        document("\n\n".join(["A title", *paragraphs[:20], "Something new happened here on that very day.", *paragraphs[20:]])),
        count,
        LIMIT,
    )
    same = {passage.id for passage in before} & {passage.id for passage in after}
    assert len(same) > 0.8 * len(before)


def test_equal_texts_have_ids_of_their_own() -> None:
    found = document("Title\n\n0 comments\n\n" + "\n\nShare\n\n".join(["The same sentence stands here again."] * 3))
    made = passages(found, count, LIMIT)
    assert len({passage.id for passage in made}) == len(made) == 3


def test_page_is_that_of_the_beginning() -> None:
    text = "First page here.\n\nSecond page here."
    article = Article("T", "2020-01-02", None, (Span(0, 16), Span(18, 35)))
    made = passages(Document("1", "a", text, (article,), (0, 18)), lambda text: 2 + len(text), 24)
    assert [(passage.page, passage.date) for passage in made] == [(1, "2020-01-02"), (2, "2020-01-02")]
    assert passages(Document("1", "a", text, (article,)), count, 24)[0].page is None


def test_count_is_called_about_once_per_sentence() -> None:
    calls = 0

    def counting(text: str) -> int:
        nonlocal calls
        calls += 1
        return count(text)

    found = document("Title\n\n" + "\n\n".join(["The harbour was closed. It opened again on Monday. Nobody knew why."] * 100))
    passages(found, counting, LIMIT)
    assert calls <= 300 * 1.1


def test_a_megabyte_is_quick() -> None:
    paragraph = "The harbour of Kelso, in the U.S. and elsewhere, was closed for 3.5 days. “Nobody knew why,” he said. "
    text = "Harbour\n\n" + "\n\n".join([paragraph * 3] * (1_000_000 // (3 * len(paragraph))))
    found = document(text)
    start = time.process_time()
    made = passages(found, lambda text: len(text) // 4 + 2, LIMIT)
    assert time.process_time() - start < 3  # 0.4 s on an idle machine
    assert len(made) > 1000


@pytest.mark.parametrize("text", ["a. " * 200_000, "." * 500_000, "x" * 500_000, "(" * 200_000 + ".", "U.S. " * 100_000, ". [1]" * 100_000])
def test_hostile_text_is_quick(text: str) -> None:
    start = time.process_time()
    sentences(text, Span(0, len(text)))
    assert time.process_time() - start < 5


def test_passage_keeps_to_its_page() -> None:
    text = "One sentence stands here. Another stands here.\nA third goes\non there. The fourth is there."
    found = passages(document(text, (0, text.index("on there"))), count)
    assert [(passage.page, len(passage.sentences)) for passage in found] == [(1, 3), (2, 1)]
