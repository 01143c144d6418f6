"""Compares the tickets of two rehearsals. Tickets are matched by the messages that opened and joined them.

before   after 1        1      changed, where priority, category, privacy or subject differ 1        0      gone 0
1      new 2 …      1      merged 1        2 …    split 2 …      2 …    regrouped: messages moved from one ticket to
another
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from worker.rehearsal.tickets import Ticket

COMPARED = ("priority", "category", "private", "subject")
Value = str | bool | None


@dataclass(frozen=True, slots=True)
class Was:
    """A value before, and after."""

    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket that would have other fields."""

    ticket: Ticket
    """As it would be after the change."""
    fields: dict[str, Was]


@dataclass(frozen=True, slots=True)
class Regrouped:
    """Messages that would be in other tickets than today."""

    how: Literal["merged", "split", "regrouped"]
    before: tuple[Ticket, ...]
    after: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between the tickets of two rehearsals, in the order of their creation."""

    new: tuple[Ticket, ...]
    gone: tuple[Ticket, ...]
    changed: tuple[Changed, ...]
    regrouped: tuple[Regrouped, ...]

    @property
    def more(self) -> int:
        """The number of tickets that would be added: the new ones, and the additional ones of regrouped tickets."""
        return len(self.new) + sum(max(0, len(each.after) - len(each.before)) for each in self.regrouped)

    @property
    def fewer(self) -> int:
        """The number of tickets that would be missing: those gone, and the missing ones of regrouped tickets."""
        return len(self.gone) + sum(max(0, len(each.before) - len(each.after)) for each in self.regrouped)


def difference(before: Sequence[Ticket], after: Sequence[Ticket]) -> Difference:
    """Return the differences; pure."""
    new: list[Ticket] = []
    gone: list[Ticket] = []
    changed: list[Changed] = []
    regrouped: list[Regrouped] = []
    for old, now in _matched(before, after):
        if not old:
            new += now
        elif not now:
            gone += old
        elif len(old) == len(now) == 1:
            if fields := _fields(old[0], now[0]):
                changed.append(Changed(now[0], fields))
        else:
            how: Literal["merged", "split", "regrouped"] = "regrouped"
            if len(now) == 1 or len(old) == 1:
                how = "merged" if len(now) == 1 else "split"
            regrouped.append(Regrouped(how, tuple(old), tuple(now)))
    return Difference(tuple(new), tuple(gone), tuple(changed), tuple(regrouped))


def calls(tickets: Iterable[Ticket]) -> Counter[str]:
    """Count the calls of all tickets, by kind."""
    total: Counter[str] = Counter()
    for each in tickets:
        total.update(each.calls)
    return total


def _matched(before: Sequence[Ticket], after: Sequence[Ticket]) -> Iterator[tuple[list[Ticket], list[Ticket]]]:
    """Yield tickets of both rehearsals that share messages, directly or through other tickets."""
    above = list(range(len(before) + len(after)))

    def root(number: int) -> int:
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number

    first: dict[tuple[str, str], int] = {}
    for number, ticket in enumerate((*before, *after)):
        for message in ticket.messages:
            one, other = root(first.setdefault((ticket.source, message), number)), root(number)
            above[max(one, other)] = min(one, other)
    groups: dict[int, tuple[list[Ticket], list[Ticket]]] = {}
    for number, ticket in enumerate((*before, *after)):
        sides = groups.setdefault(root(number), ([], []))
        sides[number >= len(before)].append(ticket)
    yield from groups.values()


def _fields(old: Ticket, now: Ticket) -> dict[str, Was]:
    both = {name: Was(getattr(old, name), getattr(now, name)) for name in COMPARED}
    return {name: each for name, each in both.items() if each.before != each.after}
