"""Confirmation: when an alert that its product no longer lists has ended. The decision alone, look-up by look-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import hypothesis
from hypothesis import strategies as st

from worker.jobs.confirm import AT_ONCE, GAP, REMEMBERED, Memory, Over, Terms, look
from worker.ledger.reports.watching import OpenSubject

from .builders import minute

EVERY, GRACE = timedelta(minutes=1), timedelta(minutes=5)
TERMS = Terms(EVERY, GRACE)


def subject(key: str = "disk", start: float = -60) -> OpenSubject:
    return OpenSubject(key, 1, minute(start), None)


class Looks:
    """A sequence of look-ups; ended alerts stay open, as with a route that ignores ends."""

    def __init__(self, *open_: OpenSubject) -> None:
        self.open = open_
        self.memory = Memory()

    def at(self, number: float, *listed: str) -> list[str]:
        return [each.subject.key for each in self.over(number, *listed)]

    def over(self, number: float, *listed: str) -> tuple[Over, ...]:
        self.memory, over = look(self.memory, self.open, frozenset(listed), TERMS, minute(number))
        return over


def test_what_is_missing_for_the_grace_is_over_since_it_was_first_missed() -> None:
    looks = Looks(subject())
    assert [looks.at(number) for number in (0, 1, 2, 3, 4)] == [[]] * 5
    (over,) = looks.over(5)
    assert (over.subject.key, over.since) == ("disk", minute(0))


def test_what_is_over_is_told_once_although_it_stays_open() -> None:
    looks = Looks(subject())
    assert [key for number in range(30) for key in looks.at(number)] == ["disk"]


def test_what_is_listed_again_is_forgotten() -> None:
    looks = Looks(subject())
    assert [looks.at(number) for number in (0, 1, 2, 3)] == [[]] * 4
    assert looks.at(4, "disk") == []
    assert looks.memory.missing == {}
    assert [looks.at(number) for number in (5, 6, 7, 8, 9)] == [[]] * 5
    assert looks.at(10) == ["disk"]


def test_time_in_which_nobody_could_ask_does_not_count() -> None:
    looks = Looks(subject())
    looks.at(0)
    assert looks.at(60) == []
    assert [looks.at(number) for number in (61, 62, 63, 64)] == [[]] * 4
    (over,) = looks.over(65)
    assert over.since == minute(60)


def test_a_question_that_failed_once_loses_nothing() -> None:
    looks = Looks(subject())
    for number in (0, 1, 1 + GAP):
        assert looks.at(number) == []
    assert looks.at(5) == ["disk"]


def test_what_began_within_the_grace_is_not_over_yet() -> None:
    looks = Looks(subject(start=2))
    assert [key for number in range(7) for key in looks.at(number)] == []
    (over,) = looks.over(7)
    assert over.since == minute(2)


def test_what_begins_again_while_it_is_missing_is_missing_since_then() -> None:
    looks = Looks(subject())
    for number in range(4):
        looks.at(number)
    looks.open = (subject(start=3.5),)
    assert [key for number in range(4, 9) for key in looks.at(number)] == []
    assert looks.at(9) == ["disk"]


def test_another_episode_that_is_missing_is_told_too() -> None:
    looks = Looks(subject())
    assert [key for number in range(6) for key in looks.at(number)] == ["disk"]
    looks.open = (subject(start=5.5),)
    assert [key for number in range(6, 20) for key in looks.at(number)] == ["disk"]


def test_what_is_not_open_any_more_is_forgotten() -> None:
    looks = Looks(subject())
    looks.at(0)
    looks.open = ()
    assert looks.at(1) == []
    assert looks.memory.missing == {}


def test_a_start_in_the_future_only_delays() -> None:
    looks = Looks(subject(start=10))
    assert [number for number in range(20) for _ in looks.at(number)] == [15]


def test_so_many_end_at_once_and_the_others_with_the_next_answers() -> None:
    looks = Looks(*(subject(f"disk-{number:04}") for number in range(AT_ONCE * 2 + 1)))
    for number in range(5):
        assert looks.at(number) == []
    told = [looks.at(number) for number in (5, 6, 7, 8)]
    assert [len(each) for each in told] == [AT_ONCE, AT_ONCE, 1, 0]
    assert sorted(key for each in told for key in each) == [each.key for each in looks.open]


def test_more_than_can_be_remembered_are_confirmed_bit_by_bit() -> None:
    looks = Looks(*(subject(f"disk-{number:05}") for number in range(REMEMBERED + 1)))
    looks.at(0)
    assert len(looks.memory.missing) == REMEMBERED
    looks.open = looks.open[AT_ONCE:]
    looks.at(1)
    assert len(looks.memory.missing) == REMEMBERED + 1 - AT_ONCE


@dataclass(frozen=True, slots=True)
class ListedAt:
    """A look-up: its time, and whether the product listed the alert."""

    at: float
    is_listed: bool


def answers(pauses: Sequence[tuple[float, bool]]) -> list[ListedAt]:
    found, at = [], 0.0
    for pause, is_listed in pauses:
        at += pause
        found.append(ListedAt(at, is_listed))
    return found


def ends(told: Iterable[ListedAt], start: float) -> list[float]:
    """Return the times at which the confirmation ends the alert."""
    looks = Looks(subject(start=start))
    return [each.at for each in told for _ in looks.at(each.at, *(["disk"] if each.is_listed else []))]


# Minutes as fractions that are exact in binary, so that their sums are exact too.
PAUSE = st.sampled_from([0.25, 0.5, 1, 1.5, 2, GAP, GAP + 0.25, 10])
LOOKS = st.lists(st.tuples(PAUSE, st.sampled_from([False, False, False, True])), max_size=60).map(answers)
START = st.sampled_from([-60.0, 0.0, 3.5, 20.0])


@hypothesis.settings(max_examples=400, deadline=None)
@hypothesis.given(LOOKS, START)
def test_an_end_means_missing_in_every_answer_for_the_grace_without_a_gap(told: list[ListedAt], start: float) -> None:
    grace = GRACE / timedelta(minutes=1)
    for end in ends(told, start):
        within = [each for each in told if end - grace <= each.at <= end]
        before = [each for each in told if each.at < end - grace]
        seen = before[-1:] + within if within[0].at > end - grace else within
        assert start <= end - grace
        assert not any(each.is_listed for each in within)
        assert all(later.at - earlier.at <= GAP for earlier, later in pairwise(seen))


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(LOOKS, st.lists(st.sampled_from([0.5, 1, 1.5, GAP]), min_size=1, max_size=40), START)
def test_what_is_missing_in_every_answer_for_the_grace_is_over_once(
    before: list[ListedAt], pauses: list[float], start: float
) -> None:
    last = before[-1].at if before else 0.0
    listed = ListedAt(last + 1, is_listed=True)
    missing = [replace(each, at=each.at + listed.at) for each in answers([(pause, False) for pause in pauses])]
    since = max(missing[0].at, start)
    due = [each.at for each in missing if each.at - since >= GRACE / timedelta(minutes=1)]
    assert [each for each in ends([*before, listed, *missing], start) if each > listed.at] == due[:1]
