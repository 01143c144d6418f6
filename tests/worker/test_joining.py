"""Joined operations: calls are saved while the budget is scarce, and every text still arrives once and in order.

With `make_scarce`, more cases wait than there are tokens in a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.acceptance.processes import wait_until
from tickets.assumptions import MAX_TEXT
from tickets.client import TicketsClient
from tickets.server import Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.delivery.deliverer import Deliverer
from worker.delivery.rules import Rules
from worker.ledger import Claim, Ledger, Limits
from worker.ledger.queue.joining import BETWEEN, joined
from worker.ledger.schema.tables import operations
from worker.planning.model import KINDS, Kind
from worker.runtime.metrics import Metrics
from worker.settings import ApiSettings, TimingSettings

from .builders import (
    UNLIMITED,
    ManualClock,
    again,
    case_row,
    changed,
    claim,
    claim_one,
    commented,
    dead,
    delivery,
    done,
    opened,
    resolved,
    rows,
    take_back,
)

pytestmark = pytest.mark.one_database

SCARCE = Limits(10, None)
FULL = MAX_TEXT - len(BETWEEN)  # a note of this length has no room for one more character


def note(text: str, *, private: bool = False) -> bytes:
    return json.dumps({"body": text, "private": private}).encode()


def text_of(request: bytes) -> str:
    found: str = json.loads(request)["body"]
    return found


@pytest.mark.parametrize(
    ("kind", "requests", "whole", "number"),
    [
        pytest.param("add_note", [note("a"), note("b"), note("c")], f"a{BETWEEN}b{BETWEEN}c", 3, id="notes"),
        pytest.param("add_note", [note("a"), note("b", private=True), note("c")], "a", 1, id="not what is private"),
        pytest.param(
            "add_note", [note("a", private=True), note("b", private=True)], f"a{BETWEEN}b", 2, id="private ones"
        ),
        pytest.param("add_note", [note("a" * FULL), note("b")], "a" * FULL, 1, id="not beyond the limit"),
        pytest.param(
            "add_note",
            [note("a" * (FULL - 1)), note("b"), note("c")],
            "a" * (FULL - 1) + BETWEEN + "b",
            2,
            id="up to the limit",
        ),
    ],
)
def test_notes_are_joined_from_the_first_on(kind: str, requests: list[bytes], whole: str, number: int) -> None:
    request, found = joined(kind, requests)
    assert (text_of(request), found) == (whole, number)
    assert json.loads(request)["private"] == json.loads(requests[0])["private"]


def test_of_updates_the_last_word_on_each_field_counts() -> None:
    request, number = joined("update_ticket", [b'{"priority":"low","status":"open"}', b'{"priority":"high"}'])
    assert (json.loads(request), number) == ({"priority": "high", "status": "open"}, 2)


@pytest.fixture
def waiting(ledger: Ledger, clock: ManualClock) -> Ledger:
    """A ticket with notes a, b and c that have waited for 2 s, and more notes of other cases than the budget allows."""
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done())])
    ledger.record([delivery(*(commented(message=each, text=each) for each in "abc"))])
    make_scarce(ledger)
    clock.advance(seconds=2)
    return ledger


def make_scarce(ledger: Ledger) -> None:
    """Record other cases, each with a ticket and a due note: more than the budget has tokens for."""
    names = [f"other-{number}" for number in range(20)]
    ledger.record([delivery(*(opened(each) for each in names), source="mail")])
    ledger.settle([(each, done(f"T-{each.case_id}")) for each in claim(ledger)])
    ledger.record([delivery(*(commented(each, f"note-{each}") for each in names), source="mail")])


def claim_of_disk(ledger: Ledger, clock: ManualClock, limits: Limits = SCARCE) -> Claim:
    """Claim and finish calls of other cases until the case `disk` is claimed."""
    for _ in range(200):
        for each in claim_any(ledger, limits):
            if each.source == "prom":
                return each
            ledger.settle([(each, done(each.ticket_id))])
        clock.advance(seconds=1)
    raise AssertionError("it was never its turn")


def claim_any(ledger: Ledger, limits: Limits) -> list[Claim]:
    return [found for kind in KINDS for found in claim(ledger, kind, limits=limits)]


def states(ledger: Ledger) -> list[tuple[str, str | None]]:
    """Return state and reason of the case's operations after its create."""
    case = case_row(ledger)["id"]
    found = [each for each in rows(ledger, operations) if each["case_id"] == case and each["kind"] != "create_ticket"]
    return [(each["state"], each["why"]) for each in found]


