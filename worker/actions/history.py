"""The history of a message or a case: find it by a name or by its text, show it, and export it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

from worker.actions.errors import NotFound, Refused
from worker.actions.redact import CannotRedact, Redactor, known_secrets
from worker.documents.events import Exported
from worker.ledger import CaseShown, CaseStory, Ledger, StoredDelivery, Timeline
from worker.settings import Settings

NAMES = "in-7, op-4-1, case-4, ticket:1042, a source message id, a case key, an alias or a ticket's id"
MOST_FOUND = 20  # cases, by their text


def case(ledger: Ledger, name: str) -> list[CaseShown]:
    """Return the cases of a name, in full. Raises NotFound."""
    found = ledger.reading.case(name)
    if not found:
        raise NotFound(f"there is no case {name}: expected {NAMES}")
    return found


def timeline(ledger: Ledger, name: str) -> Timeline:
    """Return the history of a message or a case, step by step. Raises NotFound."""
    found = ledger.reading.timeline(name)
    if found is None:
        raise NotFound(f"no message or case is known as {name}: expected {NAMES}")
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search by an exact name."""

    stories: list[CaseStory]
    is_known: bool
    """The name is known, even if it led to no case."""


def find(ledger: Ledger, name: str) -> Found:
    """Find the cases that an exact name belongs to."""
    stories = ledger.find(name)
    return Found(stories, bool(stories) or ledger.reading.timeline(name) is not None)


def export(ledger: Ledger, settings: Settings, name: str, *, redact: bool) -> list[Exported]:
    """Return the deliveries of a name as they arrived. Raises NotFound, and Refused when they cannot be redacted."""
    found = ledger.reading.stored(name)
    if not found:
        raise NotFound(f"there is no delivery {name}: `ticketrelay events show {name}` lists those that belong to it")
    redactor = Redactor(known_secrets(settings)) if redact else None
    try:
        exported = [_exported(each, settings, redactor) for each in found if each.body is not None]
    except CannotRedact as error:
        raise Refused(f"{name} is not exported, because it cannot be redacted: {error}") from error
    if not exported:
        raise NotFound(f"the body of {found[0].id} was deleted after the time in TICKETRELAY_LEDGER__KEEP_BODIES")
    return exported


def _exported(each: StoredDelivery, settings: Settings, redactor: Redactor | None) -> Exported:
    source = settings.sources.get(each.source)
    kind = source.connector.kind if source is not None else None
    if redactor is not None:
        body = redactor.body(each.body or b"")
        headers, query = redactor.headers(each.headers), redactor.query(each.query)
        each = replace(each, body=body, headers=headers, query=query)
    raw = each.body or b""
    try:
        text, encoded = raw.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(raw).decode()
    return Exported(
        each.id, each.source, kind, each.received_at, redactor is not None, each.headers, each.query, text, encoded
    )
