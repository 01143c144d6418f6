"""Claims operations, and takes cases back after an expired lease. A send is stored and committed before it is made.

A claim commits the lease, the epoch, the tokens of the budget and the times of the send, in one transaction. There is
one row for each case, so each case has at most one operation in flight. The claim also decides its mode:

    send      the call itself
    look_up   only a look-up: the ticket's state, or whether the ticket exists (an earlier send may have been
              executed, and a repetition could do it twice)
    park      no request: a person decides

A note of unknown outcome with an expired key becomes a new request here (unless `Terms.repeat_notes` is off). The new
request says in its last line that it may be a repeat.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, Update, bindparam, func, insert, select, tuple_, update
from sqlalchemy import case as sa_case

from tickets.markers import as_repeat
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.queue import gates, joining, selection
from worker.ledger.queue.claim import STATE_IS_ASKED, Claim, Claimed, Lease, Mode, Terms
from worker.ledger.queue.clock_jumps import ClockWatch
from worker.ledger.queue.gates import Asker, Passage, Token
from worker.ledger.queue.heads import open_heads, place, write_cases
from worker.ledger.schema.tables import attempts, cases, operations, tickets
from worker.ledger.schema.words import AttemptOutcome, DeliveryState
from worker.planning.keys import derived_key
from worker.planning.model import Kind

AHEAD = timedelta(minutes=10)
"""A first send that is further ahead was made before the clock was set back. Less than `clock_jumps.FAR_BACK`, since
time has passed since then."""


def claim(
    db: Database,
    connection: Connection,
    kind: Kind | None,
    *,
    limit: int,
    owner: str,
    terms: Terms,
    watch: ClockWatch | None = None,
) -> Claimed:
    """Lease the best ready cases with a next call of this kind (None: any kind), and take a token for each.

    No case is leased while a better-ranked case of another kind waits for the same scarce tokens. `watch` has the clock
    of the process. It is compared with the ledger's, and a jump closes the gate.
    """
    passage, now = gates.passage(db, connection, terms.limits, asker_of(terms, watch))
    if passage.closed_until is not None:
        return Claimed([], jump=passage.jump)
    ready = (cases.c.state == DeliveryState.READY, cases.c.run_at <= now, gates.not_paused())
    db.read_in_order(connection)
    chosen = selection.choose(connection, kind, ready, limit, passage, terms.limits, now)
    rows = chosen.rows
    if not rows:
        return Claimed([], chosen.wait, chosen.only_urgent)
    if passage.probes:
        pause = terms.lease if passage.probes == "breaker" else terms.probe_interval
        gates.let_probe_through(connection, rows[0].id, now + pause)
    if not terms.limits.are_none:
        taken = [Token(row.rank, row.source, row.id, row.epoch + 1) for row in rows]
        gates.take_tokens(connection, taken, now, passage.late)
    these = bulk.packed({"id": row.id} for row in rows)
    connection.execute(_lease(is_sqlite=bulk.is_sqlite(connection)), {**these, "by": owner, "until": now + terms.lease})
    heads = _heads(connection, rows)
    given = [_claim(row, heads[row.id], passage, terms, now) for row in rows]
    if chosen.scarce:
        given = joining.join(connection, given, {row.id: row.run_at for row in rows}, now)
    _intend(connection, given, heads)
    good_until = None if terms.limits.are_none else passage.counted + passage.late.total_seconds()
    return Claimed(given, chosen.wait, chosen.only_urgent, good_until, passage.counted)


def asker_of(terms: Terms, watch: ClockWatch | None) -> Asker:
    return Asker(watch, terms.most_late, terms.ghost_wait)


def _heads(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, Row[Any]]:
    """Return the next operation of each case, with the columns of its ticket, by case id."""
    wanted = bulk.packed({"case_id": row.id, "seq": row.head_seq} for row in rows)
    found = connection.execute(_heads_of(is_sqlite=bulk.is_sqlite(connection)), wanted)
    return {row.case_id: row for row in found}


@cache
def _heads_of(*, is_sqlite: bool) -> Select[Any]:
    about = (tickets.c.case_id == operations.c.case_id) & (tickets.c.create_seq == operations.c.target)
    tried = (attempts.c.case_id == operations.c.case_id, attempts.c.seq == operations.c.seq)
    counted = select(func.count()).select_from(attempts).where(*tried).correlate(operations).scalar_subquery()
    # Most operations are claimed for the first time, and their attempts need not be looked up.
    tries = sa_case((operations.c.last_sent_at.is_(None), 0), else_=counted)
    return (
        select(operations, tickets.c.ticket_id, tickets.c.reopened_at, tries.label("tries"))
        .join(tickets, about, isouter=True)
        .where(bulk.among(is_sqlite, operations.c.case_id, operations.c.seq))
    )


@cache
def _lease(*, is_sqlite: bool) -> Update:
    lease = {
        "state": DeliveryState.LEASED,
        "epoch": cases.c.epoch + 1,
        "owner": bindparam("by"),
        "lease_until": bindparam("until"),
    }
    return update(cases).where(bulk.among(is_sqlite, cases.c.id)).values(lease)


def mode_of(
    kind: Kind, *, ambiguous: bool, unproven: bool, first_sent_at: datetime | None, terms: Terms, now: datetime
) -> Mode:
    """Return what may be done with an operation: rule 5 of docs/explanation/exactly-once.md."""
    if not ambiguous:
        return "send"
    if kind in STATE_IS_ASKED:
        return "look_up"
    key_protects = not unproven and first_sent_at is not None and now - first_sent_at < terms.key_window
    if key_protects or kind == "update_ticket":  # an update sets a state: repeating it does no harm
        return "send"
    if kind == "create_ticket":
        return "look_up"
    return "send" if terms.repeat_notes else "park"


def _claim(case: Row[Any], head: Row[Any], passage: Passage, terms: Terms, now: datetime) -> Claim:
    kind = cast(Kind, head.kind)
    first = head.first_sent_at
    unproven = _unproven(head, now)
    mode = mode_of(kind, ambiguous=head.ambiguous, unproven=unproven, first_sent_at=first, terms=terms, now=now)
    request, key, ambiguous = bytes(head.request), head.idempotency_key, head.ambiguous
    if kind == "add_note" and mode == "send" and is_forgotten(head, terms.key_window, now):
        request, key = repeated(head, request)
        ambiguous, unproven, first = False, False, None
    return Claim(
        case_id=case.id,
        seq=head.seq,
        epoch=case.epoch + 1,
        kind=kind,
        mode=mode,
        source=case.source,
        inbound_id=head.inbound_id,
        ticket_id=head.ticket_id,
        request=request,
        idempotency_key=key,
        first_sent_at=first or now,
        last_sent_at=now if mode == "send" else _not_ahead(head.last_sent_at, now),
        claimed_at=now,
        ambiguous=ambiguous,
        unproven=unproven,
        conflicts=head.conflicts,
        attempts=case.attempts,
        probes=passage.probes,
        reopened_at=head.reopened_at,
        rank=head.rank,
        planned_at=head.created_at,
        tries=head.tries,
    )


def _not_ahead(sent_at: datetime | None, now: datetime) -> datetime | None:
    """Return the time of a send that was made before the clock was set back as if it were made now."""
    return None if sent_at is None else min(sent_at, now)


def _unproven(operation: Row[Any], now: datetime) -> bool:
    """Return True after a restore, and where the clock was set far back since the first send: its key may be old."""
    sent = operation.first_sent_at
    return bool(operation.unproven or (sent is not None and sent - now > AHEAD))


def is_forgotten(operation: Row[Any], key_window: timedelta, now: datetime) -> bool:
    """Return True when an earlier send may have been executed and the idempotency key no longer protects."""
    old = operation.first_sent_at is None or now - operation.first_sent_at >= key_window
    return bool(operation.ambiguous and (_unproven(operation, now) or old))


def repeated(note: Row[Any], request: bytes) -> tuple[bytes, str]:
    """Return the request and key to send instead of a note that may have been added; `request` is the JSON of the note.

    Another text under the same key would be a conflict. The new text names a time, and that time differs in a restored
    ledger. So the key is derived from the text, too.
    """
    request = as_repeat(request, note.first_sent_at or note.created_at)
    return request, derived_key(note.idempotency_key, "repeat", request.decode())


def _intend(connection: Connection, claims: list[Claim], heads: dict[int, Row[Any]]) -> None:
    """Store the times and the requests of the sends that follow. They are committed before anything is sent."""
    sent = [each for each in claims if each.mode == "send"]
    times = [
        {"case_id": each.case_id, "seq": each.seq, "first_sent_at": each.first_sent_at, "last_sent_at": each.claimed_at}
        for each in sent
    ]
    bulk.change(connection, operations, times)
    # Otherwise each look-up would wait anew for that time to come.
    ahead = [
        {"case_id": each.case_id, "seq": each.seq, "last_sent_at": each.last_sent_at}
        for each in claims
        if each.mode == "look_up" and each.last_sent_at != heads[each.case_id].last_sent_at
    ]
    bulk.change(connection, operations, ahead)
    for each in sent:
        if each.idempotency_key != heads[each.case_id].idempotency_key:
            connection.execute(
                update(operations)
                .where(operations.c.case_id == each.case_id, operations.c.seq == each.seq)
                .values(
                    request=each.request,
                    idempotency_key=each.idempotency_key,
                    ambiguous=False,
                    unproven=False,
                    conflicts=0,
                )
            )


def leases(connection: Connection) -> list[Lease]:
    """Return the present leases."""
    found = select(cases.c.id, cases.c.epoch).where(cases.c.state == DeliveryState.LEASED)
    return [Lease(*row) for row in connection.execute(found)]


def take_back(connection: Connection, now: datetime, ghost_wait: timedelta, ended: Collection[Lease]) -> int:
    """Make the cases of these leases ready again, due after the ghost wait; returns their number.

    The caller proves that the owners send nothing more: `LeaseWatch`. A lease that was settled meanwhile is left alone.
    """
    wanted = bulk.packed(each._asdict() for each in ended)
    return _take_back(connection, _these(is_sqlite=bulk.is_sqlite(connection)), wanted, now, ghost_wait)


def take_all_back(connection: Connection, now: datetime, ghost_wait: timedelta) -> int:
    """Take every lease back, where no process is left that could use one."""
    return _take_back(connection, select(cases), {}, now, ghost_wait)


@cache
def _these(*, is_sqlite: bool) -> Select[Any]:
    """Select the cases whose id and epoch are given."""
    given = bulk.given({"case_id": cases.c.id, "epoch": cases.c.epoch}, is_sqlite=is_sqlite)
    return select(cases).where(tuple_(cases.c.id, cases.c.epoch).in_(select(given.c.case_id, given.c.epoch)))


def _take_back(
    connection: Connection, which: Select[Any], given: dict[str, Any], now: datetime, ghost_wait: timedelta
) -> int:
    # No deadlock is possible: rows that another process has locked are passed over.
    leased = which.where(cases.c.state == DeliveryState.LEASED).order_by(cases.c.id)
    rows = connection.execute(leased.with_for_update(skip_locked=True), given).all()
    if not rows:
        return 0
    heads = bulk.packed({"case_id": row.id, "seq": row.head_seq} for row in rows)
    is_head = bulk.among(bulk.is_sqlite(connection), operations.c.case_id, operations.c.seq)
    connection.execute(update(operations).where(is_head).values(ambiguous=True), heads)
    heads_now = open_heads(connection, [row.id for row in rows])
    after = [
        {
            "id": row.id,
            "last_error": "the lease ended",
            **place(heads_now.get(row.id), row.next_seq, now + ghost_wait, create_dead=row.lost),
        }
        for row in rows
    ]
    write_cases(connection, after)
    noted = [
        {
            "case_id": row.id,
            "seq": row.head_seq,
            "at": now,
            "outcome": AttemptOutcome.UNKNOWN,
            "error": "the lease ended",
        }
        for row in rows
    ]
    connection.execute(insert(attempts), noted)
    return len(rows)


def leased_until(connection: Connection, now: datetime) -> datetime | None:
    """Return when the last running lease ends; None if no lease is running."""
    running = select(func.max(cases.c.lease_until)).where(
        cases.c.state == DeliveryState.LEASED, cases.c.lease_until > now
    )
    return connection.execute(running).scalar_one_or_none()


def due_kinds(connection: Connection, now: datetime) -> frozenset[Kind]:
    """Return the kinds of the ready cases that are due; empty while the gate is closed."""
    if gates.is_closed(connection, now):
        return frozenset()
    ready = (cases.c.state == DeliveryState.READY, cases.c.run_at <= now, gates.not_paused())
    return frozenset(connection.execute(select(cases.c.kind).where(*ready).distinct()).scalars())
