"""PostgreSQL ends and comes back: senders try again, and nothing is lost, duplicated or stuck."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.deployments import Fleet, alert, body
from tests.acceptance.outages import OUTAGE_S, TIMEOUT_S, alerts_all_the_time, created_once, held
from tests.acceptance.processes import answers, wait_until
from tests.killable import Server
from tests.own_servers import own_postgresql
from tests.servers import own_queue

pytestmark = [pytest.mark.own_postgresql, pytest.mark.redis, pytest.mark.timeout(TIMEOUT_S)]

ENDS: list[Callable[[Server], None]] = [Server.stop, Server.kill]


class Site:
    """A fleet with its own PostgreSQL."""

    def __init__(self, fleet: Fleet, server: Server) -> None:
        self.fleet = fleet
        self.server = server


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        server = stack.enter_context(own_postgresql())
        broker = stack.enter_context(own_queue("redis"))
        fleet = Fleet(tmp_path_factory.mktemp("fleet"), server.url, broker.environment)
        stack.callback(fleet.stop)
        fleet.start()
        yield Site(fleet, server)


def all_ready(fleet: Fleet) -> bool:
    return all(answers(f"http://{each}/readyz") for each in fleet.health.values())


def status_codes(fleet: Fleet, path: str) -> set[int]:
    return {fleet.site.http.get(f"http://{each}{path}").status_code for each in fleet.health.values()}


@pytest.mark.parametrize("end", ENDS, ids=["stopped", "killed"])
def test_a_database_that_ends_under_load_costs_nothing_that_was_acknowledged(
    site: Site, end: Callable[[Server], None]
) -> None:
    fleet, server = site.fleet, site.server
    fleet.site.add_fault(action="latency", when="after", seconds=0.3, path="/tickets$", method="POST")
    pids = fleet.pids()
    with alerts_all_the_time(fleet.site) as taken:
        wait_until(lambda: len(fleet.site.effects_on(taken)) > 5, "under load")
        before = {name: held(pid, fleet.site) for name, pid in pids.items()}
        end(server)
        over = time.monotonic() + OUTAGE_S
        answer = fleet.site.post(body([alert()]))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert status_codes(fleet, "/readyz") == {503}
        status = fleet.ticketrelay("status")
        assert (status.returncode, "ALARM ledger_away: " in status.stdout) == (1, True), status.stdout + status.stderr
        number = len(taken)
        while time.monotonic() < over:
            assert status_codes(fleet, "/livez") == {200}
            time.sleep(0.5)
        assert len(taken) == number
        server.start()
        wait_until(lambda: all_ready(fleet), "ready again")
        wait_until(lambda: len(taken) > number + 5, "taken in again")
    wait_until(lambda: fleet.have_logged(pids, "ledger.back"), "all say so")
    fleet.wait_until_idle()
    assert sorted(fleet.site.effects_on(taken)) == created_once(taken)
    assert fleet.pids() == pids
    assert status_codes(fleet, "/livez") == {200}
    for name, pid in pids.items():
        after = held(pid, fleet.site)
        assert after.sockets <= before[name].sockets + 20, (name, before[name], after)
    fleet.site.clear_faults()


def test_roles_that_start_while_the_database_is_away_wait_and_go_on(site: Site) -> None:
    fleet = site.fleet
    site.server.stop()
    for name in fleet.health:
        fleet.stop_one(name)
        fleet.start_one(name)
    wait_until(lambda: fleet.have_logged(fleet.health, "ledger.waited_for"), "all wait")
    site.server.start()
    for name in fleet.health:
        fleet.wait_until_ready(name)
    one = alert()
    assert fleet.site.post(body([one])).status_code == 200
    fleet.wait_until_idle()
    assert sorted(fleet.site.effects_on([one])) == created_once([one])


def test_sessions_that_may_only_read_are_left_for_those_that_may_write(site: Site, tmp_path: Path) -> None:
    """As after a failover: the old primary goes on as a standby, and the address leads to the new primary."""
    fleet = site.fleet
    with psycopg.connect(site.server.url.replace("+psycopg", ""), autocommit=True) as operator:
        with alerts_all_the_time(fleet.site) as taken:
            wait_until(lambda: len(fleet.site.effects_on(taken)) > 5, "under load")
            operator.execute("ALTER ROLE ticketrelay SET default_transaction_read_only = on")
            operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            wait_until(lambda: fleet.site.post(body([alert()])).status_code == 503, "503")
            operator.execute("SET default_transaction_read_only = off")
            operator.execute("ALTER ROLE ticketrelay RESET default_transaction_read_only")
            number = len(taken)
            wait_until(lambda: len(taken) > number + 5, "taken in again")
        fleet.wait_until_idle()
    assert sorted(fleet.site.effects_on(taken)) == created_once(taken)
    assert status_codes(fleet, "/livez") == {200}
