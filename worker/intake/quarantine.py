"""How does a delivery leave quarantine? It is read again, by the connector and the settings of today."""

from __future__ import annotations

from collections.abc import Mapping

from worker.intake.reading import read_stored
from worker.ledger import QUARANTINED, UNNAMED, Again, Delivery, Ledger, Recorded
from worker.settings import Source


class StillUnreadable(Exception):
    """It cannot be read today either; the message is the reason."""


def retry(ledger: Ledger, sources: Mapping[str, Source], letter_id: str, *, by: str = UNNAMED) -> Recorded | None:
    """Read a quarantined delivery again and plan what it says; None when the id names an operation.

    What was readable in it the first time is known, and has no second effect.
    Raises NoSuchDeadLetter, StillUnreadable, and OverLimit.
    """
    delivery = _read(ledger, sources, letter_id)
    return None if delivery is None else _placed(ledger.read_again(delivery, letter_id, by=by))


def foresee(ledger: Ledger, sources: Mapping[str, Source], letter_id: str) -> Recorded | None:
    """What `retry` would do by the ledger as it is, without doing it. Raises the same."""
    delivery = _read(ledger, sources, letter_id)
    return None if delivery is None else _placed(ledger.replay([Again(delivery, quarantined=True)], dry_run=True)[0])


def _read(ledger: Ledger, sources: Mapping[str, Source], letter_id: str) -> Delivery | None:
    kept = ledger.quarantined_delivery(letter_id)
    if kept is None:
        return None
    inbound_id, arrived = kept
    delivery = read_stored(sources, arrived, inbound_id)
    if delivery is None:
        raise StillUnreadable(f"its source {arrived.source!r} is not configured here")
    if delivery.problem is not None:
        raise StillUnreadable(delivery.problem)
    return delivery


def _placed(recorded: Recorded) -> Recorded:
    if recorded.outcome == QUARANTINED:
        raise StillUnreadable(recorded.reason or "it cannot be placed")
    return recorded
