"""Says what a person can do about a dead letter. Pure: by the kind of call, and the outcome of its last attempt."""

from __future__ import annotations

from worker.ledger.schema.words import AttemptOutcome, OperationKind

NOT_FOUND = 404


def of_operation(name: str, kind: str, outcome: str | None, status: int | None, *, ticket: str | None) -> str:
    """Return the next step for a dead operation; `ticket` is the present ticket of its case."""
    skip = f"give it up: `dead skip {name} --why TEXT`"
    if outcome != AttemptOutcome.REJECTED:
        return f"{_in_doubt(name, kind, ticket)}; or {skip}"
    if kind != OperationKind.CREATE_TICKET and status in (None, NOT_FOUND):
        return f"name the ticket that it is for: `dead bind {name} TICKET`; or {skip}"
    mended = f"once the cause is mended at the Tickets API, `dead retry {name}`"
    if kind != OperationKind.REOPEN_TICKET:  # its request has nothing to edit
        return f"correct the request: `dead edit {name}`; or {mended}; or {skip}"
    return f"{mended}; or {skip}"


def _in_doubt(name: str, kind: str, ticket: str | None) -> str:
    """Return the next step where the call may have been executed."""
    if kind == OperationKind.CREATE_TICKET:
        return f"look for the ticket: if it is there, `dead bind {name} TICKET`; if not, `dead retry {name}`"
    where = f"look at ticket {ticket}" if ticket else "look in the ticket system"
    return f"{where}: if the call had no effect, `dead retry {name}`"


def of_delivery(name: str) -> str:
    """Return the next step for a delivery in quarantine."""
    return (
        f"once the settings fit or the missing case is there, `dead retry {name}` reads it again "
        f"(`events export {name}` shows it); or give it up: `dead skip {name} --why TEXT`"
    )
