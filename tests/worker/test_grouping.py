"""A group of alerts is one ticket: opened with the first alert, closed with the last, in any order of arrival."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, members, operations
from worker.planning.grouping import PREFIX, group_of, plan_member, storm_of
from worker.planning.model import CaseState, Group, Policy, Recognition, Recurrence, Treatment

from .builders import (
    NOON,
    ManualClock,
    changed,
    commented,
    deliver_all,
    delivery,
    kinds_of,
    opened,
    resolved,
    rows,
)
from .conftest import MakeLedger

pytestmark = pytest.mark.one_database

TEAM = Group(f"{PREFIX}team", "team=core")
OTHER = Group(f"{PREFIX}other", "team=other")


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    made = make_ledger(may_group=True)
    made.upgrade()
    return made


def observed(
    ledger: Ledger, *events: Event, group: Group | None = TEAM, policy: Policy | None = None
) -> list[str | None]:
    """Record a delivery with events of the group; return why each event had no effect."""
    treatment = Treatment(policy or Policy(), group=group)
    found, _ = ledger.record([delivery(*events, treatments=(treatment,) * len(events))])
    return [each.reason for each in found[0].effects]


def notes(ledger: Ledger) -> list[str]:
    return [json.loads(each["request"])["body"] for each in rows(ledger, operations) if each["kind"] == "add_note"]


def request(ledger: Ledger, kind: str) -> dict[str, Any]:
    (found,) = [json.loads(each["request"]) for each in rows(ledger, operations) if each["kind"] == kind]
    return dict(found)


def group_row(ledger: Ledger) -> dict[str, Any]:
    (found,) = [each for each in rows(ledger, cases) if each["key"] == TEAM.key]
    return found


def test_the_first_alert_of_a_group_opens_its_ticket_and_the_others_are_notes_that_name_them(ledger: Ledger) -> None:
    observed(ledger, opened("var"), opened("opt", 1))
    observed(ledger, opened("home", 2))
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note"]
    ticket = request(ledger, "create_ticket")
    assert ticket["subject"] == "team=core: var is full"
    assert ticket["description"].startswith("One ticket for a group (team=core).")
    assert notes(ledger) == [
        "opt is full joined the group. Open now: 2.\n\n3% free",
        "home is full joined the group. Open now: 3.\n\n3% free",
    ]


def test_who_leaves_is_named_in_a_note_and_the_last_one_closes_the_ticket(ledger: Ledger) -> None:
    observed(ledger, opened("var"), opened("opt", 1))
    observed(ledger, resolved("var"))
    observed(ledger, resolved("opt", 12))
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note", "close_ticket"]
    assert notes(ledger)[1] == "var is full left the group: it is resolved, says prom. Still open: 1."
    ended = request(ledger, "close_ticket")["resolution_notes"]
    assert ended.startswith(
        "Resolved at 2026-02-20 12:01:00 UTC, says prom.\n\nNo member of the group is open any more"
    )
    assert (group_row(ledger)["phase"], group_row(ledger)["open_members"]) == ("closed", 0)


def test_an_end_that_is_older_than_the_groups_begin_still_closes_it(ledger: Ledger) -> None:
    observed(ledger, opened("var", 0), group=None)
    observed(ledger, opened("opt", 5))
    observed(ledger, opened("old", 1))
    observed(ledger, resolved("opt", 9, start=5))
    observed(ledger, resolved("old", 2, start=1))
    assert group_row(ledger)["phase"] == "closed"
    assert kinds_of(ledger).count("close_ticket") == 1


def test_what_was_observed_before_has_no_effect_in_a_group_either(ledger: Ledger) -> None:
    for _ in range(2):
        observed(ledger, opened("var"), opened("opt", 1))
        observed(ledger, resolved("var"), resolved("opt"))
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note", "close_ticket"]


def test_a_resolve_that_comes_first_keeps_its_alert_out_of_the_group(ledger: Ledger) -> None:
    assert observed(ledger, resolved("var", 10)) == ["the case was never opened"]
    assert observed(ledger, opened("var", 0)) == ["the end arrived before the opening"]
    observed(ledger, opened("opt", 1))
    assert kinds_of(ledger) == ["create_ticket"]
    assert group_row(ledger)["open_members"] == 1


def test_an_alert_that_began_before_the_group_ended_and_is_observed_later_opens_it_again(ledger: Ledger) -> None:
    observed(ledger, opened("var"))
    observed(ledger, resolved("var", 10))
    observed(ledger, opened("opt", 5))
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "reopen_ticket", "add_note"]


def test_after_the_reopening_window_a_group_gets_another_ticket(ledger: Ledger, clock: ManualClock) -> None:
    observed(ledger, opened("var"), resolved("var", 10))
    clock.advance(hours=3)
    observed(ledger, opened("opt", 180))
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "create_ticket"]


def test_a_group_is_as_urgent_as_the_most_urgent_that_joined_it(ledger: Ledger) -> None:
    observed(ledger, opened("var", priority="low"))
    observed(ledger, opened("opt", 1, priority="urgent"))
    observed(ledger, opened("home", 2, priority="medium"))
    observed(ledger, changed("home", priority="low", text="fine"))
    assert kinds_of(ledger) == ["create_ticket", "update_ticket", "add_note", "add_note", "add_note"]
    assert request(ledger, "update_ticket") == {"priority": "urgent"}


def test_an_alert_with_a_ticket_of_its_own_keeps_it_when_the_routes_begin_to_group(ledger: Ledger) -> None:
    observed(ledger, opened("var"), group=None)
    observed(ledger, opened("opt", 1))
    observed(ledger, resolved("var"))
    states = {each["key"]: each["phase"] for each in rows(ledger, cases)}
    assert states == {"var": "closed", TEAM.key: "open"}
    observed(ledger, opened("var", 20))
    assert group_row(ledger)["open_members"] == 2


@pytest.mark.parametrize("now", [None, OTHER])
def test_an_alert_stays_in_its_group_until_it_ends_when_the_routes_group_otherwise(
    ledger: Ledger, now: Group | None
) -> None:
    observed(ledger, opened("var"), opened("opt", 1))
    observed(ledger, resolved("var"), changed("opt", text="1% free"), group=now)
    assert group_row(ledger)["open_members"] == 1
    assert notes(ledger)[-1] == "1% free"
    observed(ledger, resolved("opt"), group=now)
    assert group_row(ledger)["phase"] == "closed"


def test_a_ledger_with_groups_knows_them_when_nothing_is_grouped_any_more(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    observed(ledger, opened("var"), opened("opt", 1))
    later = make_ledger(may_group=False)
    observed(later, resolved("var"), resolved("opt"), group=None)
    assert group_row(later)["phase"] == "closed"


def test_a_comment_goes_to_the_group_in_which_its_alert_is(ledger: Ledger) -> None:
    observed(ledger, commented("opt", text="looking"), group=None)
    observed(ledger, opened("var"), opened("opt", 1))
    observed(ledger, commented("opt", "comment-2", text="found it"), group=None)
    assert notes(ledger) == ["opt is full joined the group. Open now: 2.\n\n3% free", "looking", "found it"]
    assert len(rows(ledger, cases)) == 1


def test_a_private_alert_joins_in_a_private_note_and_opens_with_a_neutral_subject(ledger: Ledger) -> None:
    observed(ledger, opened("var", private=True), opened("opt", 1, private=True), opened("home", 2))
    assert "var" not in json.dumps(request(ledger, "create_ticket"))
    found = [json.loads(each["request"]) for each in rows(ledger, operations) if each["kind"] == "add_note"]
    assert [each["private"] for each in found] == [True, True, False]


def test_a_delayed_group_whose_alerts_all_end_in_time_costs_nothing(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(may_group=True, may_delay=True)
    ledger.upgrade()
    policy = Policy(damping=timedelta(minutes=5))
    observed(ledger, opened("var"), opened("opt", 1), policy=policy)
    observed(ledger, resolved("var"), resolved("opt"), policy=policy)
    assert {each["state"] for each in rows(ledger, operations)} == {"skipped"}
    assert deliver_all(ledger) == []


def test_ends_that_do_nothing_leave_the_ticket_open_and_say_so(ledger: Ledger) -> None:
    policy = Policy(on_resolve="nothing")
    observed(ledger, opened("var"), opened("opt", 1), policy=policy)
    assert observed(ledger, resolved("var"), policy=policy) == [
        "the member left the group, and an end has no effect on the ticket (on_resolve)"
    ]
    assert group_row(ledger)["open_members"] == 1


def test_sources_never_share_a_group(ledger: Ledger) -> None:
    treatment = Treatment(Policy(), group=TEAM)
    for source in ("one", "two"):
        ledger.record([delivery(opened("var"), source=source, treatments=(treatment,))])
    assert kinds_of(ledger) == ["create_ticket", "create_ticket"]


def test_a_group_is_named_by_its_attributes_and_a_missing_one_is_empty() -> None:
    found = group_of(opened(), ["labels.team", "severity"], {"labels.team": "core"})
    assert found == Group('ticketrelay:group:{"labels.team": "core", "severity": ""}', "team=core, severity=")


def test_names_that_cannot_be_read_are_told_apart_by_a_digest() -> None:
    long, odd = (group_of(opened(), ["labels.a"], {"labels.a": each}) for each in ("x" * 300, "a\x00b"))
    assert long is not None
    assert odd is not None
    assert long.key != odd.key
    assert all(each.key.isprintable() and len(each.key) < 100 for each in (long, odd))


def test_what_answers_something_or_is_a_comment_is_never_led_to_a_group() -> None:
    conversation = [commented(), opened(aliases=("<id@host>",)), resolved(authority="opener")]
    assert [group_of(each, ["labels.team"], {}) for each in conversation] == [None, None, None]


Told = tuple[str, str, int]
"""`opened` or `resolved`, the alert, and the number of its episode."""


def event(one: Told) -> Event:
    what, alert, episode = one
    if what == "opened":
        return opened(alert, episode * 10)
    return resolved(alert, episode * 10 + 5, start=episode * 10)


@hypothesis.given(st.data())
@hypothesis.settings(deadline=None)
def test_in_whatever_order_a_group_is_open_as_long_as_one_of_its_alerts_is(data: st.DataObject) -> None:
    # Each alert has two episodes; the last one may go on. Every event may come twice and in any order.
    goes_on = data.draw(st.sets(st.sampled_from("abc")))
    truth: list[Told] = [("opened", alert, number) for alert in "abc" for number in (0, 1)]
    truth += [("resolved", alert, number) for alert in "abc" for number in (0, 1) if not (number and alert in goes_on)]
    order = data.draw(st.permutations(truth + data.draw(st.lists(st.sampled_from(truth), max_size=6))))
    group, count, alerts, known = CaseState(), 0, dict.fromkeys("abc", CaseState()), set[str]()
    tickets = 0
    for one in order:
        said = event(one)
        recurrence = Recurrence.REPEAT if said.source_message_id in known else Recurrence.FIRST
        known.add(said.source_message_id)
        found = plan_member(
            "prom", group, count, alerts[one[1]], said, Recognition(recurrence), Treatment(Policy(), group=TEAM)
        )
        alerts[one[1]], group, count = found.member, found.plan.case, found.open_members
        kinds = [each.kind for each in found.plan.intents]
        tickets += len({"create_ticket", "reopen_ticket"} & set(kinds)) - kinds.count("close_ticket")
        assert tickets in (0, 1)
        assert count == sum(each.phase == "open" for each in alerts.values())
        assert (group.phase == "open") == (count > 0) == (tickets == 1)
    assert {alert for alert, each in alerts.items() if each.phase == "open"} == goes_on


def record_all(ledger: Ledger, events: Sequence[Event]) -> None:
    for first in range(0, len(events), 100):
        part = events[first : first + 100]
        groups = [Group(f"{PREFIX}{each.case_key.partition('-')[0]}", each.case_key.partition("-")[0]) for each in part]
        arrived = Inbound("prom", NOON, str(first).encode() + str(part[0].kind).encode())
        treatments = tuple(Treatment(Policy(), group=each) for each in groups)
        ledger.record([Delivery(arrived, Parsed(tuple(part)), treatments=treatments)])


def test_of_a_thousand_alerts_in_twenty_groups_each_is_named_and_all_of_them_end(ledger: Ledger) -> None:
    alerts = [opened(f"{number % 20}-{number}") for number in range(1000)]
    record_all(ledger, alerts)
    said = "\n".join([*notes(ledger), *(json.dumps(each["request"].decode()) for each in rows(ledger, operations))])
    assert all(each.subject in said for each in alerts)
    assert kinds_of(ledger).count("create_ticket") == 20
    assert len(rows(ledger, members)) == 1000
    record_all(ledger, [resolved(each.case_key) for each in alerts])
    assert kinds_of(ledger).count("close_ticket") == 20
    assert {each["open_members"] for each in rows(ledger, cases)} == {0}


def flood(ledger: Ledger, number: int, *, above: int = 5, prefix: str = "disk", **more: Any) -> None:
    """Record a number of new incidents of one storm, each in a delivery of its own."""
    for each in range(number):
        event = opened(f"{prefix}-{each}", **more)
        treatment = Treatment(Policy(), storm=storm_of(event, "prom", above, ""))
        ledger.record([delivery(event, treatments=(treatment,))])


def tickets_of(ledger: Ledger) -> list[str]:
    return [
        json.loads(each["request"])["subject"] for each in rows(ledger, operations) if each["kind"] == "create_ticket"
    ]


def test_above_its_rate_a_sources_new_incidents_share_a_ticket_that_names_them_all(ledger: Ledger) -> None:
    flood(ledger, 12)
    alone = [f"disk-{each} is full" for each in range(5)]
    assert sorted(tickets_of(ledger)) == [*alone, "storm of prom: disk-5 is full"]
    named = "\n".join(notes(ledger))
    assert all(f"disk-{each} is full" in named for each in range(6, 12))


def test_what_a_storm_gathered_ends_there_and_with_the_last_its_ticket_is_closed(ledger: Ledger) -> None:
    flood(ledger, 8)
    observed(ledger, *(resolved(f"disk-{each}") for each in range(8)), group=None)
    assert kinds_of(ledger).count("close_ticket") == 6
    assert "open" not in {each["phase"] for each in rows(ledger, cases)}


def test_urgent_incidents_and_repeats_are_never_gathered_nor_counted(ledger: Ledger) -> None:
    flood(ledger, 4)
    flood(ledger, 4)
    flood(ledger, 4, prefix="urgent", priority="urgent")
    flood(ledger, 1, prefix="fifth")
    assert len(tickets_of(ledger)) == 9


def test_a_storm_ends_with_the_first_minute_that_holds_no_more_than_the_rate(
    ledger: Ledger, clock: ManualClock
) -> None:
    flood(ledger, 8)
    clock.advance(seconds=61)
    flood(ledger, 3, prefix="still")
    assert len(tickets_of(ledger)) == 6
    clock.advance(seconds=60)
    flood(ledger, 3, prefix="calm")
    assert tickets_of(ledger)[-3:] == ["calm-0 is full", "calm-1 is full", "calm-2 is full"]


def test_without_a_rate_each_has_its_ticket(ledger: Ledger) -> None:
    treatment = Treatment(Policy(), storm=storm_of(opened(), "prom", None, ""))
    ledger.record([delivery(*(opened(f"disk-{each}") for each in range(100)), treatments=(treatment,) * 100)])
    assert len(tickets_of(ledger)) == 100
