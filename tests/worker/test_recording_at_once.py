"""Several processes record the same messages at the same moment: one effect, and no deadlock."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.processes import wait_until
from worker.ledger import Delivery, Ledger
from worker.ledger.recording import recorder
from worker.ledger.schema.tables import cases, inbound, operations
from worker.planning.model import Recurrence

from .builders import at_once, delivery, kinds_of, opened, resolved, rows, waits_for_a_lock
from .builders import inbound as arrived
from .conftest import MakeLedger

THREADS = 8


def test_two_processes_that_get_the_same_new_message_make_one_operation(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    other = make_ledger()
    for number in range(10):
        event = opened(f"disk-{number}")
        results = at_once(lambda: ledger.record([delivery(event)]), lambda: other.record([delivery(event)]))  # noqa: B023
        recurrences = Counter(effect.recurrence for recorded, _ in results for effect in recorded[0].effects)
        assert recurrences == {Recurrence.FIRST: 1, Recurrence.REPEAT: 1}
    assert kinds_of(ledger) == ["create_ticket"] * 10


def test_two_processes_that_get_the_same_change_make_one_note(ledger: Ledger, make_ledger: MakeLedger) -> None:
    other = make_ledger()
    ledger.record([delivery(opened())])
    for number in range(10):
        event = opened(text=f"version {number}")
        at_once(lambda: ledger.record([delivery(event)]), lambda: other.record([delivery(event)]))  # noqa: B023
    assert kinds_of(ledger) == ["create_ticket"] + ["add_note"] * 10


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_a_message_that_another_process_has_just_recorded_in_another_case_is_a_repeat_there(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    """Neither transaction sees the other. The second waits for the unique key of the message, and begins again."""
    other = make_ledger()
    here, there = opened("disk", message="same"), opened("group", message="same")
    with ThreadPoolExecutor(1) as pool:
        with other.database.write() as connection:
            rules = other.rules.read(other.database, connection)
            recorder.record(other.database, connection, [delivery(there)], rules)
            later = pool.submit(lambda: ledger.record([delivery(here)]))
            wait_until(lambda: later.done() or waits_for_a_lock(other), "waiting for the message of the other process")
        (recorded,), _ = later.result(30)
    assert [effect.recurrence for effect in recorded.effects] == [Recurrence.REPEAT]
    assert kinds_of(ledger) == ["create_ticket"]
    assert len(rows(ledger, inbound)) == 2


def test_processes_that_take_overlapping_cases_in_any_order_neither_block_nor_double(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    names = [f"disk-{number}" for number in range(30)]
    events = [event for name in names for event in (opened(name), resolved(name))]

    def work(seed: int) -> None:
        own = make_ledger()
        choose = random.Random(seed)  # noqa: S311 — an order, not a secret
        for _ in range(6):
            some = choose.sample(names, 15)
            own.record([delivery(*(opened(name) for name in some))])
        # In the order of its source, so that each opening has its end in any order of processes.
        for name in choose.sample(names, len(names)):
            own.record([delivery(opened(name), resolved(name))])

    at_once(*(lambda seed=seed: work(seed) for seed in range(THREADS)))
    assert len(rows(ledger, cases)) == len(names)
    kinds = Counter((each["case_id"], each["kind"]) for each in rows(ledger, operations))
    assert set(kinds.values()) == {1}
    assert len(kinds) == len(events)


def test_a_message_known_elsewhere_is_found_there_by_processes_that_lock_in_other_orders(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    # Recorded under one grouping, replayed under another: the cases of the first recording must be locked too.
    names = [f"disk-{number}" for number in range(12)]
    ledger.record([delivery(*(opened(name, message=name) for name in names))])

    def regroup(seed: int) -> None:
        own = make_ledger()
        choose = random.Random(seed)  # noqa: S311 — an order, not a secret
        for version in range(4):
            some = choose.sample(names, 6)
            own.record([delivery(*(opened(f"group-{seed}", message=name, text=f"v{version}") for name in some))])

    at_once(*(lambda seed=seed: regroup(seed) for seed in range(THREADS)))
    notes = [each for each in rows(ledger, operations) if each["kind"] == "add_note"]
    assert notes
    assert {each["case_id"] for each in notes} <= {
        each["case_id"] for each in rows(ledger, operations) if each["seq"] == 1
    }
    assert len({each["request"] + str(each["case_id"]).encode() for each in notes}) == len(notes)


def test_processes_that_count_the_same_unreadable_bytes_in_other_orders_do_not_block_each_other(
    ledger: Ledger, make_ledger: MakeLedger
) -> None:
    bodies = [b"<a/>", b"<b/>", b"<c/>", b"<d/>"]

    def unreadable(order: list[bytes]) -> list[Delivery]:
        return [Delivery(arrived(body), unreadable="not JSON") for body in order]

    ledger.record(unreadable(bodies))

    def count(seed: int) -> None:
        own = make_ledger()
        choose = random.Random(seed)  # noqa: S311 — an order, not a secret
        for _ in range(20):
            own.record(unreadable(choose.sample(bodies, len(bodies))))

    at_once(*(lambda seed=seed: count(seed) for seed in range(THREADS)))
    assert [each["deliveries"] for each in rows(ledger, inbound)] == [1 + 20 * THREADS] * len(bodies)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_the_time_is_the_servers_so_that_all_processes_share_it(make_ledger: MakeLedger) -> None:
    one, other = make_ledger(clock=None), make_ledger(clock=None)
    moments = [one.now(), other.now(), one.now()]
    assert moments == sorted(moments)
    assert all(each.utcoffset() is not None for each in moments)
