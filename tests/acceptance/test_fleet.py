"""Does the same code do the same as a fleet: intake and two workers on PostgreSQL and Redis?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.acceptance.processes import Fleet, alert, body, resolved, ticketrelay, wait_until

pytestmark = [pytest.mark.postgresql, pytest.mark.redis]


@pytest.fixture
def fleet(tmp_path: Path, postgresql_url: str, redis_url: str) -> Iterator[Fleet]:
    started = Fleet(tmp_path, postgresql_url, redis_url)
    try:
        started.start()
        yield started
    finally:
        started.stop()


def test_each_alert_of_a_stream_is_one_ticket_closed_when_it_resolves_and_both_workers_share_the_work(
    fleet: Fleet,
) -> None:
    alerts = [alert() for _ in range(60)]
    for start in range(0, 60, 5):
        assert fleet.site.post(body(alerts[start : start + 5])).status_code == 200
    wait_until(lambda: len(fleet.site.tickets()) == 60, "60 tickets")
    for start in range(0, 60, 5):
        assert fleet.site.post(body(resolved(each) for each in alerts[start : start + 5])).status_code == 200
    fleet.wait_until_idle()
    assert Counter(each["status"] for each in fleet.site.tickets()) == {"closed": 60}
    before = fleet.site.effects()
    assert Counter(each["kind"] for each in before) == {"create_ticket": 60, "close_ticket": 60}
    assert fleet.site.post(body(alerts)).json()["planned"] == 0
    fleet.wait_until_idle()
    assert fleet.site.effects() == before
    assert all("operation.settled" in fleet.log(name) for name in fleet.workers)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(fleet: Fleet) -> None:
    fleet.site.add_fault(action="latency", when="after", seconds=0.2, path="/tickets$", method="POST")
    alerts = [alert() for _ in range(100)]
    for start in range(0, 100, 10):
        assert fleet.site.post(body(alerts[start : start + 10])).status_code == 200
        if start in (20, 60):
            wait_until(lambda: len(fleet.site.effects()) > 0, "under way")
            name = fleet.workers[start // 60]
            fleet.kill(name)
            fleet.start_one(name)
    fleet.wait_until_idle()
    assert Counter(each["subject"] for each in fleet.site.tickets()) == Counter(
        each["annotations"]["summary"] for each in alerts
    )
    assert Counter(each["kind"] for each in fleet.site.effects()) == {"create_ticket": 100}


def test_a_wiped_broker_costs_nothing(fleet: Fleet, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as broker:
        alerts = [alert() for _ in range(40)]
        for start in range(0, 40, 4):
            assert fleet.site.post(body(alerts[start : start + 4])).status_code == 200
            broker.flushdb()
    fleet.wait_until_idle()
    assert Counter(each["kind"] for each in fleet.site.effects()) == {"create_ticket": 40}


def test_a_worker_that_is_told_to_stop_finishes_its_calls_first(fleet: Fleet) -> None:
    fleet.site.add_fault(action="latency", when="after", seconds=0.5, path="/tickets$", method="POST")
    assert fleet.site.post(body(alert() for _ in range(10))).status_code == 200
    wait_until(lambda: len(fleet.site.effects()) > 0, "under way")
    for name in fleet.workers:
        assert fleet.stop_one(name) == 0
    status = fleet.ticketrelay("status", "-o", "json").stdout
    assert '"leased"' not in status


def test_serve_and_worker_refuse_a_ledger_without_tables(tmp_path: Path, postgresql_url: str, redis_url: str) -> None:
    fleet = Fleet(tmp_path, postgresql_url, redis_url)
    for command in ("serve", "worker"):
        refused = ticketrelay(command, environment=fleet.environment)
        assert refused.returncode == 2
        assert "db upgrade" in refused.stderr
    fleet.site.close()
