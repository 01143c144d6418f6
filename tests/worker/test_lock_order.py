"""All transactions take their locks in one order, so two of them never wait for each other.

Each test stops a transaction at its first lock, which another transaction has. Then it takes the locks that should come
later: they must be free. So a wrong order is found every time, and not only when two processes collide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.exc import OperationalError

from connectors.contract.events import Exchange
from worker.ledger import Delivery, Ledger, Limits
from worker.ledger.queue.gates import ALL
from worker.ledger.recording import recorder
from worker.ledger.schema.tables import aliases, cases, gate, participants, pending

from .builders import (
    NOON,
    UNLIMITED,
    ManualClock,
    again,
    claim,
    commented,
    delivery,
    done,
    inbound,
    opened,
    resolved,
    rows,
    take_back,
    waits_for_a_lock,
)
from .conftest import MakeLedger
from .conversations import mail, name_of

pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]

NAMES = ("ash", "beech", "cedar", "elder", "fir", "hazel")
PATIENCE_S = 30
AT_ONCE = "SET LOCAL lock_timeout = '50ms'"  # a lock that is free is taken without any wait

T = TypeVar("T")
Take = Callable[[Connection, str], None]
"""Takes the lock of one name."""


@contextmanager
def holding(ledger: Ledger, take: Take, name: str) -> Iterator[None]:
    """Hold a lock in a transaction that leaves nothing behind."""
    with ledger.database.engine.connect() as connection, connection.begin() as transaction:
        take(connection, name)
        yield
        transaction.rollback()


def is_free(ledger: Ledger, take: Take, name: str) -> bool:
    with ledger.database.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(AT_ONCE))
        try:
            take(connection, name)
        except OperationalError:
            return False
        transaction.rollback()
        return True


def waits(ledger: Ledger, action: Future[Any]) -> bool:
    """Return True when a session of this database waits for a lock of another one; False when the action has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while not action.done():
        if waits_for_a_lock(ledger):
            return True
        assert time.monotonic() < deadline, "it neither ends nor waits for a lock"
    return False


def taken_too_early(
    ledger: Ledger, other: Ledger, take: Take, act: Callable[[], object], names: Sequence[str] = NAMES
) -> list[str]:
    """Return the names that `act` locked before it had the lock of the first name."""
    first, *later = names
    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        stack.enter_context(holding(other, take, first))
        action = pool.submit(act)
        assert waits(other, action), f"it ended without the lock that is held: {action.result()}"
        early = [name for name in later if not is_free(other, take, name)]
        stack.close()
        action.result(PATIENCE_S)
    return early


def lock_case(connection: Connection, key: str) -> None:
    connection.execute(select(cases.c.id).where(cases.c.key == key).with_for_update()).one()


def recording(ledger: Ledger, make: Callable[[str], Delivery]) -> Take:
    """Return a function that locks what recording a delivery locks."""

    def take(connection: Connection, name: str) -> None:
        rules = ledger.rules.read(ledger.database, connection)
        recorder.record(ledger.database, connection, [make(name)], rules)

    return take


def reversed_events(make: Callable[[str], Any]) -> list[Any]:
    return [make(name) for name in reversed(NAMES)]


@pytest.fixture
def other(make_ledger: MakeLedger) -> Ledger:
    return make_ledger()


def test_new_cases_are_made_in_the_order_of_their_keys(ledger: Ledger, other: Ledger) -> None:
    take = recording(other, lambda name: delivery(opened(name)))
    events = reversed_events(opened)
    assert taken_too_early(ledger, other, take, lambda: ledger.record([delivery(*events)])) == []
    assert len(rows(ledger, cases)) == len(NAMES)


def test_planning_locks_known_cases_in_the_order_of_their_ids(ledger: Ledger, other: Ledger) -> None:
    ledger.record([delivery(*(opened(name) for name in NAMES))])
    events = reversed_events(resolved)
    assert taken_too_early(ledger, other, lock_case, lambda: ledger.record([delivery(*events)])) == []


def test_a_settle_locks_its_cases_in_the_order_of_their_ids(ledger: Ledger, other: Ledger) -> None:
    ledger.record([delivery(*(opened(name) for name in NAMES))])
    claims = sorted(claim(ledger), key=lambda each: -each.case_id)
    settled = [(each, done(f"T-{each.case_id}")) for each in claims]
    assert taken_too_early(ledger, other, lock_case, lambda: ledger.settle(settled)) == []


def test_pairing_locks_the_cases_of_waiting_comments_in_the_order_of_their_ids(ledger: Ledger, other: Ledger) -> None:
    ledger.record([delivery(*(commented(name, f"comment on {name}") for name in reversed(NAMES)))])
    waiting = rows(ledger, pending)
    ledger.record([delivery(*(opened(name) for name in NAMES))])
    with ledger.database.write() as connection:  # as if they had been recorded at the same moment
        connection.execute(insert(pending), waiting)
    assert taken_too_early(ledger, other, lock_case, ledger.pair_waiting) == []


