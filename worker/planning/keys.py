"""Idempotency keys and ranks of operations."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract.events import Priority, digest
from worker.planning.model import Intent, Kind


def idempotency_key(source: str, case_key: str, episode: int, source_message_id: str, intent: Intent) -> str:
    """Return the key of an operation: the same for every replay of its message, and different for everything else."""
    return "tr1-" + digest(source, case_key, str(episode), source_message_id, intent.kind, intent.ordinal)


def derived_key(idempotency_key: str, *what: str) -> str:
    """Return the key of a request that replaces an operation: another request needs another key.

    `what` distinguishes it: its kind, and its text if the text does not follow from the operation alone.
    """
    return "tr1-" + digest(idempotency_key, *what)


URGENT = 0
RANKS = {
    URGENT: "urgent creates",
    1: "high creates",
    2: "medium creates",
    3: "low creates",
    4: "closes, updates",
    5: "notes",
}
"""Each rank in words; a reopening counts as a create."""
_RANK_OF_CREATE: Mapping[Priority, int] = {"urgent": URGENT, "high": 1, "medium": 2, "low": 3}


def rank(kind: Kind, priority: Priority) -> int:
    """Return the order in which waiting operations get the budget: 0 first."""
    if kind in ("create_ticket", "reopen_ticket"):
        return _RANK_OF_CREATE[priority]
    return 5 if kind == "add_note" else 4


def priority_of(rank: int) -> Priority | None:
    """Return the priority of the creates of a rank; None for a rank of other operations."""
    return next((priority for priority, each in _RANK_OF_CREATE.items() if each == rank), None)


def seen_digest(source: str, source_message_id: str, version: str | None = None) -> bytes:
    """Return the digest of an event's record; `version` is the content digest of a later version of the event."""
    return bytes.fromhex(digest(source, source_message_id, *([version] if version is not None else [])))
