"""Synthesises `Resolved` events for alerts that ended without a message, with the attributes of their opening.

Routes may decide about an end by the alert's labels, and an end that a job found has no labels. The labels are read
from the delivery that opened the case, as long as that delivery is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from connectors.contract.events import Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, OverLimit, UnreadableMessage, Verified
from worker.intake.reading import parse
from worker.ledger import JobStore, OpenSubject
from worker.settings import Source


class Openings:
    """Opening events of these subjects. Each delivery is read once, although it may hold many openings."""

    def __init__(self, source: Source, job_store: JobStore, subjects: Iterable[OpenSubject]) -> None:
        self._source = source
        self._job_store = job_store
        self._wanted = {each.key for each in subjects if not each.in_group}
        self._read: dict[Inbound, dict[str, Opened]] = {}

    def of(self, subject: OpenSubject) -> Event | None:
        """Return the opening event; None for a member of a group, and when its delivery is not kept any more."""
        arrived = None if subject.in_group else self._job_store.opening_of(subject.case_id)
        if arrived is None:
            return None
        name = replace(arrived, body=hashlib.sha256(arrived.body).digest())
        if name not in self._read:
            self._read[name] = self._openings(arrived)
        return self._read[name].get(subject.key)

    def _openings(self, arrived: Inbound) -> dict[str, Opened]:
        try:
            said = parse(self._source, Verified(arrived))
        except (UnreadableMessage, OverLimit):
            return {}  # today's settings cannot read the delivery: the end has no attributes
        openings = (each for each in said.events if isinstance(each, Opened))
        return {each.case_key: each for each in openings if each.case_key in self._wanted}


def ended(source: Source, subject: OpenSubject, openings: Openings, *, how: str, text: str, now: datetime) -> Event:
    """Return the end of an open subject. `how` distinguishes this kind of end from the others."""
    opening = openings.of(subject)
    started = subject.started_at.isoformat()
    return Resolved(
        case_key=subject.key,
        source_message_id=f"ticketrelay:{how}:{digest(subject.key, started)}",
        occurred_at=now,
        started_at=subject.started_at,
        subject=opening.subject if opening is not None else subject.subject or subject.key,
        text=text,
        content_digest=digest(how, started),
        severity=opening.severity if opening is not None else None,
        priority=opening.priority if opening is not None else "medium",
        category=source.settings.category,
        private=opening.private if opening is not None else source.settings.private,
        attributes=opening.attributes if opening is not None else (),
    )