def test_unreadable_bytes_are_counted_in_the_order_of_their_digests(ledger: Ledger, other: Ledger) -> None:
    def unreadable(name: str) -> Delivery:
        return Delivery(inbound(name.encode()), unreadable="not JSON")

    everything = [unreadable(name) for name in NAMES]
    ledger.record(everything)
    in_order = sorted(NAMES, key=lambda name: recorder._body_digest(unreadable(name).inbound))
    take = recording(other, unreadable)
    backwards = [unreadable(name) for name in reversed(in_order)]
    assert taken_too_early(ledger, other, take, lambda: ledger.record(backwards), in_order) == []


def test_comments_begin_to_wait_in_the_order_of_their_digests(ledger: Ledger, other: Ledger) -> None:
    def early(name: str) -> Any:
        return commented(name, f"comment on {name}")

    ledger.record([delivery(*(early(name) for name in NAMES))])
    digests = {each["wanted"]: each["digest"] for each in rows(ledger, pending)}
    with ledger.database.write() as connection:
        connection.execute(delete(pending))
    in_order = sorted(NAMES, key=lambda name: digests[name])
    take = recording(other, lambda name: delivery(early(name)))
    events = [early(name) for name in reversed(in_order)]
    assert taken_too_early(ledger, other, take, lambda: ledger.record([delivery(*events)]), in_order) == []


def test_the_names_of_a_case_are_registered_in_order(ledger: Ledger, other: Ledger) -> None:
    ledger.record([delivery(opened("elsewhere"), mail("root"))])
    elsewhere = next(each["id"] for each in rows(ledger, cases) if each["key"] == "elsewhere")

    def take(connection: Connection, name: str) -> None:
        connection.execute(insert(aliases).values(source="prom", alias=name_of(name), case_id=elsewhere))

    reply = mail("zelkova", to=["root"], aliases=(name_of("zelkova"), *reversed_events(name_of)))
    assert taken_too_early(ledger, other, take, lambda: ledger.record([delivery(reply)])) == []


def test_people_join_cases_in_order(ledger: Ledger, other: Ledger) -> None:
    ledger.record([delivery(mail("root"))])
    (case,) = rows(ledger, cases)

    def take(connection: Connection, name: str) -> None:
        connection.execute(insert(participants).values(case_id=case["id"], name=f"{name}@customer.example"))

    more = [f"{name}@customer.example" for name in reversed(NAMES)]
    reply = mail("reply", to=["root"], cc=more)
    assert taken_too_early(ledger, other, take, lambda: ledger.record([delivery(reply)])) == []


def test_exchanges_are_locked_in_the_order_of_their_names(ledger: Ledger, other: Ledger) -> None:
    def looping(name: str, message: str) -> Any:
        return opened(f"{message} {name}", exchange=Exchange(name, most=5, within=600))

    take = recording(other, lambda name: delivery(looping(name, "other")))
    events = reversed_events(lambda name: looping(name, "one"))
    assert taken_too_early(ledger, other, take, lambda: ledger.record([delivery(*events)])) == []


def waited(other: Ledger, take: Take, name: str, act: Callable[[], T]) -> tuple[bool, T]:
    """Return whether `act` waited for a lock that is held, and its result."""
    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        stack.enter_context(holding(other, take, name))
        action = pool.submit(act)
        has_waited = waits(other, action)
        stack.close()
        return has_waited, action.result(PATIENCE_S)


def test_a_claim_and_a_take_back_pass_over_cases_that_are_locked(
    ledger: Ledger, other: Ledger, clock: ManualClock
) -> None:
    ledger.record([delivery(*(opened(name) for name in NAMES))])
    claimed = waited(other, lock_case, NAMES[0], lambda: len(claim(ledger)))
    assert claimed == (False, len(NAMES) - 1)
    clock.advance(hours=1)
    taken_back = waited(other, lock_case, NAMES[1], lambda: take_back(ledger, timedelta(0)))
    assert taken_back == (False, len(NAMES) - 2)


def lock_gate(connection: Connection, _: str) -> None:
    connection.execute(select(gate.c.id).where(gate.c.id == ALL).with_for_update()).one()


def test_claims_wait_for_each_other_where_there_is_a_limit_and_nowhere_else(ledger: Ledger, other: Ledger) -> None:
    """Two claims that counted the tokens at the same moment would take the same ones."""
    ledger.record([delivery(*(opened(name) for name in NAMES))])
    without, within = UNLIMITED, Limits(100, None)
    assert waited(other, lock_gate, "", lambda: len(claim(ledger, limit=1, limits=without))) == (False, 1)
    assert waited(other, lock_gate, "", lambda: len(claim(ledger, limit=1, limits=within))) == (True, 1)


def test_tokens_are_given_back_under_the_lock_under_which_they_are_counted(ledger: Ledger, other: Ledger) -> None:
    """A claim that counted while tokens come back would see some of them."""
    ledger.record([delivery(opened())])
    (late,) = claim(ledger, limits=Limits(100, None))
    has_waited, _ = waited(other, lock_gate, "", lambda: ledger.settle([(late, again(NOON, unsent=True))]))
    assert has_waited
