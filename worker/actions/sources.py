"""Reports on sources, and pauses or resumes them. A pause holds back calls, never incoming messages."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.actions.errors import UnknownSource
from worker.documents.sources import Health, PauseChanged, SourceListed, SourceShown, SourcesListed
from worker.ledger import EVERYTHING, Ledger, Pause, SourceActivity
from worker.settings import Settings, Source

SILENT_AFTER = timedelta(hours=24)


def list_sources(ledger: Ledger, settings: Settings, now: datetime) -> SourcesListed:
    """Return every source that is configured or has sent messages, with its health."""
    found = ledger.list_sources(settings.sources)
    everything = next((each for each in ledger.list_pauses() if each.scope == EVERYTHING), None)
    dead = Counter(each.source for each in ledger.reading.dead())
    kinds = {name: each.connector.kind for name, each in settings.sources.items()}
    since = now - SILENT_AFTER
    listed = tuple(
        SourceListed(
            each.source, kinds.get(each.source),
            health(each, since, dead=dead[each.source], is_paused=bool(each.pause or everything)),
            each.last_message_at, each.open_operations, dead[each.source], each.pause,
        )
        for each in found
    )  # fmt: skip
    return SourcesListed(listed, everything)


def show(ledger: Ledger, settings: Settings, source: str, since: datetime) -> SourceShown:
    """Return the state of a source, with counts since then. Raises UnknownSource."""
    must_be_known(ledger, settings, source)
    counted = ledger.reading.counts(source, since)
    (activity,) = [each for each in ledger.list_sources([source]) if each.source == source]
    pauses = {each.scope: each for each in ledger.list_pauses()}
    dead = sum(each.source == source for each in ledger.reading.dead())
    failing = ledger.overview().failing_jobs
    configured = settings.sources.get(source)
    pause = pauses.get(source) or pauses.get(EVERYTHING)
    return SourceShown(
        source=source,
        kind=configured.connector.kind if configured is not None else None,
        health=health(activity, since, dead=dead, is_paused=pause is not None),
        last_message_at=activity.last_message_at,
        open_operations=activity.open_operations,
        dead=dead,
        pause=pause,
        counted_since=since,
        deliveries=dict(counted.deliveries),
        attempts=dict(counted.attempts),
        has_previous_secret=configured is not None and len(configured.settings.secrets) > 1,
        failing_jobs=tuple(each for each in failing if each.name.partition(":")[2] == source),
    )


def health(activity: SourceActivity, since: datetime, *, dead: int, is_paused: bool) -> Health:
    """Return the health of a source; dead letters take precedence."""
    if dead:
        return "needs somebody"
    if is_paused:
        return "paused"
    is_silent = activity.last_message_at is None or activity.last_message_at < since
    return "silent" if is_silent else "ok"


@dataclass(frozen=True, slots=True)
class Changed:
    """A pause that began or ended, and the pauses that now hold for its scope."""

    document: PauseChanged
    pauses: tuple[Pause, ...]


def pause(ledger: Ledger, settings: Settings, scope: str, why: str, *, by: str) -> Changed:
    """Send nothing of a source, or of all (`EVERYTHING`), until it is resumed. Raises UnknownSource."""
    must_be_known(ledger, settings, scope)
    is_new = ledger.pause(scope, why, by=by)
    held = tuple(each for each in ledger.list_pauses() if each.scope == scope)
    return Changed(PauseChanged(scope, paused=True, changed=is_new), held)


def resume(ledger: Ledger, settings: Settings, scope: str, *, by: str) -> Changed:
    """End the pause of a source, or the general one; pauses of single sources stay then. Raises UnknownSource."""
    must_be_known(ledger, settings, scope)
    ended = ledger.resume(scope, by=by)
    left = tuple(each for each in ledger.list_pauses() if scope == EVERYTHING or each.scope in (EVERYTHING, scope))
    return Changed(PauseChanged(scope, paused=False, changed=ended), left)


def configured(settings: Settings, source: str) -> Source:
    """Return the source of that id in the settings. Raises UnknownSource."""
    found = settings.sources.get(source)
    if found is None:
        there = ", ".join(sorted(settings.sources)) or "none"
        raise UnknownSource(f"no source {source!r} is configured; there are: {there}")
    return found


def must_be_known(ledger: Ledger, settings: Settings, scope: str) -> None:
    """Raise UnknownSource for an unknown scope: a pause of a misspelt source would hold nothing back."""
    paused = {each.scope for each in ledger.list_pauses()}
    if scope == EVERYTHING or scope in settings.sources or scope in paused or ledger.knows_source(scope):
        return
    known = sorted({*settings.sources, *(each.source for each in ledger.list_sources(()))})
    close = difflib.get_close_matches(scope, known, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    raise UnknownSource(f"no source {scope!r} is configured, and the ledger has none of its messages; {meant}")
