"""Who may ask now and who waits: as many questions at once as the engine has slots for, a bounded queue, and fairness between askers."""

import math
import threading
import time
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from qa.errors import BusyError, NotReadyError

TELLING: Final = 1.0  # seconds between two tellings of one's place: so soon it is noticed, too, that nobody waits any more
RECENT: Final = 0.2  # what the last answer weighs in the mean of how long one takes
FIRST_GUESS: Final = 10.0  # seconds an answer takes, until one has been given


@dataclass(order=True, slots=True)
class Ticket:
    """A question's place in line. `turn` is the round of its asker: who asks a second thing stands behind the first of everybody else."""

    turn: int
    number: int
    asker: str = field(compare=False)
    since: float = field(default=0.0, compare=False)  # when it was let in


class Admission:
    """Lets in `slots` questions at a time and has up to `queue` more wait. For use by many threads.

    The order is start-time fair queueing (Goyal, Vin, Cheng 1996) with questions of equal length: an asker's next question is one round
    after the one before, or in the round that is being served, whichever is later; within a round first come is first served.
    """

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._queue = queue
        self._changed = threading.Condition()
        self._inside: set[int] = set()  # numbers of the tickets
        self._waiting: list[Ticket] = []
        self._turns: dict[str, int] = {}  # of each asker's last ticket
        self._turn = 0  # being served
        self._number = 0
        self._mean = FIRST_GUESS
        self._closed = False

    def enter(self, asker: str) -> Ticket:
        """A place in line, to be left with `leave`, whatever comes of it. Raises BusyError where the queue is full."""
        with self._changed:
            self._number += 1
            ticket = Ticket(max(self._turn, self._turns.get(asker, -1) + 1), self._number, asker)
            if len(self._inside) < self._slots and not self._waiting:
                self._admit(ticket)
            elif len(self._waiting) < self._queue:
                insort(self._waiting, ticket)
            else:
                wait = self._patience()
                raise BusyError(f"{len(self._waiting)} questions are waiting already", f"Ask again in {wait} seconds.", wait)
            self._turns[asker] = ticket.turn
            self._changed.notify_all()
            return ticket

    def places(self, ticket: Ticket) -> Iterator[int]:
        """The place in line, 1 for the next one, at every change and at least once a second; ends when the ticket is let in.

        Raises NotReadyError once closed.
        """
        told = -1
        while True:
            with self._changed:
                self._changed.wait_for(partial(self._news, ticket, told), TELLING)
                if self._closed:
                    raise NotReadyError("Footnote is being closed")
                told = self._place(ticket)
            if told == 0:
                return
            yield told

    def leave(self, ticket: Ticket) -> None:
        """Gives up the place, in line or inside."""
        with self._changed:
            if ticket.number in self._inside:
                self._inside.remove(ticket.number)
                self._mean += RECENT * (time.monotonic() - ticket.since - self._mean)
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            while self._waiting and len(self._inside) < self._slots:
                self._admit(self._waiting.pop(0))
            self._turns = {asker: turn for asker, turn in self._turns.items() if turn >= self._turn}
            self._changed.notify_all()

    def close(self) -> None:
        """Sends away all who wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _admit(self, ticket: Ticket) -> None:
        ticket.since = time.monotonic()
        self._turn = max(self._turn, ticket.turn)
        self._inside.add(ticket.number)

    def _news(self, ticket: Ticket, told: int) -> bool:
        return self._closed or self._place(ticket) != told

    def _place(self, ticket: Ticket) -> int:
        """0 inside."""
        return 0 if ticket.number in self._inside else self._waiting.index(ticket) + 1

    def _patience(self) -> int:
        """Seconds until there should be room in the queue again: until one of those inside is done."""
        return max(1, math.ceil(self._mean / self._slots))
