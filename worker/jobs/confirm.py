"""Asks products whether open alerts go on, and ends those that every answer within the grace omits.

The end of an alert can get lost: its sender was restarted, or silenced the alert. One answer without the alert proves
nothing, because the product may have just started, or the alert may be on its way. So the alert must be missing from
every answer for the whole grace. Time without an answer does not count, and after a gap the grace begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from connectors.contract.connector import Ask
from worker.jobs.asking import NoAnswer, asked, listed
from worker.jobs.ending import Openings, ended
from worker.jobs.job import Job, JobFailed, State, Surroundings
from worker.ledger import OpenSubject
from worker.settings import Source

log = structlog.get_logger()

AT_ONCE = 200  # alerts ended in one run
REMEMBERED = 10_000  # missing alerts
PAGE = 1_000
GAP = 3  # times the pause between two requests: after longer than that the grace begins anew


@dataclass(frozen=True, slots=True)
class Missing:
    """An open alert that its product does not list."""

    since: datetime
    """Time of the first answer in a row without the alert, or the start of the alert if that is later."""
    told_of: datetime | None = None
    """Start of the alert whose end was already recorded. A route may have left the alert open all the same."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Findings of earlier answers."""

    asked_at: datetime | None = None
    missing: Mapping[str, Missing] = field(default_factory=dict)
    """By case key."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The interval between requests to the product, and the time for which an alert must be missing."""

    every: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Over:
    """An open alert that is over; `since` is the earliest known time without it."""

    subject: OpenSubject
    since: datetime


def job_of(source: Source) -> Job | None:
    """Return the job of a source; None when the source cannot be asked, or is not to be."""
    question = asked(source)
    if question is None:
        return None
    terms = Terms(timedelta(seconds=question.every), timedelta(seconds=question.grace))
    name = f"confirm:{source.id}"

    def run(state: State, around: Surroundings) -> State:
        try:
            goes_on = listed(source)
        except NoAnswer as error:
            raise JobFailed(f"{question.url}: {error}") from error
        # Looked up after the answer: an alert that began in between could not be listed yet, and counts as missing for
        # no time.
        memory, over = look(_read(state, question), _open(source, around), goes_on, terms, around.now)
        if len(memory.missing) == REMEMBERED:
            log.warning("confirm.full", source=source.id, remembered=REMEMBERED)
        openings = Openings(source, around.job_store, (each.subject for each in over))
        events = []
        for each in over:
            text = _text(source, each, terms)
            events.append(ended(source, each.subject, openings, how="confirmed", text=text, now=each.since))
        around.tell(source, name, events)
        return _written(memory, question)

    return Job(name, terms.every, run)


def look(
    memory: Memory, open_: Iterable[OpenSubject], goes_on: frozenset[str], terms: Terms, now: datetime
) -> tuple[Memory, tuple[Over, ...]]:
    """Return the new memory and the alerts that are over, the longest missing first."""
    begins_anew = memory.asked_at is None or now - memory.asked_at > GAP * terms.every
    found: dict[str, tuple[OpenSubject, Missing]] = {}
    for subject in open_:
        if subject.key in goes_on:
            continue
        before = memory.missing.get(subject.key, Missing(now))
        since = now if begins_anew else before.since
        found[subject.key] = (subject, replace(before, since=max(since, subject.started_at)))
    kept = sorted(found.values(), key=lambda each: (each[1].since, each[0].key))[:REMEMBERED]
    over = [
        Over(subject, missing.since)
        for subject, missing in kept
        if now - missing.since >= terms.grace and missing.told_of != subject.started_at
    ][:AT_ONCE]
    told = {each.subject.key for each in over}
    remembered = {
        subject.key: replace(missing, told_of=subject.started_at) if subject.key in told else missing
        for subject, missing in kept
    }
    return Memory(now, remembered), tuple(over)


def _open(source: Source, around: Surroundings) -> Iterator[OpenSubject]:
    """Yield the open alerts that the answer would list."""
    asking = source.connector.asking
    after = ""
    while page := around.job_store.open_subjects(source.id, after=after, limit=PAGE):
        yield from (each for each in page if asking is not None and asking.answers_for(each.key, source.settings))
        after = page[-1].key


def _text(source: Source, over: Over, terms: Terms) -> str:
    grace = timedelta(seconds=round(terms.grace.total_seconds()))
    return (
        f"No end was received. {source.connector.title} was asked for its open alerts, and has not listed this "
        f"one since {over.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, for {grace} or longer. The "
        "alert is taken to be over."
    )


def _read(state: State, question: Ask) -> Memory:
    """Return the memory of answers from the same address. Answers from another product do not count."""
    if state.get("url") != question.url:
        return Memory()
    missing = {
        key: Missing(_time(since), _time(told) if told else None) for key, (since, told) in state["missing"].items()
    }
    return Memory(_time(state["asked_at"]), missing)


def _written(memory: Memory, question: Ask) -> State:
    missing = {
        key: (each.since.isoformat(), each.told_of.isoformat() if each.told_of is not None else None)
        for key, each in memory.missing.items()
    }
    asked_at = memory.asked_at.isoformat() if memory.asked_at is not None else None
    return {"url": question.url, "asked_at": asked_at, "missing": missing}


_time = datetime.fromisoformat