def note_of_disk(ledger: Ledger, limits: Limits) -> Claim:
    """Claim notes once, and return the one of the case `disk`."""
    (found,) = [each for each in claim(ledger, "add_note", limits=limits) if each.source == "prom"]
    return found


def test_notes_that_wait_for_the_budget_become_one_call_and_are_listed(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    assert text_of(one.request) == f"a{BETWEEN}b{BETWEEN}c"
    head = f"op-{one.case_id}-{one.seq}"
    waiting.settle([(one, done(one.ticket_id))])
    assert states(waiting) == [("done", None), *[("folded", f"folded into {head}")] * 2]
    assert case_row(waiting)["state"] == "idle"
    (story,) = waiting.find("disk")
    assert [each.state for each in story.operations] == ["done", "done", "folded", "folded"]


def test_without_a_limit_nothing_is_joined(waiting: Ledger) -> None:
    assert text_of(note_of_disk(waiting, UNLIMITED).request) == "a"
    assert [state for state, _ in states(waiting)] == ["open"] * 3


def test_nothing_is_joined_while_the_budget_suffices(ledger: Ledger, clock: ManualClock) -> None:
    """The notes waited for a worker, not for tokens."""
    ledger.record([delivery(opened(), *(commented(message=each, text=each) for each in "abc"))])
    ledger.settle([(claim_one(ledger), done())])
    clock.advance(hours=1)
    assert text_of(claim_one(ledger, "add_note", limits=SCARCE).request) == "a"


@pytest.mark.parametrize(("waited", "whole"), [(1.999, "a"), (2.0, f"a{BETWEEN}b{BETWEEN}c")])
def test_nothing_is_joined_that_has_not_waited_for_2_s(
    ledger: Ledger, clock: ManualClock, waited: float, whole: str
) -> None:
    make_scarce(ledger)
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done())])
    ledger.record([delivery(*(commented(message=each, text=each) for each in "abc"))])
    clock.advance(seconds=waited)
    assert text_of(note_of_disk(ledger, SCARCE).request) == whole


@pytest.mark.parametrize(
    ("events", "bodies"),
    [
        pytest.param(
            [commented(message="a", text="a"), commented(message="b", text="b", private=True)], ["a", "b"], id="private"
        ),
        pytest.param(
            [commented(message="a", text="a"), resolved(end=1)],
            ["a", None],
            id="another kind behind",
        ),
        pytest.param(
            [
                commented(message="a", text="a"),
                changed(message="c", text="", priority="low"),
                commented(message="b", text="b"),
            ],
            ["a", None, "b"],
            id="another kind between",
        ),
        pytest.param(
            [
                commented(message="a", text="a"),
                resolved(end=1),
                opened(start=600, text="again"),
                commented(message="b", text="b"),
            ],
            ["a", None, None, "b"],
            id="another ticket",
        ),
    ],
)
def test_only_what_follows_each_other_is_joined(
    ledger: Ledger, clock: ManualClock, events: list[Any], bodies: list[str | None]
) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done())])
    ledger.record([delivery(*events)])
    make_scarce(ledger)
    clock.advance(seconds=2)
    found = []
    for _ in bodies:
        one = claim_of_disk(ledger, clock)
        found.append(text_of(one.request) if one.kind == "add_note" else None)
        ledger.settle([(one, done("T-2" if one.kind == "create_ticket" else one.ticket_id))])
        clock.advance(seconds=2)
    assert found == bodies
    assert "folded" not in [state for state, _ in states(ledger)]


