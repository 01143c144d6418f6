"""Quiet sources and expired alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors import connector
from connectors.contract.events import Opened, Resolved
from connectors.contract.messages import Denied, Inbound, Verified
from worker.intake import internal
from worker.intake.reading import read, read_verified
from worker.jobs import expiry, quiet
from worker.jobs.job import Job
from worker.jobs.quiet import CASE_KEY, Silence, look
from worker.jobs.runner import Runner
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, inbound, members, operations
from worker.planning.grouping import is_group
from worker.settings import PolicySettings, Source
from worker.settings.models import Routing
from worker.settings.routes import Route

from .builders import ManualClock, case_row, kinds_of, minute, rows
from .conftest import MakeLedger

SECRET = "s3cret"
ALLOWED = timedelta(minutes=5)


def source(kind: str = "heartbeat", routes: tuple[Route, ...] = (), **settings: Any) -> Source:
    made = connector(kind)
    routing = Routing(routes, {}, PolicySettings())
    return Source("prom", made, made.settings.model_validate({"secret": SECRET, **settings}), routing)


def runner(ledger: Ledger, *jobs: Job | None) -> Runner:
    known = {each.name: each for each in jobs if each is not None}
    return Runner(ledger, lambda: known, lambda _: None, "one", 1.0)


def arrive(ledger: Ledger, clock: ManualClock, from_: Source, body: bytes = b"") -> None:
    """Record a delivery that its sender signed."""
    signed = from_.connector.sign(body, from_.settings, clock())
    headers = tuple((name.lower(), value) for name, value in signed.items())
    delivery = read(from_, Inbound(from_.id, clock(), body, headers), clock())
    assert isinstance(delivery, Delivery)
    ledger.record([delivery])


def test_a_heartbeat_that_stops_opens_a_ticket_and_the_next_ping_closes_it(ledger: Ledger, clock: ManualClock) -> None:
    job = source(quiet_after="5m", quiet_priority="urgent")
    watching = runner(ledger, quiet.job_of(job))
    for _ in range(20):
        arrive(ledger, clock, job)
        watching.once()
        clock.advance(seconds=60)
    assert kinds_of(ledger) == []
    for _ in range(20):
        clock.advance(seconds=30)
        watching.once()
    assert kinds_of(ledger) == ["create_ticket"]
    assert case_row(ledger, CASE_KEY)["priority"] == "urgent"
    arrive(ledger, clock, job)
    clock.advance(seconds=30)
    watching.once()
    assert kinds_of(ledger) == ["create_ticket", "close_ticket"]
    clock.advance(seconds=600)
    watching.once()
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "reopen_ticket", "add_note"]


def test_a_source_that_never_said_anything_is_missed_from_when_somebody_looked(
    ledger: Ledger, clock: ManualClock
) -> None:
    watching = runner(ledger, quiet.job_of(source("alertmanager", quiet_after="1h")))
    watching.once()
    assert kinds_of(ledger) == []
    clock.advance(hours=1.1)
    watching.once()
    assert kinds_of(ledger) == ["create_ticket"]


def test_what_we_say_ourselves_is_no_sign_of_life(ledger: Ledger, clock: ManualClock) -> None:
    watching = runner(ledger, quiet.job_of(source(quiet_after="5m")))
    watching.once()
    for _ in range(10):
        clock.advance(seconds=400)
        watching.once()
    assert kinds_of(ledger) == ["create_ticket"]


def test_a_sender_cannot_speak_as_one_of_our_jobs(clock: ManualClock) -> None:
    events = [Opened(**_fields("ticketrelay:quiet"))]
    forged = internal.found("prom", "quiet:prom", events, clock())
    arrived = Inbound("prom", clock(), forged.body, (*forged.headers, ("authorization", f"Bearer {SECRET}")))
    verdict = read(source(), arrived, clock())
    assert isinstance(verdict, Delivery)
    assert verdict.parsed.events == ()
    assert not internal.is_internal(verdict.inbound)
    assert isinstance(read(source(), forged, clock()), Denied)


def _fields(key: str) -> dict[str, Any]:
    times = {"occurred_at": minute(0), "started_at": minute(0)}
    return {"case_key": key, "source_message_id": "x", "subject": "s", "text": "t", "content_digest": "0" * 64} | times


def test_what_a_job_found_is_read_again_as_it_was(ledger: Ledger, clock: ManualClock) -> None:
    this = source(quiet_after="5m")
    watching = runner(ledger, quiet.job_of(this))
    watching.once()
    clock.advance(seconds=400)
    watching.once()
    (stored,) = ledger.stored_deliveries(since=minute(-1), source=None, after=0, limit=9)
    assert stored.arrived is not None
    again = read_verified(this, Verified(stored.arrived), stored.id)
    (event,) = again.parsed.events
    assert (event.kind, event.case_key) == ("Opened", CASE_KEY)
    assert kinds_of(ledger) == ["create_ticket"]


@hypothesis.given(st.lists(st.one_of(st.just("ping"), st.integers(1, 400)), max_size=60))
def test_it_is_told_of_each_silence_once_and_of_each_end_of_one_once(steps: list[str | int]) -> None:
    now, silence, told = minute(0), Silence(minute(0), None), []
    this = source(quiet_after="5m")
    for step in steps:
        if step == "ping":
            silence = Silence(now, silence.told_of)
        else:
            now += timedelta(seconds=int(step))
        silence, events = look(this, silence, ALLOWED, now)
        told += [type(each) for each in events]
        assert (silence.told_of is not None) == (now - silence.heard_at > ALLOWED)
    assert told == [Opened, Resolved] * (len(told) // 2) + [Opened] * (len(told) % 2)


ALERT = (
    '{{"version": "4", "status": "firing", "alerts": [{{"status": "firing", "labels": {{"alertname": "Disk", "team": '
    '"db"}}, "annotations": {{"summary": "full"}}, "startsAt": "2026-02-20T11:00:00Z", "endsAt": '
    '"0001-01-01T00:00:00Z", "fingerprint": "{0}"}}]}}'
)


def fires(ledger: Ledger, clock: ManualClock, from_: Source, name: str = "a1") -> None:
    arrive(ledger, clock, from_, ALERT.format(name).encode())


def test_an_alert_of_which_nothing_is_said_any_more_is_closed_with_a_note_that_says_so(
    ledger: Ledger, clock: ManualClock
) -> None:
    this = source("alertmanager", expire_after="1h")
    expiring = runner(ledger, expiry.job_of(this))
    fires(ledger, clock, this)
    for _ in range(6):
        clock.advance(seconds=1800)
        fires(ledger, clock, this)
        expiring.once()
    assert kinds_of(ledger) == ["create_ticket"]
    clock.advance(seconds=3700)
    expiring.once()
    assert kinds_of(ledger) == ["create_ticket", "close_ticket"]
    (_, closing) = rows(ledger, operations)
    assert b"No end was received" in closing["request"]
    clock.advance(seconds=3700)
    expiring.once()
    assert len(rows(ledger, inbound)) == 8


def test_what_was_open_before_expiry_was_asked_for_gets_its_time(ledger: Ledger, clock: ManualClock) -> None:
    fires(ledger, clock, source("alertmanager"))
    clock.advance(hours=5)
    expiring = runner(ledger, expiry.job_of(source("alertmanager", expire_after="1h")))
    expiring.once()
    assert kinds_of(ledger) == ["create_ticket"]
    clock.advance(hours=1.1)
    expiring.once()
    assert kinds_of(ledger) == ["create_ticket", "close_ticket"]


def test_the_routes_decide_what_an_end_does_that_nobody_told(ledger: Ledger, clock: ManualClock) -> None:
    route = Route.model_validate({"name": "db", "match": ["labels.team=db"], "on_resolve": "note"})
    this = source("alertmanager", (route,), expire_after="1h")
    expiring = runner(ledger, expiry.job_of(this))
    fires(ledger, clock, this)
    clock.advance(hours=1.1)
    expiring.once()
    assert kinds_of(ledger) == ["create_ticket", "add_note"]


def test_members_of_a_group_expire_one_by_one_and_the_last_one_closes_it(
    make_ledger: MakeLedger, clock: ManualClock
) -> None:
    ledger = make_ledger(may_group=True)
    ledger.upgrade()
    route = Route.model_validate({"name": "db", "group_by": ["labels.team"]})
    this = source("alertmanager", (route,), expire_after="1h")
    expiring = runner(ledger, expiry.job_of(this))
    fires(ledger, clock, this, "a1")
    clock.advance(seconds=1800)
    fires(ledger, clock, this, "a2")
    clock.advance(seconds=2400)
    expiring.once()
    assert [each["phase"] for each in rows(ledger, members)] == ["closed", "open"]
    clock.advance(seconds=2400)
    expiring.once()
    assert {each["phase"] for each in rows(ledger, members)} == {"closed"}
    assert [each["phase"] for each in rows(ledger, cases) if is_group(each["key"])] == ["closed"]


@pytest.mark.parametrize("job_of", [quiet.job_of, expiry.job_of])
def test_there_is_no_job_for_a_source_that_may_do_as_it_likes(job_of: Any) -> None:
    assert job_of(source("alertmanager")) is None
