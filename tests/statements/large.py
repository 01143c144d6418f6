"""Fills a ledger with many cases in seconds: its verbs record a few hundred, and plain SQL copies them.

Of 400 cases, 396 are done: alerts that fired and ended, mails with an answer, messages of chat with a receipt. Four
hold open work (1%): a create that is due, a note that is due, a dead create that blocks its case, and a lease.
Columns are read from the database, so that a new one is copied too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, text

from connectors.contract.events import Commented, Event, Opened, Reference, Resolved, TicketStatus, digest
from connectors.contract.messages import Inbound, Parsed
from connectors.contract.receipts import Posted
from worker.ledger import Claim, Delivery, Ledger, Limits, Settlement, Terms
from worker.planning.grouping import PREFIX
from worker.planning.model import Group, Kind, Policy, Treatment

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
COPY_LATER = timedelta(hours=1)
CASES = 400
TERMS = Terms(timedelta(seconds=60), timedelta(hours=23), timedelta(seconds=30), Limits(None, None))
TABLES = (
    "cases", "inbound", "operations", "seen", "aliases", "participants", "members", "tickets", "attempts", "receipts",
)  # fmt: skip
"""The tables that are filled: the large ones."""
NAMES = {"key", "alias", "idempotency_key", "ticket_id", "target", "name"}
DIGESTS = {"digest"}
TIMES = {
    "received_at", "started_at", "ended_at", "run_at", "lease_until", "created_at", "first_sent_at", "last_sent_at",
    "bound_at", "status_at", "at",
}  # fmt: skip
REFERENCES = {"case_id": "cases", "inbound_id": "inbound", "duplicate_of": "inbound"}


@dataclass
class Clock:
    """A clock that only its owner moves."""

    now: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.now


E = TypeVar("E", bound=Event)


def event_of(kind: type[E], case: str, message: str, at: datetime = BEGAN, **more: Any) -> E:
    """Return an event with the usual facts."""
    facts: dict[str, Any] = {
        "case_key": case,
        "source_message_id": f"{case}:{message}",
        "occurred_at": at,
        "started_at": BEGAN,
        "subject": f"{case} is full",
        "text": f"Less than 3% is free ({message}).",
        "content_digest": digest(case, message),
    }
    return kind(**(facts | more))


def delivery_of(source: str, *events: Event, at: datetime = BEGAN, group: Group | None = None) -> Delivery:
    """Return a delivery with these events; they belong to `group`, if given."""
    body = "\n".join(each.source_message_id for each in events).encode()
    treatment = (Treatment(Policy(), group=group),) * len(events) if group else ()
    return Delivery(Inbound(source, at, body), Parsed(events), treatments=treatment)


def open_ledger(url: str, clock: Clock) -> Ledger:
    """Open a ledger with every optional feature switched on."""
    ledger = Ledger(url, clock=clock, may_delay=True, may_group=True, may_answer=True)
    ledger.upgrade()
    return ledger


def done(claim: Claim, number: int) -> Settlement:
    """Return the settlement of a successful call."""
    made = f"T-{claim.case_id}-{number}" if claim.kind == "create_ticket" else None
    status: TicketStatus = "closed" if claim.kind == "close_ticket" else "open"
    return Settlement("done", "done", ticket_id=made, ticket_status=status, status=201, latency=timedelta(seconds=0.1))


def deliver(ledger: Ledger, kind: Kind | None = None) -> None:
    """Make every due call, with success."""
    number = 0
    while claims := ledger.claim(kind, limit=CASES, owner="filler", terms=TERMS).claims:
        number += 1
        ledger.settle([(each, done(each, number)) for each in claims])


def _finished() -> list[Delivery]:
    """Return the deliveries of finished cases."""
    ended = BEGAN + timedelta(minutes=10)
    found: list[Delivery] = []
    for number in range(240):
        name = f"disk-{number}"
        group = Group(f"{PREFIX}team-{number % 4}", "a team") if number < 20 else None
        found.append(delivery_of("alerts", event_of(Opened, name, "fires"), group=group))
        found.append(delivery_of("alerts", event_of(Resolved, name, "ends", ended), at=ended, group=group))
    for number in range(136):
        name, author = f"mail-{number}", f"person-{number}@example.com"
        opening = event_of(Opened, name, "asks", aliases=(f"<{number}@example.com>",), author=author)
        answer = event_of(Commented, name, "answers", ended, references=(Reference(f"<{number}@example.com>"),),
                          author=author, authority="participant")  # fmt: skip
        found += [delivery_of("mail", opening), delivery_of("mail", answer, at=ended)]
    for number in range(36):
        name = f"thread-{number}"
        opening = event_of(Opened, name, "writes", aliases=(f"ts-{number}",), author=f"U{number}", answer=f"{name}/ts")
        found.append(delivery_of("chat", opening))
    return found


def record_open_work(ledger: Ledger) -> None:
    """Record four cases with open work: a dead create before a note, a due note and receipt, a due create, a lease."""
    ledger.record([delivery_of("alerts", event_of(Opened, "open-dead", "fires"))])
    (claim,) = ledger.claim("create_ticket", limit=1, owner="filler", terms=TERMS).claims
    ledger.settle([(claim, Settlement("dead", "refused", status=422, error="422: the subject is not liked"))])
    ledger.record([delivery_of("chat", event_of(Opened, "open-note", "fires", answer="open-note/ts"))])
    deliver(ledger)
    ledger.record([delivery_of("alerts", event_of(Commented, "open-dead", "waits"))])
    ledger.record([delivery_of("chat", event_of(Commented, "open-note", "is due"))])
    ledger.record([delivery_of("alerts", event_of(Opened, "open-leased", "fires"))])
    ledger.claim("create_ticket", limit=1, owner="filler", terms=TERMS)
    ledger.record([delivery_of("alerts", event_of(Opened, "open-create", "fires"))])
    ledger.record([Delivery(Inbound("mail", BEGAN, b"no mail"), unreadable="it is no mail")])


def fill(url: str, copies: int) -> datetime:
    """Fill an empty ledger with 400 cases, `copies` times in all; returns a time at which its open work is due."""
    clock = Clock()
    ledger = open_ledger(url, clock)
    try:
        ledger.record(_finished())
        deliver(ledger)
        while receipts := ledger.job_store.claim_receipts("chat", lease=TERMS.lease, limit=CASES):
            for each in receipts:
                ledger.job_store.settle_receipt(each, Posted("here"), repeatable=True)
        record_open_work(ledger)
    finally:
        ledger.close()
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        steps = {each: _greatest_id(connection, each) for each in ("cases", "inbound", "attempts")}
        for table in TABLES:
            _copy(connection, table, copies, steps)
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
    return BEGAN + copies * COPY_LATER + timedelta(days=1)


def _greatest_id(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT max(id) FROM {table}")).scalar_one())  # noqa: S608


def _copy(connection: Connection, table: str, copies: int, steps: Mapping[str, int]) -> None:
    found = sqlalchemy.inspect(connection).get_columns(table)
    columns = [each["name"] for each in found]
    texts = {each["name"] for each in found if isinstance(each["type"], sqlalchemy.String)}
    changes = _changes(connection.dialect.name, table, texts, steps)
    values = ", ".join(changes.get(each, f'"{each}"') for each in columns)
    names = ", ".join(f'"{each}"' for each in columns)
    connection.execute(
        text(
            f"INSERT INTO {table} ({names}) "  # noqa: S608 - the names are those of the database
            "WITH RECURSIVE copies (copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < :last) "
            f"SELECT {values} FROM {table} CROSS JOIN copies"
        ),
        {"last": copies - 1},
    )
    if connection.dialect.name == "postgresql" and "id" in columns:
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608
        )


def _changes(dialect: str, table: str, texts: Collection[str], steps: Mapping[str, int]) -> dict[str, str]:
    """Return the changes in a copy, by column: references lead to the copied row, and times are an hour later."""
    numbers = {name: of for name, of in {**REFERENCES, "id": table}.items() if of in steps}
    found = {name: f'"{name}" + copy * {steps[of]}' for name, of in numbers.items()}
    found |= {name: f'"{name}" + copy * {COPY_LATER // timedelta(microseconds=1)}' for name in TIMES}
    found |= {name: f"\"{name}\" || '~' || copy" for name in NAMES & set(texts)}
    as_bytes = "CAST(hex({}) || copy AS BLOB)" if dialect == "sqlite" else "CAST(encode({}, 'hex') || copy AS BYTEA)"
    return found | {name: as_bytes.format(f'"{name}"') for name in DIGESTS}