def test_updates_that_wait_become_the_last_of_them(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done())])
    steps = ("high", "low", "urgent")
    ledger.record([delivery(*(changed(message=each, text="", priority=each) for each in steps))])
    make_scarce(ledger)
    clock.advance(seconds=2)
    one = claim_of_disk(ledger, clock)
    assert (one.kind, json.loads(one.request)) == ("update_ticket", {"priority": "urgent"})
    assert [state for state, _ in states(ledger)] == ["open", "folded", "folded"]


def test_what_was_joined_is_frozen(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    waiting.settle([(one, again(clock.now + timedelta(seconds=60), unknown=True))])
    waiting.record([delivery(commented(message="d", text="d"))])
    clock.advance(seconds=62)
    repeated = claim_of_disk(waiting, clock)
    assert (repeated.request, repeated.idempotency_key) == (one.request, one.idempotency_key)


def test_a_joined_call_whose_worker_died_is_sent_again_as_it_was(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    clock.advance(seconds=61)
    assert take_back(waiting, timedelta(seconds=60)) == 1
    clock.advance(seconds=60)
    repeated = claim_of_disk(waiting, clock)
    assert (repeated.request, repeated.idempotency_key) == (one.request, one.idempotency_key)


def test_what_was_sent_and_not_executed_keeps_its_bytes_too(ledger: Ledger, clock: ManualClock) -> None:
    make_scarce(ledger)
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done())])
    ledger.record([delivery(*(commented(message=each, text=each) for each in "abc"))])
    first = note_of_disk(ledger, SCARCE)
    ledger.settle([(first, again(clock.now))])
    clock.advance(seconds=8)
    repeated = claim_of_disk(ledger, clock)
    assert (text_of(repeated.request), repeated.idempotency_key) == ("a", first.idempotency_key)
    ledger.settle([(repeated, done(repeated.ticket_id))])
    clock.advance(seconds=2)
    assert text_of(claim_of_disk(ledger, clock).request) == f"b{BETWEEN}c"


