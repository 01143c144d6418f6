"""Invariants of a case's tickets, for every order and repetition of its events."""

from __future__ import annotations

import itertools
from datetime import timedelta

import hypothesis
from hypothesis import strategies as st

from connectors.contract.events import Event, Opened, Resolved
from worker.planning.keys import idempotency_key
from worker.planning.lifecycle import plan
from worker.planning.model import CaseState, Intent, Plan, Policy, Recognition, Recurrence

from .builders import opened, resolved


class Replica:
    """The ledger's memory of one case, held in memory; plans the case's events as they arrive."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.case = CaseState()
        self.seen: dict[str, int] = {}
        self.done: list[tuple[Event, Intent]] = []

    def take(self, event: Event) -> Plan:
        episode = self.seen.get(event.source_message_id)
        recurrence = Recurrence.FIRST if episode is None else Recurrence.REPEAT
        decided = plan("prom", self.case, event, Recognition(recurrence, episode), self.policy)
        self.case = decided.case
        self.seen.setdefault(event.source_message_id, self.case.episode)
        self.done += [(event, each) for each in decided.intents]
        return decided


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Draw a case's life by the source's clock, and an order of arrival: shuffled, with repeats."""
    moments = itertools.accumulate(draw(st.lists(st.integers(1, 90), min_size=1, max_size=7)))
    life: list[Event] = []
    for number, moment in enumerate(moments):
        life.append(resolved(end=moment) if number % 2 else opened(start=moment))
    arrived = draw(st.permutations(life + draw(st.lists(st.sampled_from(life), max_size=4))))
    return life, arrived


policies = st.sampled_from([Policy(), Policy(reopen_window=timedelta(0)), Policy(reopen_window=timedelta(days=9))])


@hypothesis.given(lives(), policies)
@hypothesis.example(([opened(start=0), resolved(end=1), opened(start=2), resolved(end=3)],
                     [opened(start=0), resolved(end=1), resolved(end=3), opened(start=2)]), Policy())  # fmt: skip
def test_in_whatever_order_a_life_arrives(life: tuple[list[Event], list[Event]], policy: Policy) -> None:
    happened, arrived = life
    replica = Replica(policy)
    for event in arrived:
        replica.take(event)
    openings = [each for each in happened if isinstance(each, Opened)]
    creates = [event for event, intent in replica.done if intent.kind == "create_ticket"]
    assert len(creates) <= len(openings)
    assert len(creates) == len({each.source_message_id for each in creates})
    if isinstance(happened[-1], Resolved):
        assert replica.case.phase != "open"
    else:
        assert replica.case.phase == "open"
    keys = [
        idempotency_key("prom", event.case_key, replica.seen[event.source_message_id], event.source_message_id, intent)
        for event, intent in replica.done
    ]
    assert len(keys) == len(set(keys))


@hypothesis.given(lives(), policies)
def test_a_life_that_is_replayed_plans_nothing(life: tuple[list[Event], list[Event]], policy: Policy) -> None:
    replica = Replica(policy)
    for event in life[1]:
        replica.take(event)
    after = replica.case
    assert [replica.take(event).intents for event in life[0]] == [()] * len(life[0])
    assert replica.case == after


@hypothesis.given(lives(), policies)
def test_calls_on_a_ticket_follow_its_create_and_alternate(
    life: tuple[list[Event], list[Event]], policy: Policy
) -> None:
    replica = Replica(policy)
    for event in life[1]:
        replica.take(event)
    is_open: bool | None = None
    for _, intent in replica.done:
        match intent.kind:
            case "create_ticket":
                assert is_open is not True
                is_open = True
            case "close_ticket":
                assert is_open is True
                is_open = False
            case "reopen_ticket":
                assert is_open is False
                is_open = True
            case _:
                assert is_open is not None
