"""Reads stored deliveries again with today's connectors and settings. A known event has no second effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.contract.messages import OverLimit
from worker.documents.replay import Replayed
from worker.intake.reading import read_stored
from worker.ledger import INTERNAL, QUARANTINED, Again, Ledger, Recorded, Span, Stored
from worker.settings import Source

AT_ONCE = 64  # deliveries in one transaction
EVENTS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class ReplaySelection:
    """Selects the deliveries that are read again."""

    since: datetime
    source: str | None = None
    after: int = 0
    """Only deliveries after this number."""


@dataclass(slots=True)
class Replay:
    """A replay in steps, which may be stopped between two of them."""

    ledger: Ledger
    sources: Mapping[str, Source]
    wanted: ReplaySelection
    by: str
    dry_run: bool
    """Roll back every step: each is judged by the present ledger, and does not see the effects of earlier steps."""
    other_settings: Sequence[str] = ()
    """The settings that the live processes have otherwise, for the record."""
    last: int = 0
    """Number of the delivery that was read last. Another replay goes on after it."""
    _events: Counter[str] = field(default_factory=Counter)
    _operations: Counter[str] = field(default_factory=Counter)
    _not_read: dict[str, str] = field(default_factory=dict)
    _deliveries: int = 0
    _left_quarantine: int = 0

    def __post_init__(self) -> None:
        self.last = self.wanted.after

    def span(self) -> Span:
        """Return how many deliveries there are to read, and the number after which they begin."""
        return self.ledger.stored_span(since=self.wanted.since, source=self.wanted.source, after=self.wanted.after)

    def steps(self, span: Span) -> Iterator[int]:
        """Read one step after the other, and yield the number of deliveries of each."""
        for batch in self._batches(span.after):
            self._replay(batch)
            yield len(batch)

    def document(self) -> Replayed:
        """Return the result so far."""
        return Replayed(
            deliveries=self._deliveries,
            events=self._events,
            operations=self._operations,
            left_quarantine=self._left_quarantine,
            not_read=self._not_read,
            dry_run=self.dry_run,
        )

    def _batches(self, after: int) -> Iterator[list[Stored]]:
        wanted = self.wanted
        while batch := self.ledger.stored_deliveries(
            since=wanted.since, source=wanted.source, after=after, limit=AT_ONCE
        ):
            after = batch[-1].id
            yield batch

    def _replay(self, batch: list[Stored]) -> None:
        step: list[Again] = []
        events = 0
        for each in batch:
            again = self._read(each)
            if again is None:
                continue
            step.append(again)
            events += len(again.delivery.parsed.events)
            if events >= EVENTS_AT_ONCE:
                self._plan(step)
                step, events = [], 0
        if step:
            self._plan(step)
        self._deliveries += len(batch)
        self.last = batch[-1].id

    def _read(self, stored: Stored) -> Again | None:
        """Parse a delivery with today's settings; it was verified when it came in. None when it cannot be read."""
        why = f"the source {stored.source!r} is not configured"
        if stored.arrived is None:
            if stored.source in self.sources or stored.source == INTERNAL:
                why = "the body was deleted after the time in TICKETRELAY_LEDGER__KEEP_BODIES"
        else:
            try:
                if (delivery := read_stored(self.sources, stored.arrived, stored.id)) is not None:
                    return Again(delivery, stored.quarantined)
            except OverLimit as error:
                why = str(error)
        self._not_read[f"in-{stored.id}"] = why
        return None

    def _plan(self, step: list[Again]) -> None:
        recorded: list[Recorded] = self.ledger.replay(
            step, by=self.by, dry_run=self.dry_run, other_settings=self.other_settings
        )
        for each, again in zip(recorded, step, strict=True):
            if each.outcome == QUARANTINED:
                self._not_read[f"in-{each.inbound_id}"] = each.reason or "no reason is stored"
            elif again.quarantined:
                self._left_quarantine += 1
            for effect in each.effects:
                self._events[effect.recurrence.value] += 1
                self._operations.update(effect.operations)
