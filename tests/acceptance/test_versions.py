"""Processes of the previous version run on beside new ones on the migrated ledger, and each event has one effect.

That is a rolling upgrade: old processes run, the tables are migrated, new processes start, old ones end. No process of
the previous version is started after the migration, because it would refuse tables of a later version.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.chaos.checker import Effect, judge
from tests.acceptance.deployments import Fleet, alert, body, resolved
from tests.acceptance.processes import clean_environment, wait_until
from tests.checkouts import check_out_version_before
from tests.servers import empty_database, own_queue

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.version_before]

STAYS, KILLED = "worker-0", "worker-1"
"""Workers of the previous version; a killed one cannot be started again once the tables are migrated."""


@dataclass(frozen=True, slots=True)
class Versions:
    """A fleet of the previous version, and one of this version on the same ledger, broker and Tickets API."""

    old: Fleet
    new: Fleet

    def attempts(self) -> tuple[float, float]:
        """The number of calls made by a worker of each version."""
        old, new = (each.metric(STAYS, "ticketrelay_attempts_total") for each in (self.old, self.new))
        return old, new


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the previous version."""
    return check_out_version_before(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, before: Path) -> Iterator[Versions]:
    """The old fleet is running when the ledger is migrated and the new one starts."""
    folder = tmp_path_factory.mktemp
    with empty_database() as ledger_url, own_queue("redis") as broker:
        of_before = {**broker.environment, "PYTHONPATH": str(before)}
        old = Fleet(folder("old"), ledger_url, of_before, mail=False, code=before)
        shared = {**broker.environment, "TICKETRELAY_API__URL": old.site.api}
        new = Fleet(folder("new"), ledger_url, shared, workers=1, mail=False)
        try:
            old.start()
            upgraded = new.ticketrelay("db", "upgrade")
            assert upgraded.returncode == 0, upgraded.stderr
            for name in ("serve", STAYS):
                new.start_one(name)
                new.wait_until_ready(name)
            yield Versions(old, new)
        finally:
            new.kill_all()
            old.kill_all()


def is_clean(versions: Versions, fired: list[dict[str, Any]]) -> bool:
    """True if each alert was opened once and then closed once, without other effects."""
    expected = {each["fingerprint"]: ["create_ticket", "close_ticket"] for each in fired}
    return judge(expected, [Effect(case, kind) for kind, case in versions.old.site.effects_on(fired)]).is_clean


def test_the_code_of_the_version_before_is_what_its_processes_run(before: Path) -> None:
    environment = clean_environment({"PYTHONPATH": str(before)})
    command = [sys.executable, "-c", "import connectors, tickets, worker; print(worker.__file__, tickets.__file__)"]
    found = subprocess.run(command, cwd=before, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(before / name / "__init__.py") for name in ("worker", "tickets")]


def test_both_versions_take_messages_in_and_deliver_them_and_each_has_one_effect(versions: Versions) -> None:
    alerts, made = [alert() for _ in range(100)], versions.attempts()
    sites = (versions.old.site, versions.new.site)
    for number in range(0, 100, 5):
        some = alerts[number : number + 5]
        opens, closes = sites[number // 5 % 2], sites[1 - number // 5 % 2]
        opens.deliver(body(some))
        closes.deliver(body(some))  # a repeat for the other version
        closes.deliver(body(resolved(each) for each in some))
    versions.new.wait_until_idle()
    assert is_clean(versions, alerts)
    assert all(after > before for before, after in zip(made, versions.attempts(), strict=True))
    for fleet in (versions.old, versions.new):
        for name in ("serve", STAYS):
            fleet.wait_until_ready(name)


def test_what_a_killed_worker_of_the_version_before_had_leased_is_finished_by_others(versions: Versions) -> None:
    site = versions.old.site
    site.add_fault(action="latency", when="after", seconds=0.3, path="/tickets$", method="POST")
    alerts: list[dict[str, Any]] = []
    made = versions.old.metric(KILLED, "ticketrelay_attempts_total")

    def is_under_way() -> bool:
        """True once the worker has sent a call; adds more work each time than the other workers can take."""
        alerts.extend(some := [alert() for _ in range(60)])
        site.deliver(body(some))
        return versions.old.metric(KILLED, "ticketrelay_attempts_total") > made

    wait_until(is_under_way, "under way")
    versions.old.kill(KILLED)
    versions.new.site.deliver(body(resolved(each) for each in alerts))
    versions.new.wait_until_idle()
    assert is_clean(versions, alerts)
