"""Helpers for tests of aliases and waiting comments: mails that answer each other, and the resulting operations."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from connectors.contract.events import Commented, Event, Opened, Reference
from tickets.markers import without_marker
from worker.ledger import Ledger, Recorded
from worker.ledger.schema.tables import cases, operations

from .builders import commented, delivery, minute, opened, rows

ADA, BOB, EVE = "ada@customer.example", "bob@customer.example", "eve@elsewhere.example"


def name_of(message: str) -> str:
    """Return the alias of the mail with this name."""
    return f"id:{message}"


def mail(message: str, *, to: Collection[str] = (), author: str | None = ADA, cc: Collection[str] = (),
         at: float = 0, proven: bool = False, **more: Any) -> Event:  # fmt: skip
    """Build a mail that opens a case, or a mail that answers others.

    Its text is its name. Its aliases include those of the mails that it answers.
    """
    answered = tuple(Reference(name_of(each), proven) for each in to)
    fields: dict[str, Any] = {
        "message": message,
        "text": message,
        "aliases": (name_of(message), *(name_of(each) for each in to)),
        "references": (*answered, Reference(name_of(message))),
        "author": author,
        "participants": (*([author] if author else []), *cc),
        "authority": "participant",
        "occurred_at": minute(at),
        "started_at": minute(at),
    } | more
    event: Opened | Commented
    if to:
        event = commented(f"mail:{message}", fields.pop("message"), **({"unknown": "open"} | fields))
    else:
        event = opened(f"mail:{message}", **fields)
    return event


def take(ledger: Ledger, *events: Event) -> list[Recorded]:
    """Record each event as a delivery of its own, one after the other."""
    return [ledger.record([delivery(event)])[0][0] for event in events]


def story(ledger: Ledger) -> dict[str, list[tuple[str, str]]]:
    """Return the kind and text of each operation in order, by case key; cases without operations are left out."""
    keys = {each["id"]: each["key"] for each in rows(ledger, cases)}
    found: dict[str, list[tuple[str, str]]] = {}
    for each in rows(ledger, operations):
        request = json.loads(each["request"])
        said = next((request[name] for name in ("description", "body", "resolution_notes") if name in request), "")
        said = without_marker(said)
        found.setdefault(keys[each["case_id"]], []).append((each["kind"], said))
    return found
