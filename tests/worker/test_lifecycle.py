"""The lifecycle: every cell of the table of `plan`, and the invariants for any order of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.contract.events import Event, Resolved
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket
from worker.planning.keys import idempotency_key, rank
from worker.planning.lifecycle import PRIVATE_SUBJECT, PRIVATE_TEXT, plan
from worker.planning.model import (
    KINDS,
    UNSEEN,
    CaseState,
    Intent,
    Kind,
    Plan,
    Policy,
    Recognition,
    Recurrence,
    Standing,
)

from .builders import changed, commented, minute, opened, resolved

NEW = CaseState()
TOMBSTONE = CaseState(ended_at=minute(10))
OPEN = CaseState(episode=1, phase="open", started_at=minute(0), priority="medium")
CLOSED = CaseState(episode=1, phase="closed", started_at=minute(0), ended_at=minute(10), priority="medium")


def decide(case: CaseState, event: Event, recurrence: Recurrence = Recurrence.FIRST, **more: Any) -> Plan:
    recognition = Recognition(recurrence, more.pop("episode", None))
    return plan("prom", case, event, recognition, more.pop("policy", Policy()), **more)


def kinds(decided: Plan) -> list[str]:
    return [each.kind for each in decided.intents]


def note(decided: Plan) -> AddNote:
    (found,) = [each.request for each in decided.intents if isinstance(each.request, AddNote)]
    return found


def test_an_opening_creates_a_ticket_with_the_events_words() -> None:
    event = opened(priority="high", category="storage")
    decided = decide(NEW, event)
    request = CreateTicket(subject=event.subject, description=event.text, priority="high", category="storage")
    assert decided.intents == (Intent("create_ticket", request),)
    assert decided.case == CaseState(
        episode=1, phase="open", started_at=minute(0), priority="high", changed_at=minute(0)
    )
    assert decided.reason is None


def test_an_opening_that_its_end_overtook_creates_nothing() -> None:
    decided = decide(TOMBSTONE, opened(start=10))
    assert decided.intents == ()
    assert decided.case == TOMBSTONE
    assert decided.reason == "the end arrived before the opening"


def test_an_opening_after_a_tombstone_creates_a_ticket() -> None:
    decided = decide(TOMBSTONE, opened(start=11))
    assert kinds(decided) == ["create_ticket"]
    assert decided.case.phase == "open"


def test_an_opening_while_its_ticket_is_open_does_nothing() -> None:
    decided = decide(OPEN, opened(start=0, message="from the other peer"))
    assert (decided.intents, decided.case) == ((), OPEN)
    assert decided.reason is not None


def test_an_opening_that_began_earlier_than_the_open_episode_does_nothing() -> None:
    decided = decide(replace(OPEN, started_at=minute(5)), opened(start=0))
    assert decided.intents == ()
    assert decided.case.started_at == minute(5)


def test_an_opening_that_began_anew_while_its_ticket_is_open_is_noted() -> None:
    decided = decide(OPEN, opened(start=20))
    assert kinds(decided) == ["add_note"]
    assert "2026-02-20 12:20:00 UTC" in note(decided).body
    assert "3% free" in note(decided).body
    assert decided.case == replace(OPEN, started_at=minute(20))


def test_a_closed_ticket_can_be_reopened() -> None:
    decided = decide(CLOSED, opened(start=70))
    (create,) = decide(NEW, opened(start=70)).intents
    assert decided.intents[0] == Intent(
        "reopen_ticket", UpdateTicket(status="open"), instead=cast(CreateTicket, create.request)
    )
    assert kinds(decided) == ["reopen_ticket", "add_note"]
    assert decided.case.phase == "open"
    assert decided.case.episode == 2
    assert decided.case.started_at == minute(70)


def test_a_reopened_ticket_keeps_the_priority_that_it_has() -> None:
    decided = decide(CLOSED, opened(start=20, priority="urgent"))
    assert decided.case.priority == "medium"


def test_an_opening_after_the_reopen_window_creates_another_ticket() -> None:
    decided = decide(CLOSED, opened(start=70.1))
    assert kinds(decided) == ["create_ticket"]
    assert decided.case.episode == 2


def test_a_reopen_window_of_nothing_creates_a_ticket_each_time() -> None:
    decided = decide(CLOSED, opened(start=10.1), policy=Policy(reopen_window=timedelta(0)))
    assert kinds(decided) == ["create_ticket"]


@pytest.mark.parametrize("start", [0, 5, 10])
def test_a_late_opening_of_an_episode_that_is_over_is_noted(start: float) -> None:
    decided = decide(CLOSED, opened(start=start, message="late"))
    assert kinds(decided) == ["add_note"]
    assert decided.case == CLOSED


def test_an_end_without_an_opening_leaves_a_tombstone() -> None:
    decided = decide(NEW, resolved(end=10))
    assert (decided.intents, decided.case) == ((), TOMBSTONE)
    assert decided.reason is not None


@pytest.mark.parametrize("case", [TOMBSTONE, CLOSED])
def test_an_earlier_end_does_not_move_the_latest_one(case: CaseState) -> None:
    decided = decide(case, resolved(end=5))
    assert (decided.intents, decided.case) == ((), case)


@pytest.mark.parametrize("case", [TOMBSTONE, CLOSED])
def test_a_later_end_moves_the_latest_one(case: CaseState) -> None:
    decided = decide(case, resolved(end=30))
    assert (decided.intents, decided.case.ended_at) == ((), minute(30))


def test_an_end_closes_the_ticket() -> None:
    decided = decide(OPEN, resolved(end=10))
    notes = "Resolved at 2026-02-20 12:10:00 UTC, says prom.\n\nall well"
    assert decided.intents == (Intent("close_ticket", CloseTicket(resolution_notes=notes)),)
    assert decided.case == CLOSED


def test_an_end_of_an_earlier_episode_leaves_the_ticket_open() -> None:
    decided = decide(replace(OPEN, started_at=minute(20)), resolved(end=10))
    assert decided.intents == ()
    assert decided.case.phase == "open"
    assert decided.reason == "the end of an earlier episode than the open one"


def test_an_end_of_a_closed_case_closes_nothing() -> None:
    decided = decide(CLOSED, resolved(end=10, message="from the other peer"))
    assert (decided.intents, decided.case) == ((), CLOSED)


def test_a_comment_without_a_case_has_no_ticket_to_go_to() -> None:
    for unknown in ("wait", "quarantine"):
        decided = decide(NEW, commented(unknown=unknown))
        assert (decided.intents, decided.unknown, decided.case) == ((), unknown, NEW)


def test_a_comment_without_a_case_opens_one_where_it_says_so() -> None:
    decided = decide(NEW, commented(unknown="open", text="it is slow"))
    assert [each.kind for each in decided.intents] == ["create_ticket"]
    assert (decided.case.phase, decided.case.episode) == ("open", 1)


def test_a_comment_is_a_note_on_an_open_ticket() -> None:
    decided = decide(OPEN, commented(text="a look at the logs"))
    assert decided.intents == (Intent("add_note", AddNote(body="a look at the logs", private=False)),)
    assert decided.case == OPEN


def test_a_comment_soon_after_the_end_reopens_and_later_opens_a_ticket_that_names_the_old_one() -> None:
    soon = decide(CLOSED, commented(text="it is back"))
    assert [each.kind for each in soon.intents] == ["reopen_ticket", "add_note"]
    later = decide(replace(CLOSED, ticket_id="1042"), commented(text="it is back", occurred_at=minute(9999)))
    (intent,) = later.intents
    assert isinstance(intent.request, CreateTicket)
    assert "ticket 1042" in intent.request.description
    assert later.case.episode == CLOSED.episode + 1


def test_an_automatic_comment_never_reopens() -> None:
    decided = decide(CLOSED, commented(reopens=False))
    assert [each.kind for each in decided.intents] == ["add_note"]
    assert decided.case == CLOSED


def test_who_takes_no_part_opens_a_ticket_of_their_own_that_names_the_other() -> None:
    standing = Standing(turned_away_from="ticket 1042")
    decided = plan("prom", NEW, commented(text="me too", unknown="open"), UNSEEN, Policy(), standing=standing)
    (intent,) = decided.intents
    assert isinstance(intent.request, CreateTicket)
    assert "ticket 1042" in intent.request.description


def test_who_may_not_close_closes_nothing() -> None:
    decided = plan("prom", OPEN, resolved(), UNSEEN, Policy(), standing=Standing(authorized=False))
    assert (decided.intents, decided.case) == ((), OPEN)


@pytest.mark.parametrize("case", [NEW, TOMBSTONE, CLOSED])
def test_a_change_without_an_open_ticket_does_nothing(case: CaseState) -> None:
    decided = decide(case, changed(priority="urgent"))
    assert (decided.intents, decided.case) == ((), case)
    assert decided.reason is not None


def test_a_change_of_priority_and_text_updates_first_and_notes_then() -> None:
    decided = decide(OPEN, changed(priority="urgent", text="worse"))
    assert [each.request for each in decided.intents] == [UpdateTicket(priority="urgent"), AddNote(body="worse")]
    assert decided.case == replace(OPEN, priority="urgent", changed_at=minute(1))


def test_a_change_that_was_made_before_another_one_changes_no_priority_when_it_comes_late() -> None:
    later = decide(OPEN, changed(priority="urgent", message="two", text="", occurred_at=minute(2))).case
    decided = decide(later, changed(priority="low", text="fewer are hit"))
    assert kinds(decided) == ["add_note"]
    assert decided.case == later
    assert decide(later, changed(priority="low", text="")).reason == "a later change is known already"


def test_a_change_of_text_alone_is_a_note() -> None:
    assert kinds(decide(OPEN, changed(text="worse"))) == ["add_note"]


def test_a_change_of_priority_alone_is_an_update() -> None:
    assert kinds(decide(OPEN, changed(priority="low", text=""))) == ["update_ticket"]


def test_a_change_of_nothing_does_nothing() -> None:
    decided = decide(OPEN, changed(text=""))
    assert decided.intents == ()
    assert decided.reason == "the change has no effect on the ticket"


@pytest.mark.parametrize("case", [NEW, TOMBSTONE, OPEN, CLOSED])
@pytest.mark.parametrize("event", [opened(start=99), resolved(end=99), commented(), changed(priority="urgent")])
def test_a_repeat_plans_nothing_whatever_it_says(case: CaseState, event: Event) -> None:
    decided = decide(case, event, Recurrence.REPEAT, episode=1)
    assert (decided.intents, decided.case) == ((), case)
    assert decided.reason is not None


def test_a_known_event_with_other_content_is_noted_while_its_episode_is_open() -> None:
    event = opened(text="the replica is down too")
    decided = decide(OPEN, event, Recurrence.CHANGED, episode=1)
    body = "Changed at prom.\n\nthe replica is down too"
    assert decided.intents == (Intent("add_note", AddNote(body=body), event.content_digest),)
    assert decided.case == OPEN


def test_a_known_event_with_another_priority_updates_the_ticket_too() -> None:
    decided = decide(OPEN, opened(priority="urgent"), Recurrence.CHANGED, episode=1)
    assert kinds(decided) == ["update_ticket", "add_note"]
    assert decided.intents[0].request == UpdateTicket(priority="urgent")
    assert decided.case.priority == "urgent"


def test_each_change_of_one_message_has_a_key_of_its_own() -> None:
    versions = [decide(OPEN, opened(text=text), Recurrence.CHANGED, episode=1).intents[0] for text in ("a", "b")]
    assert len({idempotency_key("prom", "disk", 1, "m", each) for each in versions}) == 2


@pytest.mark.parametrize(
    ("case", "event", "episode"),
    [
        pytest.param(CLOSED, opened(text="other"), 1, id="its ticket is closed"),
        pytest.param(NEW, opened(text="other"), 0, id="it never had a ticket"),
        pytest.param(replace(OPEN, episode=2), opened(text="other"), 1, id="a later episode is open"),
        pytest.param(OPEN, resolved(text="other"), 1, id="it is an end"),
    ],
)
def test_a_known_event_with_other_content_does_nothing_when(case: CaseState, event: Event, episode: int) -> None:
    decided = decide(case, event, Recurrence.CHANGED, episode=episode)
    assert (decided.intents, decided.case) == ((), case)
    assert decided.reason == (
        "a repeat: this end is known, with another text"
        if isinstance(event, Resolved)
        else "a change of an episode that is over"
    )


def test_changes_are_not_noted_where_the_policy_says_so() -> None:
    event = opened(text="other", priority="urgent")
    decided = decide(OPEN, event, Recurrence.CHANGED, episode=1, policy=Policy(note_on_change=False))
    assert (decided.intents, decided.case) == ((), OPEN)


def test_a_private_opening_makes_a_neutral_ticket_and_a_private_note() -> None:
    event = opened(text="my salary", subject="about my salary", private=True, category="hr")
    create, words = (each.request for each in decide(NEW, event).intents)
    assert create == CreateTicket(
        subject=PRIVATE_SUBJECT.format(source="prom"), description=PRIVATE_TEXT, category="hr"
    )
    assert words == AddNote(body="about my salary\n\nmy salary", private=True)


def test_a_public_note_of_something_private_is_public_and_its_ticket_stays_neutral() -> None:
    said = commented(text="It is fixed", private=True, public_note=True)
    (note,) = decide(OPEN, said).intents
    assert note.request == AddNote(body="It is fixed", private=False)


@pytest.mark.parametrize(
    ("case", "event", "recurrence"),
    [
        (NEW, opened(text="my salary", private=True), Recurrence.FIRST),
        (OPEN, opened(start=20, text="my salary", private=True), Recurrence.FIRST),
        (CLOSED, opened(start=5, text="my salary", private=True), Recurrence.FIRST),
        (CLOSED, opened(start=20, text="my salary", private=True), Recurrence.FIRST),
        (CLOSED, opened(start=999, text="my salary", private=True), Recurrence.FIRST),
        (OPEN, resolved(end=20, text="my salary", private=True), Recurrence.FIRST),
        (OPEN, commented(text="my salary", private=True), Recurrence.FIRST),
        (OPEN, changed(text="my salary", private=True), Recurrence.FIRST),
        (OPEN, opened(text="my salary", private=True), Recurrence.CHANGED),
        (OPEN, opened(text="my salary", private_change=True), Recurrence.CHANGED),
        (NEW, commented(text="my salary", private=True, public_note=True, unknown="open"), Recurrence.FIRST),
    ],
)
def test_private_words_stand_in_private_notes_alone(case: CaseState, event: Event, recurrence: Recurrence) -> None:
    decided = decide(case, event, recurrence, episode=1)
    assert decided.intents
    for each in decided.intents:
        if isinstance(each.request, AddNote):
            assert each.request.private
        else:
            assert "salary" not in each.request.model_dump_json()


def test_urgent_openings_rank_first_and_notes_last() -> None:
    creates = [rank("create_ticket", each) for each in ("urgent", "high", "medium", "low")]
    others: list[Kind] = ["update_ticket", "close_ticket", "add_note"]
    ranks = [rank(kind, "urgent") for kind in others]
    assert (
        creates == sorted(set(creates)) == [rank("reopen_ticket", each) for each in ("urgent", "high", "medium", "low")]
    )
    assert max(creates) < min(ranks)
    assert ranks[0] == ranks[1] < ranks[2]


def test_the_key_of_an_operation_is_the_same_for_every_replay() -> None:
    first, again = (decide(NEW, opened()).intents[0] for _ in range(2))
    key = idempotency_key("prom", "disk", 1, "m", first)
    assert key == idempotency_key("prom", "disk", 1, "m", again)
    assert key.isascii()
    assert len(key) <= 128


PARTS = st.tuples(
    st.text("ab:\0", min_size=1, max_size=4),
    st.text("ab:\0", min_size=1, max_size=4),
    st.integers(0, 12),
    st.text("ab:01\0", min_size=1, max_size=4),
    st.sampled_from(KINDS),
    st.text("01ab", min_size=1, max_size=3),
)


def _key(parts: tuple[str, str, int, str, Kind, str]) -> str:
    source, case, episode, message, kind, ordinal = parts
    return idempotency_key(source, case, episode, message, Intent(kind, AddNote(body="x"), ordinal))


@hypothesis.given(PARTS, PARTS)
@hypothesis.example(("a", "bc", 1, "m", "add_note", "0"), ("ab", "c", 1, "m", "add_note", "0"))
@hypothesis.example(("a", "b", 1, "1m", "add_note", "0"), ("a", "b", 11, "m", "add_note", "0"))
@hypothesis.example(("a", "b1", 1, "m", "add_note", "0"), ("a", "b", 11, "m", "add_note", "0"))
def test_two_different_operations_never_have_one_key(
    one: tuple[str, str, int, str, Kind, str], other: tuple[str, str, int, str, Kind, str]
) -> None:
    assert (_key(one) == _key(other)) == (one == other)
