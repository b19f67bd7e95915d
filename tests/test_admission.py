"""Who is let in, who waits at which place, and who is sent away."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.admission import Admission, Ticket
from qa.errors import BusyError, NotReadyError


def place(admission: Admission, ticket: Ticket) -> int:
    """0 for who is inside."""
    return next(admission.places(ticket), 0)


def order_of(admission: Admission, tickets: list[Ticket]) -> list[str]:
    """The askers in the order in which they are let in, when each of them is done as soon as it is in."""
    order: list[str] = []
    left = list(tickets)
    while left:
        (inside,) = (ticket for ticket in left if place(admission, ticket) == 0)
        order.append(inside.asker)
        left.remove(inside)
        admission.leave(inside)
    return order


def test_as_many_are_let_in_as_there_are_slots_and_the_rest_stand_in_line() -> None:
    admission = Admission(slots=2, queue=3)
    tickets = [admission.enter(name) for name in "abcde"]
    assert [place(admission, ticket) for ticket in tickets] == [0, 0, 1, 2, 3]
    admission.leave(tickets[1])
    assert [place(admission, ticket) for ticket in (tickets[0], *tickets[2:])] == [0, 0, 1, 2]


def test_who_asks_much_waits_for_those_who_ask_little() -> None:
    admission = Admission(slots=1, queue=10)
    assert order_of(admission, [admission.enter(name) for name in ("greedy",) * 4 + ("a", "b")]) == ["greedy", "a", "b"] + ["greedy"] * 3


def test_who_comes_late_waits_for_first_questions_only() -> None:
    admission = Admission(slots=1, queue=10)
    tickets = [admission.enter(name) for name in "aabb"]
    admission.leave(tickets.pop(0))
    tickets.append(admission.enter("late"))
    assert order_of(admission, tickets) == ["b", "late", "a", "b"]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12))
def test_nobody_is_let_in_twice_while_another_who_was_there_has_had_none(names: list[str]) -> None:
    admission = Admission(slots=1, queue=20)
    order = order_of(admission, [admission.enter(name) for name in names])
    assert sorted(order) == sorted(names)
    everybody = set(names)
    assert set(order[: len(everybody)]) == everybody


def test_a_full_queue_sends_away_with_the_seconds_to_wait() -> None:
    admission = Admission(slots=1, queue=1)
    inside, _ = admission.enter("a"), admission.enter("b")
    with pytest.raises(BusyError, match="1 questions are waiting") as caught:
        admission.enter("c")
    assert str(caught.value.retry_after) in caught.value.hint
    assert caught.value.retry_after >= 1
    assert caught.value.status == 503
    admission.leave(inside)
    assert place(admission, admission.enter("c")) == 1


def test_who_leaves_the_line_makes_way() -> None:
    admission = Admission(slots=1, queue=5)
    inside, gone, last = (admission.enter(name) for name in "abc")
    admission.leave(gone)
    admission.leave(gone)
    assert place(admission, last) == 1
    admission.leave(inside)
    assert place(admission, last) == 0


def test_the_place_is_told_at_every_change(run_in_thread: Callable[[Callable[[], None]], threading.Thread]) -> None:
    admission = Admission(slots=1, queue=5)
    inside, before, mine = (admission.enter(name) for name in "abc")
    told: list[int] = []
    seen = threading.Semaphore(0)

    def wait() -> None:
        for number in admission.places(mine):
            told.append(number)
            seen.release()

    waiting = run_in_thread(wait)
    assert seen.acquire(timeout=10)
    admission.leave(before)
    while told[-1] != 1:
        assert seen.acquire(timeout=10)
    admission.leave(inside)
    waiting.join(10)
    assert not waiting.is_alive()
    assert list(dict.fromkeys(told)) == [2, 1]


def test_who_waits_is_sent_home_when_all_is_closed(run_in_thread: Callable[[Callable[[], None]], threading.Thread]) -> None:
    admission = Admission(slots=1, queue=5)
    _, mine = admission.enter("a"), admission.enter("b")
    errors: list[NotReadyError] = []
    waiting = threading.Event()

    def wait() -> None:
        try:
            for _ in admission.places(mine):
                waiting.set()
        except NotReadyError as error:
            errors.append(error)

    thread = run_in_thread(wait)
    assert waiting.wait(10)
    admission.close()
    thread.join(10)
    assert [error.message for error in errors] == ["Footnote is being closed"]


@pytest.fixture
def run_in_thread() -> Callable[[Callable[[], None]], threading.Thread]:
    def run(work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    return run
