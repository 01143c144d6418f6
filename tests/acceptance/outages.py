"""What do tests of outages share? Load that goes on whatever happens, what must have come of it, and what leaks."""

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

# An hour at the scale of the timings here; TICKETRELAY_TEST_OUTAGE_S=3600 is the hour itself.
OUTAGE_S = float(os.environ.get("TICKETRELAY_TEST_OUTAGE_S", "5"))
TIMEOUT_S = 240 + 2 * OUTAGE_S  # of one test: servers of its own take a while on a busy machine
LOOKS = 5  # at what a process holds, during an outage


@contextmanager
def alerts_all_the_time(site: Site) -> Iterator[list[dict[str, Any]]]:
    """A source that sends one alert after the other, each until it is acknowledged; gives those that were."""
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
    """The effects of alerts that fired, each once; sorted."""
    return sorted(("create_ticket", each["fingerprint"]) for each in alerts)


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds of its system."""

    threads: int
    sockets: int
    """Without those to the Tickets API, of which there are as many as calls under way."""
    mebibytes: float


def held(pid: int, site: Site) -> Held:
    """What it holds now. Linux only."""
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
    """The names, as they stand in `fd`, of sockets that are connected to that port."""
    rows = [line.split() for line in (process / "net" / "tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if int(row[2].partition(":")[2], 16) == port}


class Outages:
    """A fleet, how many of its workers hear its broker, and what has to hold while the broker is away."""

    def __init__(self, fleet: Fleet, listeners: Callable[[], int]) -> None:
        self.fleet = fleet
        self._listeners = listeners

    def wait_until_heard(self) -> None:
        wait_until(lambda: self._listeners() >= len(self.fleet.workers), "heard by all workers")

    def during(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Alerts come in before, during and after an outage; those during it become tickets before it is over."""
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
        """A few more of each come and go with the load; one for each attempt to reach the broker does not."""
        for name, then in before.items():
            now = after[name]
            assert now.threads <= then.threads + 10, (name, then, now)
            assert now.sockets <= then.sockets + 10, (name, then, now)
            assert now.mebibytes <= then.mebibytes + 30, (name, then, now)