def test_a_rejected_joined_call_is_taken_apart_and_not_joined_again(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    waiting.settle([(one, dead())])
    assert [state for state, _ in states(waiting)] == ["open"] * 3
    waiting.record([delivery(commented(message="d", text="d"))])
    parts = []
    for _ in "abcd":
        clock.advance(seconds=2)
        parts.append(claim_of_disk(waiting, clock))
        waiting.settle([(parts[-1], dead() if len(parts) == 2 else done(one.ticket_id))])
    assert [text_of(each.request) for each in parts] == ["a", "b", "c", "d"]
    assert len({one.idempotency_key, *(each.idempotency_key for each in parts)}) == 5
    assert [state for state, _ in states(waiting)] == ["done", "dead", "done", "done"]
    assert waiting.list_dead() != []


def test_notes_about_two_tickets_are_not_joined(waiting: Ledger, clock: ManualClock) -> None:
    """No case has such notes side by side today, so the ledger is written by hand."""
    with waiting.database.write() as connection:
        connection.execute(update(operations).where(operations.c.seq == 3).values(target=3))
    assert text_of(claim_of_disk(waiting, clock).request) == "a"


def forget_the_new_columns(ledger: Ledger) -> None:
    """Clear both columns, which the version before does not have."""
    with ledger.database.write() as connection:
        connection.execute(update(operations).values(joined_into=None, own_request=None))


def test_which_operations_were_joined_is_a_column(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    found = [each for each in rows(waiting, operations) if each["case_id"] == one.case_id and each["seq"] >= one.seq]
    assert [each["joined_into"] for each in found] == [None, one.seq, one.seq]
    assert [each["own_request"] is not None for each in found] == [True, False, False]
    assert text_of(found[0]["own_request"]) == "a"


def test_the_version_before_finds_all_that_it_needs_to_take_a_join_apart(waiting: Ledger, clock: ManualClock) -> None:
    """Until the next release, the version before runs beside this one during an upgrade."""
    one = claim_of_disk(waiting, clock)
    found = [each for each in rows(waiting, operations) if each["case_id"] == one.case_id and each["seq"] >= one.seq]
    assert text_of(found[0]["instead"]) == "a"
    assert {each["why"] for each in found[1:]} == {f"folded into op-{one.case_id}-{one.seq}"}


def test_a_rejected_join_of_the_version_before_is_taken_apart(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    forget_the_new_columns(waiting)
    waiting.settle([(one, dead())])
    parts = []
    for _ in "abc":
        clock.advance(seconds=2)
        parts.append(claim_of_disk(waiting, clock))
        waiting.settle([(parts[-1], done(one.ticket_id))])
    assert [text_of(each.request) for each in parts] == ["a", "b", "c"]


def test_what_the_version_before_took_apart_stays_apart(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    waiting.settle([(one, dead())])
    forget_the_new_columns(waiting)
    clock.advance(seconds=2)
    assert text_of(claim_of_disk(waiting, clock).request) == "a"


def test_a_joined_call_that_may_have_been_executed_is_never_taken_apart(waiting: Ledger, clock: ManualClock) -> None:
    one = claim_of_disk(waiting, clock)
    waiting.settle([(one, again(clock.now + timedelta(seconds=60), unknown=True))])
    clock.advance(seconds=62)
    waiting.settle([(claim_of_disk(waiting, clock), dead())])
    assert [state for state, _ in states(waiting)] == ["dead", "folded", "folded"]
    (dead_letter,) = waiting.list_dead()
    waiting.retry_operation(dead_letter.id)
    clock.advance(seconds=62)
    assert claim_of_disk(waiting, clock).request == one.request


CASES = 4


@pytest.fixture
def api(tmp_path: Any) -> Iterator[tuple[LocalTicketsApi, str]]:
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit(30, None))
    with LocalTicketsApi(options) as api, running(api) as served:
        yield api, served.base_url


def test_every_text_arrives_once_and_in_order(
    sqlite_ledger: Ledger, clock: ManualClock, api: tuple[LocalTicketsApi, str]
) -> None:
    """A real service with a limit, in real time; its budget is scarce for some seconds."""
    served, url = api
    ledger = Ledger(str(sqlite_ledger.database.url))
    texts = [f"text {number}" for number in range(6)]
    names = [f"case-{number}" for number in range(CASES)]
    for name in names:
        comments = (commented(name, f"{name}: {each}", text=each) for each in texts)
        ledger.record([delivery(opened(name), *comments)])
    settings = ApiSettings.model_validate({"url": url, "key": "ak_test_local", "per_minute": 30, "per_second": None})
    made: list[Deliverer] = []

    def wake(kinds: Any) -> None:
        for kind in kinds:
            made[0].deliver(kind)

    made.append(
        Deliverer(
            ledger,
            lambda: TicketsClient(url, "ak_test_local"),
            Rules(settings, TimingSettings()),
            owner="one",
            wake=wake,
            fraction=lambda: 1.0,
            metrics=Metrics(),
        )
    )
    made[0].start()
    try:
        first: Kind = "create_ticket"
        made[0].deliver(first)
        wait_until(lambda: ledger.overview().cases.keys() <= {"idle"}, "all delivered", patience=60)
    finally:
        made[0].stop(5)
    notes = [each for each in served.effects() if each.kind == "add_note"]
    arrived: dict[str | None, list[str]] = {}
    for each in notes:
        arrived.setdefault(each.ticket_id, []).extend(json.loads(each.body)["body"].split(BETWEEN))
    assert list(arrived.values()) == [texts] * CASES
    assert len(notes) < len(texts) * CASES
    assert len(served.effects()) == CASES + len(notes)
    ledger.close()
