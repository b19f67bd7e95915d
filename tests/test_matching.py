"""What counts as saying what a case accepts."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.evaluation.matching import contains, exact_match, judged, normalised, token_f1, without_footnotes
from qa.evaluation.types import Case, Mark

ROOT = Path(__file__).parent.parent
ROWS = [json.loads(line) for line in (ROOT / "seeds" / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
LONG = "It is a method in which averages of former years are used to work out an index for each season."


def case(
    answers: tuple[str, ...] = (),
    all_of: tuple[tuple[str, ...], ...] = (),
    patterns: tuple[str, ...] = (),
    question: str = "Where did they meet?",
) -> Case:
    return Case("c1", question, True, answers=answers, all_of=all_of, patterns=patterns)


def test_normalised_drops_case_punctuation_articles_and_blanks() -> None:
    assert normalised("  The U.S.'s \t answer, an  apple-pie!") == "uss answer applepie"
    assert normalised("The") == normalised("") == ""


def test_footnotes_go_with_the_blank_before_them() -> None:
    assert without_footnotes("They met in Rawalpindi [1]. It rained [2][13]!") == "They met in Rawalpindi. It rained!"
    assert without_footnotes("See [the note] of 1999.") == "See [the note] of 1999."


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("They met in Rawalpindi [1].", "Rawalpindi"),
        ("RAWALPINDI", "rawalpindi"),
        ("in Łódź and Málaga", "Lodz"),
        ("in Łódź and Málaga", "málaga"),
        ("Cote d'Ivoire", "Côte d’Ivoire"),
        ("the Quran", "Qur’an"),
        ("Pakistan’s army", "Pakistan"),
        ("the soldiers' pay", "soldiers"),
        ("Inter–Services Public Relations", "inter-services public relations"),
        ("counter terrorism", "counter-terrorism"),
        ("Interoperability & Security", "Interoperability and Security"),
        ("head of the Department of the Treasury", "Department of Treasury"),
        ("Department of Treasury", "The Department of the Treasury"),
        ("deficient in vitamin A", "Vitamin A"),
        ("a song by The Who", "The Who"),
        ("The U.S. agreed", "US"),
        ("the US agreed", "U.S."),
        ("J. K. Rowling wrote it", "J.K. Rowling"),
        ("two missiles", "missile"),
        ("all the losses", "loss"),
        ("1,800 men", "1800"),
        ("1\u202f800 men", "1,800"),
        ("it cost $7", "7"),
        ("US$7 was paid", "$7"),
        ("5 per cent of it", "5% of it"),
        ("twenty-five people", "25 people"),
        ("seven ships", "7 ships"),
        ("a $7bn deal", "$7 billion deal"),
        ("２０２５", "2025"),
    ],
)
def test_contains(answer: str, option: str) -> None:
    assert contains(answer, option)


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("Indiana", "India"),
        ("Indian", "India"),
        ("lands", "and"),
        ("a bus", "bu"),
        ("15", "5"),
        ("5.5", "5"),
        ("5.5", "5.5.1"),
        ("5%", "5"),
        ("5", "5%"),
        ("-5 degrees", "5"),
        ("5 degrees", "-5"),
        ("5 million", "5"),
        ("5bn", "5"),
        ("the 5th floor", "5"),
        ("twenty-five", "twenty"),
        ("twenty-five", "five"),
        ("9:40", "40"),
        ("1,800", "800"),
        ("7", "$7"),
        ("€7", "$7"),
        ("7 billion", "$7 billion"),
        ("he told us", "US"),
        ("the man who", "WHO"),
        ("the man who came", "The Who"),
        ("vitamin C", "Vitamin A"),
        ("[1]", "1"),
        ("missile", "missiles"),
        ("new", ""),
        ("", "new"),
        ("What?", "?"),
        ("Rajnath met Singh", "Rajnath Singh"),
    ],
)
def test_contains_not(answer: str, option: str) -> None:
    assert not contains(answer, option)


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("on October 31, 2025", "31 October 2025"),
        ("on the 31st of October 2025", "2025-10-31"),
        ("on 2025-10-31", "October 31, 2025"),
        ("on 13 April", "April 13th"),
        ("from 13 to 15 April 2024", "April 15, 2024"),
        ("on 31 October 2025", "2025"),
        ("on 31 October 2025", "October 2025"),
        ("on Friday 31 October 2025", "Friday, October 31, 2025"),
        ("7bn dollars", "$7 billion"),
        ("7,000,000,000", "7bn"),
        ("USD 7 billion", "7 billion dollars"),
        ("twenty-four", "24"),
        ("24", "twenty four"),
        ("a decade", "ten years"),
        ("a ten-year plan", "10 years"),
        ("half of it", "50%"),
        ("fifty per cent", "50%"),
        ("5 kilometres away", "5 km"),
        ("5½ hours", "5.5 hours"),
        ("at 21:40", "9:40 p.m."),
        ("at 9.40 pm", "9:40"),
        ("the twenty-first", "21st"),
        ("won 3–1", "3-1"),
        ("10 to 15", "10-15"),
    ],
)
def test_the_same_fact_in_another_format(answer: str, option: str) -> None:
    assert contains(answer, option)


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("in October 2025", "October 31, 2025"),
        ("on 31 October", "October 31, 2025"),
        ("in 2025", "October 2025"),
        ("on 30 October 2025", "October 31, 2025"),
        ("on 31 October 2024, not 2025", "October 31, 2025"),
        ("on Monday 31 October 2025", "Friday, October 31, 2025"),
        ("on 2 November", "second"),
        ("at 9:40", "21:40"),
        ("at 9:40 a.m.", "9:40 p.m."),
        ("7 million dollars", "$7 billion"),
        ("50 people", "50%"),
        ("5 miles", "5 km"),
        ("5½", "51"),
        ("the 21st", "21"),
        ("won 3–2 with one red card", "3-1"),
        ("ten planes", "ten years"),
    ],
)
def test_another_fact_or_a_coarser_one(answer: str, option: str) -> None:
    assert not contains(answer, option)


def test_a_fact_within_other_words_is_not_looked_for_in_other_formats() -> None:
    assert not contains("the 7bn deal of 2020", "7,000,000,000 deal")


@given(st.text(alphabet="aAbBT '’-–1059%$éøUS", max_size=20).filter(lambda text: any(map(str.isalnum, text))))
def test_what_is_said_word_by_word_stands_in_it(text: str) -> None:
    assert contains(text, text)
    assert contains(f"It says: {text} , so it says.", text)


@pytest.mark.parametrize("row", [row for row in ROWS if row["answerable"]], ids=lambda row: row["id"])
def test_gold_questions_are_answered_by_their_own_evidence(row: dict[str, list[dict[str, str]]]) -> None:
    quotes = " ".join(piece["quote"] for piece in row["evidence"])
    mark = judged(Case("", "", True, answers=tuple(row.get("answers", ())), all_of=tuple(map(tuple, row.get("all_of", ())))), quotes)  # type: ignore[arg-type]
    assert mark is not None
    assert mark.value == 1, mark.reason


def test_judged_by_any_answer() -> None:
    place = case(("India", "Indian"))
    assert judged(place, "It is India [1].") == Mark(1, "“India” stands in it")
    assert judged(place, "It is an Indian [1].") == Mark(1, "“Indian” stands in it")
    assert judged(place, "It is Indiana [1].") == Mark(0, "nothing of “India”, “Indian” stands in it")
    assert judged(case(("India",)), "") == Mark(0, "“India” does not stand in it")


def test_judged_by_one_of_each_group() -> None:
    bodies = case(all_of=(("SCO", "Shanghai Cooperation"), ("OIC",), ("ASEAN",)))
    assert judged(bodies, "The ASEAN, the SCO and the OIC.") == Mark(1, "“SCO”, “OIC”, “ASEAN” stand in it")
    assert judged(bodies, "The ASEAN.") == Mark(0, "missing: one of “SCO”, “Shanghai Cooperation”; “OIC”")


def test_judged_by_patterns() -> None:
    either = case(patterns=(r"\b(20|21) May\b", "rain"))
    assert judged(either, "It was 21 MAY [1], in the Rain.") == Mark(1, r"“21 MAY” matches /\b(20|21) May\b/; “Rain” matches /rain/")
    assert judged(either, "It was 21 May.") == Mark(0, "nothing matches /rain/")
    assert judged(case(patterns=(r"\[",)), "They met [1].") == Mark(0, r"nothing matches /\[/")


def test_all_forms_that_a_case_has_must_hold() -> None:
    both = case(answers=("Paris",), patterns=("^In",))
    assert judged(both, "In Paris.") == Mark(1, "“In” matches /^In/; “Paris” stands in it")
    assert judged(both, "It is Paris.") == Mark(0, "nothing matches /^In/")
    assert judged(both, "In Lyon.") == Mark(0, "“Paris” does not stand in it")


def test_no_exact_score_fits_an_explanation() -> None:
    assert judged(case((LONG,)), LONG) is None
    assert judged(case(), "Rawalpindi") is None
    assert judged(case((LONG, "seasonality")), LONG) == Mark(1, f"“{LONG}” stands in it")
    assert judged(case((LONG,), patterns=("index",)), LONG) == Mark(1, "“index” matches /index/")
    twelve = "one two three four five six seven eight nine ten eleven twelve"
    assert judged(case((twelve,)), twelve) is not None
    assert judged(case((f"{twelve} thirteen",)), twelve) is None


def test_a_bare_number_accepts_the_percentage_that_was_asked_for() -> None:
    asked = case(("25",), question="What is the minimum percent of alcohol?")
    assert judged(asked, "At least 25 per cent.") == Mark(1, "“25” stands in it")
    assert judged(case(("25",), question="How many bottles?"), "At least 25 per cent.") == Mark(0, "“25” does not stand in it")
    assert judged(asked, "At least 2.25 per cent.") == Mark(0, "“25” does not stand in it")


def test_exact_match_is_one_or_nothing() -> None:
    assert exact_match("The Cat!", ["dog", "cat"]) == 1
    assert exact_match("The cat sat", ["cat"]) == 0


def test_token_f1_takes_the_best_reference() -> None:
    assert token_f1("the black cat", ["dog", "cat"]) == pytest.approx(2 / 3)
    assert token_f1("to be or not to be", ["to be"]) == pytest.approx(2 * (2 / 6 * 1) / (2 / 6 + 1))
