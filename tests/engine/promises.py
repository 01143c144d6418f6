"""Promises that must hold after every step, and at the end; read from the ledger and the service's log of effects.

once      no operation has two effects; a note marked as a possible repeat is excepted
order     the effects of a case come in the order of its operations, unless a person put one aside
done      an operation recorded as done has its effect, on its ticket
dead      only operations that the service rejected are dead
kept      no operation disappears
ticket    no episode has two tickets, and no ticket belongs to two creates
state     at the end: no operation is open, and every ticket has the state that its operations, in order, lead to
"""

from __future__ import annotations

import json
from typing import Any

from tests.engine.log import Caused, Log, Seen

IN_DOUBT = "the call may have been executed"  # beginning of the reason of a dead letter that a person must check
STATES = {"create_ticket": "open", "reopen_ticket": "open", "close_ticket": "closed"}


class Violation(AssertionError):
    """A broken promise, named in the message, which is one line."""


def check(log: Log, seen: Seen, new: list[Caused]) -> None:
    """Check every promise at this moment; `new` are the effects since the last check. Raises Violation."""
    for each in new:
        _check_once(log, each)
        _check_order(log, each)
        _check_ticket(log, each)
    if gone := log.forgotten(seen):
        raise Violation(f"kept: {gone[0]} vanished from the ledger")
    for row in seen.operations.values():
        if row.state == "done":
            _check_done(log, seen, row)
        elif row.state == "dead" and log.root_of(row) not in log.rejected and not _clock_was_wrong(log, row):
            raise Violation(f"dead: {_name(row)} was given up, and nobody rejected it: {row.why}")


def _clock_was_wrong(log: Log, row: Any) -> bool:
    """True if the clock was set, and the ledger therefore cannot tell whether a ticket that it found is its own."""
    return log.clock_was_set and IN_DOUBT in (row.why or "")


def check_end(log: Log, seen: Seen, statuses: dict[str, tuple[str, str]]) -> None:
    """Check the promises for the end of all work; `statuses` are the service's, with the priorities."""
    for row in seen.operations.values():
        if row.state == "open":
            raise Violation(f"state: {_name(row)} is open forever")
        if row.state == "held" and not seen.cases[row.case_id].lost and not _create_is_dead(seen, row):
            raise Violation(f"state: {_name(row)} is held, and no dead letter says why")
    for each in seen.cases.values():
        if each.state not in ("idle", "blocked"):
            raise Violation(f"state: case {each.key} is {each.state} forever")
    for place, ticket in seen.tickets.items():
        _check_ticket_state(log, seen, place, ticket, statuses[ticket.ticket_id])


def _name(row: Any) -> str:
    return f"{row.kind} op-{row.case_id}-{row.seq}"


def _create_is_dead(seen: Seen, row: Any) -> bool:
    create = seen.operations.get((row.case_id, row.target))
    return create is not None and create.state == "dead"


def _check_once(log: Log, new: Caused) -> None:
    origin = new.origin
    if new.says_repeat or (log.life and origin.kind == "update_ticket"):
        return  # an update sets a state; after a restore it is repeated
    others = [each for each in log.of(origin.root) if each is not new and not each.says_repeat]
    if others:
        raise Violation(f"once: {origin} took effect twice")


def _check_order(log: Log, new: Caused) -> None:
    origin = new.origin
    if origin.root in log.by_person or new.says_repeat:
        return
    for each in log.caused:
        other = each.origin
        if (
            (other.case_id, other.life) == (origin.case_id, origin.life)
            and other.seq > origin.seq
            and other.root not in log.by_person
        ):
            raise Violation(f"order: {origin} took effect after {other}")


def _check_ticket(log: Log, new: Caused) -> None:
    origin = new.origin
    if origin.kind != "create_ticket":
        return
    for each in log.caused:
        other = each.origin
        same = (other.case_id, other.episode, other.life) == (origin.case_id, origin.episode, origin.life)
        if each is not new and other.kind == "create_ticket" and same:
            raise Violation(f"ticket: episode {origin.episode} of case {origin.case_id} has two tickets")


def _check_done(log: Log, seen: Seen, row: Any) -> None:
    own = log.of(log.root_of(row))
    ticket = seen.tickets.get((row.case_id, row.target))
    if row.kind == "create_ticket":
        if ticket is None or (
            ticket.how != "bound" and ticket.ticket_id not in {each.effect.ticket_id for each in own}
        ):
            raise Violation(f"done: {_name(row)} is done, and its ticket is not the one that it created")
    elif not own and not _changes_nothing(log, seen, row):
        raise Violation(f"done: {_name(row)} is recorded as done and was never executed")


def _changes_nothing(log: Log, seen: Seen, row: Any) -> bool:
    """True if the operation may leave the ticket as it is, so that the service shows no effect.

    An update always may; a close or a reopening only after a restore, or if a person had an earlier one retried.
    """
    if row.kind == "update_ticket":
        return True
    about = [each for each in seen.operations.values() if (each.case_id, each.target) == (row.case_id, row.target)]
    return row.kind in STATES and (log.life > 0 or any(log.root_of(each) in log.by_person for each in about))


def _check_ticket_state(log: Log, seen: Seen, place: tuple[int, int], ticket: Any, status: tuple[str, str]) -> None:
    about = [row for row in seen.operations.values() if (row.case_id, row.target) == place]
    roots = {log.root_of(row) for row in about}
    lost = any(each.effect.ticket_id == ticket.ticket_id and each.origin.root not in roots for each in log.caused)
    if lost or roots & log.by_person:
        return  # only a lost ledger recorded part of it; or a person decided, or must
    done = [row for row in about if row.state == "done"]
    steps = [STATES[row.kind] for row in done if row.kind in STATES]
    expected = steps[-1] if steps else "open"
    if (status[0] == "closed") != (expected == "closed"):
        raise Violation(f"state: the ticket of {place} is {status[0]}, and its operations leave it {expected}")
    priorities = [json.loads(row.request)["priority"] for row in done if row.kind == "update_ticket"]
    if priorities and status[1] != priorities[-1]:
        raise Violation(f"state: the ticket of {place} is {status[1]}, and its operations make it {priorities[-1]}")
