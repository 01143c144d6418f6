"""Takes deliveries out of quarantine by reading them again, with today's connector and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.intake.reading import read_stored
from worker.ledger import QUARANTINED, UNNAMED, Again, Delivery, Ledger, Recorded
from worker.settings import Source


class StillUnreadable(Exception):
    """The delivery cannot be read today either; the message is the reason."""


def retry(
    ledger: Ledger, sources: Mapping[str, Source], dead_letter_id: str, *, by: str = UNNAMED,
    other_settings: Sequence[str] = (),
) -> Recorded | None:  # fmt: skip
    """Read a quarantined delivery again and plan its events. Returns None when the id names an operation.

    Events that were readable the first time are known, and have no second effect.
    Raises NoSuchDeadLetter, StillUnreadable, and OverLimit.
    """
    delivery = _read(ledger, sources, dead_letter_id)
    if delivery is None:
        return None
    return _placed(ledger.read_again(delivery, dead_letter_id, by=by, other_settings=other_settings))


def foresee(ledger: Ledger, sources: Mapping[str, Source], dead_letter_id: str) -> Recorded | None:
    """Return the result that `retry` would have now, without storing it. Raises the same."""
    delivery = _read(ledger, sources, dead_letter_id)
    return None if delivery is None else _placed(ledger.replay([Again(delivery, quarantined=True)], dry_run=True)[0])


def _read(ledger: Ledger, sources: Mapping[str, Source], dead_letter_id: str) -> Delivery | None:
    kept = ledger.quarantined_delivery(dead_letter_id)
    if kept is None:
        return None
    inbound_id, arrived = kept
    delivery = read_stored(sources, arrived, inbound_id)
    if delivery is None:
        raise StillUnreadable(f"the source {arrived.source!r} is not configured")
    if delivery.problem is not None:
        raise StillUnreadable(delivery.problem)
    return delivery


def _placed(recorded: Recorded) -> Recorded:
    if recorded.outcome == QUARANTINED:
        raise StillUnreadable(recorded.reason or "no case could be found for the delivery")
    return recorded
