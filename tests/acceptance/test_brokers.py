"""Broker outages stop neither intake nor delivery, and no message is lost or duplicated."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.acceptance.brokers import OwnRedis, Proxy
from tests.acceptance.deployments import Fleet, alert, body
from tests.acceptance.processes import wait_until
from tests.servers import Broker, empty_database, own_queue

pytestmark = pytest.mark.postgresql

# A minute at the scale of these timings; TICKETRELAY_TEST_OUTAGE_S=60 gives a real minute.
OUTAGE_S = float(os.environ.get("TICKETRELAY_TEST_OUTAGE_S", "5"))
SERVERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("redis", "rabbitmq")]


class Outages:
    """A fleet, its broker, and possible outages of the broker."""

    def __init__(self, fleet: Fleet, broker: Broker, proxy: Proxy, own: OwnRedis | None) -> None:
        self.fleet = fleet
        self.broker = broker
        self.proxy = proxy
        self.own = own

    def during(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Send alerts before, during and after an outage; those during it must become tickets before its end."""
        site = self.fleet.site
        alerts = [alert() for _ in range(30)]
        assert site.post(body(alerts[:5])).status_code == 200
        begin()
        over = time.monotonic() + OUTAGE_S
        for start in range(5, 25, 5):
            assert site.post(body(alerts[start : start + 5])).status_code == 200
            time.sleep(OUTAGE_S / 8)
        wait_until(lambda: len(site.effects_on(alerts)) == 25, "delivered without a broker")
        time.sleep(max(0.0, over - time.monotonic()))
        end()
        assert site.post(body(alerts[25:])).status_code == 200
        wait_until(lambda: self.broker.listeners() >= len(self.fleet.workers), "heard again by all workers")
        self.fleet.wait_until_idle()
        expected = [("create_ticket", each["fingerprint"]) for each in alerts]
        assert sorted(site.effects_on(alerts)) == sorted(expected)
        for name in self.fleet.health:
            assert site.http.get(f"http://{self.fleet.health[name]}/livez").status_code == 200


@pytest.fixture(scope="module", params=SERVERS)
def outages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outages]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        ledger_url = stack.enter_context(empty_database())
        own: OwnRedis | None = None
        if request.param == "redis":
            own = OwnRedis(folder)
            stack.callback(own.kill)
            own.start()
            broker = Broker(own.url, "ticketrelay")
        else:
            broker = stack.enter_context(own_queue("rabbitmq"))
        address = urlsplit(broker.url)
        proxy = Proxy(str(address.hostname), address.port or 5672)
        stack.callback(proxy.close)
        through = broker.url.replace(f"{address.hostname}:{address.port}", f"127.0.0.1:{proxy.port}")
        fleet = Fleet(folder, ledger_url, Broker(through, broker.queue).environment)
        stack.callback(fleet.stop)
        fleet.start()
        wait_until(lambda: broker.listeners() >= len(fleet.workers), "heard by all workers")
        yield Outages(fleet, broker, proxy, own)


def test_a_broker_that_refuses_costs_nothing(outages: Outages) -> None:
    outages.during(outages.proxy.cut, outages.proxy.mend)


def test_a_broker_that_comes_back_empty_costs_nothing(outages: Outages) -> None:
    def lose_everything() -> None:
        if outages.own is not None:
            outages.own.kill()
        else:  # the server is shared; its end shows only as lost connections and a missing queue
            outages.proxy.cut()
            outages.broker.wipe()

    outages.during(lose_everything, outages.own.start if outages.own is not None else outages.proxy.mend)


def test_a_broker_that_stands_still_costs_nothing(outages: Outages) -> None:
    own = outages.own
    if own is not None:
        outages.during(lambda: own.signal(signal.SIGSTOP), lambda: own.signal(signal.SIGCONT))
    else:
        outages.during(outages.proxy.freeze, outages.proxy.mend)
