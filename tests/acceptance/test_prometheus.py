"""The life of a real alert becomes the life of a ticket, with Debian's Prometheus and Alertmanager."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.deployments import QUICK, SECRET, Embedded
from tests.acceptance.processes import kept_port, wait_until
from tests.killable import Server
from tests.no_tls import NO_TLS
from tests.own_monitoring import BELOW, Metric, own_alertmanager, own_metric, own_prometheus

pytestmark = pytest.mark.own_prometheus

FULL, EMPTY = BELOW - 1, BELOW + 1
GRACE_S = 6


@contextmanager
def running_with(folder: Path, more: dict[str, str]) -> Iterator[Embedded]:
    embedded = Embedded(folder, QUICK | more)
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.stop()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Embedded]:
    with running_with(tmp_path / "var", {}) as embedded:
        yield embedded


@pytest.fixture
def metric() -> Iterator[Metric]:
    with own_metric() as made:
        yield made


def webhook(run: Embedded) -> str:
    return f"{run.site.intake}/in/alertmanager"


def deliveries(run: Embedded) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run.ticketrelay("events", "list", "--limit", "0", "-o", "json").stdout)
    return found


def statuses(run: Embedded) -> list[str]:
    return [each["status"] for each in run.site.tickets()]


def kinds(run: Embedded) -> Counter[str]:
    return Counter(each["kind"] for each in run.site.effects())


def test_a_rule_that_fires_repeats_and_resolves_is_a_ticket_that_opens_stays_and_closes(
    run: Embedded, metric: Metric
) -> None:
    with own_alertmanager(webhook(run), SECRET) as alertmanager, own_prometheus(metric, [alertmanager]):
        metric.value = FULL
        wait_until(lambda: statuses(run) == ["open"], "a ticket that opens")
        (ticket,) = run.site.tickets()
        assert ticket["subject"] == f"The disk of 127.0.0.1:{metric.port} is full"
        assert ticket["priority"] == "urgent"
        told = len(deliveries(run))
        wait_until(lambda: len(deliveries(run)) >= told + 2, "repeated twice")
        assert kinds(run) == {"create_ticket": 1}
        metric.value = EMPTY
        wait_until(lambda: statuses(run) == ["closed"], "a ticket that closes")
        assert kinds(run) == {"create_ticket": 1, "close_ticket": 1}


def test_two_clustered_alertmanagers_tell_everything_twice_and_there_is_one_ticket(
    run: Embedded, metric: Metric
) -> None:
    one, other = kept_port(), kept_port()
    with (
        own_alertmanager(webhook(run), SECRET, cluster_port=one) as first,
        own_alertmanager(webhook(run), SECRET, cluster_port=other, peers=[one]) as second,
        own_prometheus(metric, [first, second]),
    ):
        metric.value = FULL
        wait_until(lambda: len(firing_from(run)) == 2, "told by both")
        metric.value = EMPTY
        wait_until(lambda: statuses(run) == ["closed"], "a ticket that closes")
        run.wait_until_idle()
        assert kinds(run) == {"create_ticket": 1, "close_ticket": 1}


def test_an_end_that_alertmanager_lost_when_it_was_killed_is_confirmed_by_asking_it(
    tmp_path: Path, metric: Metric
) -> None:
    port = kept_port()
    asked = {
        "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": SECRET,
        "TICKETRELAY_SOURCES__ALERTMANAGER__API_URL": f"http://127.0.0.1:{port}",
        "TICKETRELAY_SOURCES__ALERTMANAGER__CONFIRM_EVERY": "2s",
        "TICKETRELAY_SOURCES__ALERTMANAGER__CONFIRM_GRACE": f"{GRACE_S}s",
    }
    with (
        running_with(tmp_path / "var", asked) as run,
        own_alertmanager(webhook(run), SECRET, port=port) as alertmanager,
        own_prometheus(metric, [alertmanager]) as prometheus,
    ):
        metric.value = FULL
        wait_until(lambda: statuses(run) == ["open"], "a ticket that opens")
        told = len(deliveries(run))
        wait_until(lambda: len(deliveries(run)) >= told + 2, "repeated for longer than the grace")
        assert statuses(run) == ["open"]
        alertmanager.freeze()
        metric.value = EMPTY
        wait_until(lambda: not firing_at(prometheus), "a rule that does not fire any more")
        alertmanager.kill()
        before = len(deliveries(run))
        alertmanager.start()
        wait_until(lambda: statuses(run) == ["closed"], "a ticket that closes")
        assert kinds(run) == {"create_ticket": 1, "close_ticket": 1}
        (close,) = [each for each in run.site.effects() if each["kind"] == "close_ticket"]
        assert "No end was received. Prometheus Alertmanager was asked" in json.loads(close["body"])["resolution_notes"]
        found = deliveries(run)
        assert len(found) == before + 1, found


def firing_at(prometheus: Server) -> list[Any]:
    """The alerts that Prometheus lists."""
    found = (
        httpx.get(f"{prometheus.url}/api/v1/alerts", timeout=10, trust_env=False, verify=NO_TLS)
        .raise_for_status()
        .json()
    )
    alerts: list[Any] = found["data"]["alerts"]
    return alerts


def firing_from(run: Embedded) -> set[str]:
    """The senders of firing alerts: the addresses that Alertmanagers give themselves."""
    found = set()
    for each in deliveries(run):
        (exported,) = json.loads(run.ticketrelay("events", "export", each["id"], "-o", "json").stdout)
        said = json.loads(exported["body"])
        if any(alert["status"] == "firing" for alert in said["alerts"]):
            found.add(said["externalURL"])
    return found
