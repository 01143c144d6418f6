"""Builders shared by the worker's tests: events of one alert's life, deliveries, claims and settlements."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Table, select, text

from connectors.contract.events import Changed, Commented, Event, Opened, Resolved, TicketStatus, digest
from connectors.contract.messages import Inbound, Parsed, Remark
from worker.delivery.rules import Rules
from worker.ledger import Claim, Delivery, Lease, Ledger, Limits, Settlement, Terms
from worker.ledger.queue.settles import Outcome
from worker.ledger.schema.tables import cases, operations
from worker.planning.model import Kind
from worker.settings import ApiSettings, TimingSettings

NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)
UNLIMITED = Limits(None, None)
LEASE = timedelta(seconds=60)
PROBE = timedelta(seconds=30)
WINDOW = timedelta(hours=23)
LATENCY = timedelta(milliseconds=5)

T = TypeVar("T")
_numbers = itertools.count(1)


class ManualClock:
    """A clock that only a test moves."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, *, seconds: float = 0, hours: float = 0) -> datetime:
        self.now += timedelta(seconds=seconds, hours=hours)
        return self.now


def minute(number: float) -> datetime:
    """Return noon plus a number of minutes."""
    return NOON + timedelta(minutes=number)


def _fields(case: str, message: str, happened: float, started: float, text: str, more: dict[str, Any]) -> Any:
    return {
        "case_key": case,
        "source_message_id": message,
        "occurred_at": minute(happened),
        "started_at": minute(started),
        "subject": f"{case} is full",
        "text": text,
        "content_digest": digest(text, str(more.get("priority"))),
    } | more


def opened(case: str = "disk", start: float = 0, *, text: str = "3% free", **more: Any) -> Opened:
    """Build an opening `start` minutes after noon. The same case and start give the same source message id."""
    return Opened(**_fields(case, more.pop("message", f"{case}:firing:{start}"), start, start, text, more))


def resolved(case: str = "disk", end: float = 10, *, start: float = 0, text: str = "all well", **more: Any) -> Resolved:
    """Build the end of a case, `end` minutes after noon."""
    return Resolved(**_fields(case, more.pop("message", f"{case}:resolved:{end}"), end, start, text, more))


def commented(case: str = "disk", message: str = "comment-1", *, text: str = "looking", **more: Any) -> Commented:
    return Commented(**{"unknown": "wait"} | _fields(case, message, 1, 0, text, more))


def changed(case: str = "disk", message: str = "change-1", *, text: str = "2% free", **more: Any) -> Changed:
    return Changed(**_fields(case, message, 1, 0, text, more))


def inbound(body: bytes | None = None, *, source: str = "prom", **more: Any) -> Inbound:
    """Build a delivery as it arrived; without `body`, each has a different one."""
    own = b'{"number": %d}' % next(_numbers)
    return Inbound(source=source, received_at=NOON, body=own if body is None else body, **more)


def delivery(*events: Event, source: str = "prom", unreadable: Sequence[Remark] = (), **more: Any) -> Delivery:
    """Build a delivery with these events."""
    arrived = more.pop("inbound", None) or inbound(source=source)
    return Delivery(arrived, Parsed(events, unreadable=tuple(unreadable)), **more)


def rows(ledger: Ledger, table: Table) -> list[dict[str, Any]]:
    """Return every row of a table, in the order of its primary key."""
    with ledger.database.read() as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(each._mapping) for each in found]


def kinds_of(ledger: Ledger) -> list[str]:
    """Return the kinds of all operations, in the order of case and sequence."""
    return [each["kind"] for each in rows(ledger, operations)]


def case_row(ledger: Ledger, key: str = "disk") -> dict[str, Any]:
    (found,) = [each for each in rows(ledger, cases) if each["key"] == key]
    return found


def claim(
    ledger: Ledger,
    kind: Kind = "create_ticket",
    *,
    limit: int = 100,
    owner: str = "one",
    limits: Limits = UNLIMITED,
    repeat_notes: bool = True,
) -> list[Claim]:
    """Claim as a worker does; without `limits`, the budget is unlimited."""
    terms = Terms(LEASE, WINDOW, PROBE, limits, repeat_notes)
    return ledger.claim(kind, limit=limit, owner=owner, terms=terms).claims


def claim_one(ledger: Ledger, kind: Kind = "create_ticket", **more: Any) -> Claim:
    (found,) = claim(ledger, kind, **more)
    return found


def done(ticket: str | None = "T-1", status: TicketStatus | None = "open") -> Settlement:
    return Settlement(
        "done", "done", ticket_id=ticket, ticket_status=status, response="made", status=201, latency=LATENCY
    )


def dead(error: str = "422: the subject is not liked") -> Settlement:
    return Settlement("dead", "rejected", status=422, error=error)


def again(at: datetime, *, unknown: bool = False, **more: Any) -> Settlement:
    word: Outcome = "unknown" if unknown else "not executed"
    return Settlement("again", word, again_at=at, unknown=unknown, error=word, **more)


def deliver_all(ledger: Ledger, ticket: str = "T-1") -> list[str]:
    """Claim and settle until no operation is due; return the kinds in the order of delivery.

    The first created ticket is `ticket`; the later ones are named `<ticket>-2`, `<ticket>-3` and so on.
    """
    delivered: list[str] = []
    made = 0
    while due := ledger.due_kinds():
        for kind in sorted(due):
            claims = claim(ledger, kind)
            for each in claims:
                made += each.kind == "create_ticket"
                created = ticket if made == 1 else f"{ticket}-{made}"
                ledger.settle([(each, done(created if each.kind == "create_ticket" else each.ticket_id))])
            delivered += [each.kind for each in claims]
    return delivered


def kill_create(ledger: Ledger, *events: Event, why: str = "422: the subject is not liked") -> str:
    """Record events that begin with an opening, reject the create, and return the dead letter's id."""
    ledger.record([delivery(*events)])
    create = claim_one(ledger)
    ledger.settle([(create, dead(why))])
    return f"op-{create.case_id}-{create.seq}"


def rules_of(timing: TimingSettings | None = None) -> Rules:
    """Return the rules of a process without limits."""
    api = {"url": "http://127.0.0.1:1", "key": "ak_test_local", "per_minute": None, "per_second": None}
    return Rules(ApiSettings.model_validate(api), timing or TimingSettings())


def take_back(ledger: Ledger, ghost_wait: timedelta) -> int:
    """Take back the leases that have ended, as a dispatch does that saw them begin; return their number."""
    leased = [each for each in rows(ledger, cases) if each["state"] == "leased"]
    ended = [Lease(each["id"], each["epoch"]) for each in leased if each["lease_until"] <= ledger.now()]
    return ledger.take_back(ghost_wait, ended)


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Make the calls in threads that begin together; return their results.

    Raises the exception of a call that failed.
    """
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(60) for each in [pool.submit(run, call) for call in calls]]


def waits_for_a_lock(ledger: Ledger) -> bool:
    """Return True when a session of this database waits for a lock of another one."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ledger.database.read() as connection:
        return bool(connection.execute(text(waiting)).scalar_one())
