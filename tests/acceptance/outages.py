"""Shared parts of outage tests: continuous load, its expected effects, and checks for leaks."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.acceptance.deployments import Fleet, Site, alert, body
from tests.acceptance.processes import wait_until

# An hour at the scale of these timings; TICKETRELAY_TEST_OUTAGE_S=3600 gives a real hour.
OUTAGE_S = float(os.environ.get("TICKETRELAY_TEST_OUTAGE_S", "5"))
TIMEOUT_S = 240 + 2 * OUTAGE_S  # of one test: servers take a while to start on a busy machine
LOOKS = 5  # measurements of a process's resources during an outage


@contextmanager
def alerts_all_the_time(site: Site) -> Iterator[list[dict[str, Any]]]:
    """Send one alert after the other, each until acknowledged; yields the list of acknowledged alerts."""
    taken: list[dict[str, Any]] = []
    over = threading.Event()
    failures: list[BaseException] = []

    def source() -> None:
        try:
            while not over.is_set():
                one = alert()
                site.deliver(body([one]), tries=5000)
                taken.append(one)
                over.wait(0.02)
        except BaseException as error:
            failures.append(error)
            raise

    sender = threading.Thread(target=source)
    sender.start()
    try:
        yield taken
    finally:
        over.set()
        sender.join()
    assert not failures


def created_once(alerts: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the effects of firing alerts, each once; sorted."""
    return sorted(("create_ticket", each["fingerprint"]) for each in alerts)


@dataclass(frozen=True, slots=True)
class Held:
    """System resources held by a process."""

    threads: int
    sockets: int
    """Without sockets to the Tickets API, which has one for each call in flight."""
    mebibytes: float


def held(pid: int, site: Site) -> Held:
    """Measure the resources of a process now. Linux only."""
    process = Path(f"/proc/{pid}")
    to_api = _sockets_to(process, urlsplit(site.api).port or 0)
    sockets = 0
    for each in (process / "fd").iterdir():
        with suppress(OSError):  # closed since it was listed
            name = str(each.readlink())
            sockets += name.startswith("socket:") and name not in to_api
    pages = int((process / "statm").read_text().split()[1])
    threads = sum(1 for _ in (process / "task").iterdir())
    return Held(threads, sockets, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _sockets_to(process: Path, port: int) -> set[str]:
    """Return the names, as in `fd`, of sockets connected to that port."""
    rows = [line.split() for line in (process / "net" / "tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if int(row[2].partition(":")[2], 16) == port}


class Outages:
    """A fleet, the number of its workers connected to the broker, and the checks of an outage."""

    def __init__(self, fleet: Fleet, listeners: Callable[[], int]) -> None:
        self.fleet = fleet
        self._listeners = listeners

    def wait_until_heard(self) -> None:
        wait_until(lambda: self._listeners() >= len(self.fleet.workers), "heard by all workers")

    def during(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Send alerts before, during and after an outage; those during it must become tickets before its end."""
        site = self.fleet.site
        pids = self.fleet.pids()
        with alerts_all_the_time(site) as taken:
            wait_until(lambda: len(site.effects_on(taken)) > 5, "under load")
            begin()
            over = time.monotonic() + OUTAGE_S
            first_look: dict[str, Held] = {}
            while time.monotonic() < over:
                before = alert()
                assert site.post(body([before])).status_code == 200
                wait_until(lambda one=before: site.effects_on([one]) != [], "delivered without a broker")  # type: ignore[misc]
                first_look = first_look or {name: held(pid, site) for name, pid in pids.items()}
                time.sleep(min(OUTAGE_S / LOOKS, 60))
            self._nothing_grew(first_look, {name: held(pid, site) for name, pid in pids.items()})
            end()
            self.wait_until_heard()
            number = len(taken)
            wait_until(lambda: len(taken) > number + 5, "still under load")
        self.fleet.wait_until_idle()
        assert sorted(site.effects_on(taken)) == created_once(taken)
        assert self.fleet.pids() == pids
        for name in self.fleet.health:
            assert site.http.get(f"http://{self.fleet.health[name]}/livez").status_code == 200

    def _nothing_grew(self, before: dict[str, Held], after: dict[str, Held]) -> None:
        """Compare resources; a few more come and go with the load, but not one for each attempt to reach the broker."""
        for name, then in before.items():
            now = after[name]
            assert now.threads <= then.threads + 10, (name, then, now)
            assert now.sockets <= then.sockets + 10, (name, then, now)
            assert now.mebibytes <= then.mebibytes + 30, (name, then, now)
