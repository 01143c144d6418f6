"""Ends alerts that were not heard of for `expire_after`, for sources that cannot be asked whether an alert goes on."""

from __future__ import annotations

from datetime import UTC, timedelta

from worker.jobs.ending import Openings, ended
from worker.jobs.job import Job, State, Surroundings
from worker.settings import Source

AT_ONCE = 200  # alerts ended in one run
LOOKS = 20
LOOK_AT_MOST = timedelta(minutes=1)
LOOK_AT_LEAST = timedelta(milliseconds=200)


def job_of(source: Source) -> Job | None:
    """Return the job of a source; None when its alerts stay open until the source ends them."""
    if source.settings.expire_after is None:
        return None
    allowed = timedelta(seconds=source.settings.expire_after)
    every = max(LOOK_AT_LEAST, min(LOOK_AT_MOST, allowed / LOOKS))
    name = f"expire:{source.id}"

    def run(_state: State, around: Surroundings) -> State:
        found = around.job_store.expired(source.id, for_=allowed, limit=AT_ONCE)
        openings = Openings(source, around.job_store, found)
        events = []
        for each in found:
            since = (each.heard_at or around.now).astimezone(UTC)
            text = (
                f"The sender has not mentioned the alert since {since:%Y-%m-%d %H:%M:%S} UTC, and repeats open alerts "
                "sooner. No end was received, but the alert is taken to be over."
            )
            events.append(ended(source, each, openings, how="expired", text=text, now=around.now))
        around.tell(source, name, events)
        return {}

    return Job(name, every, run)
