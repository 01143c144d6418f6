"""Opens a ticket when a source has gone quiet, and closes it when the source is heard again.

This is all that a heartbeat does: the deliveries of a heartbeat source have no other content. Silence counts from the
latest delivery, or from the first run of the job.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract.events import Event, Opened, Resolved, digest
from worker.jobs.job import Job, State, Surroundings
from worker.planning.grouping import RESERVED
from worker.settings import Source

CASE_KEY = f"{RESERVED}quiet"
LOOKS = 20  # in the time that the source may be quiet
LOOK_AT_MOST = timedelta(seconds=30)
LOOK_AT_LEAST = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Silence:
    """The known silence of a source."""

    heard_at: datetime
    """When the source was last heard, or the time of the job's first run."""
    told_of: datetime | None
    """Start of the silence that has a ticket; None without such a ticket."""


def job_of(source: Source) -> Job | None:
    """Return the job of a source; None when the source may be quiet."""
    if source.settings.quiet_after is None:
        return None
    allowed = timedelta(seconds=source.settings.quiet_after)
    every = max(LOOK_AT_LEAST, min(LOOK_AT_MOST, allowed / LOOKS))
    name = f"quiet:{source.id}"

    def run(state: State, around: Surroundings) -> State:
        latest, heard_at = around.job_store.heard_since(source.id, int(state.get("after", 0)))
        before = _read(state, around.now)
        # The clocks of intake processes may be ahead of the ledger's.
        heard = min(max(before.heard_at, heard_at or before.heard_at), around.now)
        silence, events = look(source, Silence(heard, before.told_of), allowed, around.now)
        around.tell(source, name, events)
        # Numbers are given out before their rows are visible: the next look-up begins where the one before this one
        # ended.
        return _written(silence, after=int(state.get("latest", 0)), latest=latest)

    return Job(name, every, run)


def look(source: Source, silence: Silence, allowed: timedelta, now: datetime) -> tuple[Silence, tuple[Event, ...]]:
    """Return the events that follow from the length of the silence, and the silence to remember."""
    heard_at, told_of = silence.heard_at, silence.told_of
    if told_of is not None and heard_at > told_of:
        text = (
            f"A message came from {source.id} again at {_time(heard_at)}, after {_long(heard_at - told_of)} of silence."
        )
        return Silence(heard_at, None), (_event(Resolved, source, told_of, told_of + allowed, heard_at, text),)
    if told_of is None and now - heard_at > allowed:
        text = f"No message came from {source.id} since {_time(heard_at)}. One is expected every {_long(allowed)}."
        return Silence(heard_at, heard_at), (_event(Opened, source, heard_at, heard_at + allowed, now, text),)
    return silence, ()


def _event(
    kind: type[Opened | Resolved], source: Source, since: datetime, missed_at: datetime, at: datetime, text: str
) -> Event:
    return kind(
        case_key=CASE_KEY,
        source_message_id=f"{CASE_KEY}:{kind.__name__}:{since.isoformat()}",
        occurred_at=at,
        started_at=missed_at,
        subject=f"{source.id} has gone quiet",
        text=text,
        content_digest=digest(kind.__name__, since.isoformat()),
        priority=source.settings.quiet_priority,
        category=source.settings.category,
        attributes=(("labels.alertname", "SourceQuiet"),),
    )


def _read(state: State, now: datetime) -> Silence:
    told_of = state.get("told_of")
    return Silence(
        datetime.fromisoformat(state["heard_at"]) if "heard_at" in state else now,
        datetime.fromisoformat(told_of) if told_of is not None else None,
    )


def _written(silence: Silence, *, after: int, latest: int) -> State:
    return {
        "heard_at": silence.heard_at.isoformat(),
        "told_of": silence.told_of.isoformat() if silence.told_of is not None else None,
        "after": after,
        "latest": latest,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _long(time: timedelta) -> str:
    return str(timedelta(seconds=round(time.total_seconds())))
