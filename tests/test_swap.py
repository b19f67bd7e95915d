"""Names and near-miss questions: what is swapped reads naturally and is told nowhere."""

import pytest

from qa.evaluation.swap import Name, Source, names, sources, swaps
from qa.evaluation.types import Case, Support
from qa.types import Passage, Span

OUTPOST = "In 2011 the US forces bombed a Pakistani outpost, killing 24 soldiers near Salala."
VISIT = "Foreign Minister Khawaja Asif visited Moscow in February."
TALKS = "Interior Minister Mohsin Naqvi met lawmakers in Lahore."
CANOLA = "Canola exports from Canada to Malaysia were taken up again in March."
WHEAT = "Wheat was sold by an Indian trader to China in 2014."


def passage(number: int, *sentences: str) -> Passage:
    """A passage of an article of its own, made of these sentences."""
    starts = [sum(len(sentence) + 1 for sentence in sentences[:i]) for i in range(len(sentences))]
    spans = tuple(Span(start, start + len(sentence)) for start, sentence in zip(starts, sentences, strict=True))
    text = " ".join(sentences)
    return Passage(f"p{number}", f"d{number}", f"{number}.txt", f"Notes {number}", None, None, 0, len(text), text, spans)


def library(*articles: tuple[str, ...]) -> tuple[Source, ...]:
    return sources(passage(number, *sentences) for number, sentences in enumerate(articles))


def case(question: str, quote: str) -> Case:
    return Case("d-1", question, True, answers=("x",), support=(Support("0.txt", quote),))


def swapped(question: str, *articles: tuple[str, ...]) -> list[str]:
    return [one.case.question for one in swaps(case(question, articles[0][0]), library(*articles))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Then US Secretary of War Pete Hegseth left.", [("US", "country", ""), ("Pete Hegseth", "person", "US Secretary of War")]),
        ("It was Pakistan’s Chief of Army Staff (COAS).", [("Pakistan", "country", ""), ("COAS", "name", "")]),
        ("Recently the Reko Diq mine opened in May.", [("Reko Diq", "name", "")]),
        ("The U.S. Department of Defence said so.", [("U.S. Department of Defence", "name", "")]),
        ("In March the US-led forces left.", []),
    ],
)
def test_names(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = names(text)
    assert [(name.text, name.kind, name.title) for name in found] == expected
    assert all(text[name.start : name.end] == name.text for name in found)


def test_a_name_ends_where_its_text_does() -> None:
    assert Name("Reko Diq", "name", 13).end == 21


def test_sentences_that_passages_share_count_once_and_know_their_neighbours() -> None:
    first, second = passage(0, "One is here.", "Two is here."), passage(1, "Alone.")
    found = sources((first, first, second))
    assert [(source.before, source.text, source.after) for source in found] == [
        ("", "One is here.", "Two is here."),
        ("One is here.", "Two is here.", ""),
        ("", "Alone.", ""),
    ]


def test_a_sentence_over_two_lines_is_quoted_as_it_stands() -> None:
    source = library(("It runs\nover two lines.",))[0]
    assert (source.text, source.quote) == ("It runs over two lines.", "It runs\nover two lines.")


def test_a_year_is_moved_and_not_into_the_future() -> None:
    found = swapped("How many soldiers did US forces kill at an outpost near Salala in 2011?", (OUTPOST,), (WHEAT,))
    assert found
    assert {question[-5:-1] for question in found} <= {str(year) for year in range(2007, 2015)} - {"2011"}


def test_a_year_of_the_same_article_is_not_taken() -> None:
    found = swapped("How many soldiers did US forces kill near Salala in 2011?", (OUTPOST, "In 2012 nobody was hurt."), (WHEAT,))
    assert found
    assert not any("2012" in question for question in found)


def test_a_country_is_swapped_in_its_form_with_its_article() -> None:
    found = swapped("How many soldiers of a Pakistani outpost were killed?", (OUTPOST,), (WHEAT,), (CANOLA,))
    forms = ("an Indian", "a Canadian", "a Chinese", "a Malaysian")
    assert len(found) == 1
    assert found[0] in [f"How many soldiers of {form} outpost were killed?" for form in forms]


def test_the_united_states_lose_their_article() -> None:
    found = swapped("How many soldiers of an outpost were killed by the US?", (OUTPOST,), (WHEAT,))
    assert found in [[f"How many soldiers of an outpost were killed by {country}?"] for country in ("China", "India", "Canada", "Malaysia")]


def test_a_country_stays_where_another_name_may_belong_to_it() -> None:
    assert swapped("Which Pakistani outpost near Port Anders was bombed?", (OUTPOST,), (WHEAT,)) == []
    assert swapped("Which soldiers of Pakistan's General Khan were killed near Salala?", (OUTPOST,), (WHEAT,)) == []


def test_a_country_stays_where_its_capital_may_be_named() -> None:
    assert swapped("Who visited Moscow to win the support of Pakistan for talks?", (OUTPOST,), (WHEAT,)) == []


def test_too_few_words_tell_nothing() -> None:
    assert swapped("What happened in 2011?", (OUTPOST,), (WHEAT,)) == []


def test_a_person_is_swapped_with_the_office() -> None:
    found = swapped("In which month did Foreign Minister Khawaja Asif visit Moscow?", (VISIT,), (TALKS,))
    assert found == ["In which month did Interior Minister Mohsin Naqvi visit Moscow?"]


def test_what_another_document_tells_is_not_asked() -> None:
    told = "Interior Minister Mohsin Naqvi went on to visit Moscow."
    assert swapped("In which month did Foreign Minister Khawaja Asif visit Moscow?", (VISIT,), (TALKS, told)) == []


def test_a_person_of_the_same_article_is_left_alone() -> None:
    assert swapped("In which month did Foreign Minister Khawaja Asif visit Moscow?", (VISIT, TALKS)) == []


def test_the_case_says_what_was_swapped() -> None:
    (found,) = swaps(case("In which month did Foreign Minister Khawaja Asif visit Moscow?", VISIT), library((VISIT,), (TALKS,)))
    assert (found.origin, found.case.answerable, found.case.type, found.case.answers) == ("swapped", False, "swapped", ())
    assert found.case.id.startswith("u-")
    assert "“Foreign Minister Khawaja Asif” was swapped for “Interior Minister Mohsin Naqvi”" in found.case.note


def test_a_case_whose_quote_no_document_holds_is_left_alone() -> None:
    assert list(swaps(case("What happened in 2011?", "Nowhere."), library((OUTPOST,)))) == []
