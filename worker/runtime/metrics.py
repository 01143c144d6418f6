"""Every metric, and the counters of a process in one registry that is passed in.

`docs/reference/metrics.md` is made from the declarations here.

Names: Prometheus' conventions, https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

NAMESPACE = "ticketrelay"
Gauges = Callable[[], Iterable[tuple[str, dict[str, str], float]]]
"""Reads the gauges at each scrape: (name, labels, value)."""


class Declared(NamedTuple):
    """A metric, without the namespace and without the `_total` of a counter."""

    name: str
    type: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...] = ()


DECLARED = {
    each.name: each
    for each in (
        Declared("inbound", "counter", "Deliveries: accepted, quarantined or denied", ("source", "outcome")),
        Declared("denied", "counter",
                 "Requests of unproven senders: unknown_source, wrong_secret or bad_time", ("reason",)),
        Declared("events", "counter", "Events: new, repeat or changed", ("source", "sighting")),
        Declared("events_dropped", "counter", "Events that a route dropped", ("source", "route")),
        Declared("template_misfits", "counter", "Templates that did not fit an event", ("source", "route")),
        Declared("attempts", "counter", "Calls to the Tickets API, counted when they are settled", ("kind", "outcome")),
        Declared("config_reload_failed", "counter", "Reloads that were refused, because the new settings were wrong"),
        Declared("config_last_reload_successful", "gauge", "1 when the last reload succeeded"),
        Declared("config_loaded_timestamp_seconds", "gauge", "When the settings in force were read"),
        Declared("ledger_up", "gauge", "1 when the ledger can be used; at 0 the ledger's other gauges are missing"),
        Declared("processes", "gauge", "Processes of the deployment that live, by role", ("role",)),
        Declared("broker_up", "gauge",
                 "1 when every live process reaches its broker, as of its last heartbeat; missing without a broker"),
        Declared("cases", "gauge", "Cases, by delivery state: idle, ready, leased or blocked", ("state",)),
        Declared("operations_open", "gauge", "Operations that wait to be delivered, by kind", ("kind",)),
        Declared("dead_letters", "gauge", "Operations that a person must decide on"),
        Declared("quarantined", "gauge", "Deliveries that could not be read"),
        Declared("due_age_seconds", "gauge", "How long the longest waiting due case has been due"),
        Declared("undelivered_age_seconds", "gauge",
                 "How long ago the oldest undelivered operation of a rank was planned, held ones aside; 0: none",
                 ("rank",)),
        Declared("last_success_timestamp_seconds", "gauge",
                 "When a write call to the Tickets API last took effect; missing before the first"),
        Declared("failures_in_a_row", "gauge",
                 "Write calls to the Tickets API that failed since the last one that was answered"),
        Declared("mailbox_poll_age_seconds", "gauge", "How long ago a mailbox was read to its end",
                 ("source", "mailbox")),
        Declared("mailbox_unaccounted_uids", "gauge",
                 "Mails on the server that are not in the ledger, as last compared", ("source", "mailbox")),
        Declared("mailbox_token_left_seconds", "gauge",
                 "How long the refresh token is good for, if its provider reports that", ("source", "mailbox")),
        Declared("socket_connected", "gauge", "1 while a connection to the sender is open in this process",
                 ("source",)),
        Declared("alarm", "gauge", "1 while the alarm is up: a person should look at it", ("alarm",)),
    )
}  # fmt: skip
"""Every metric by its name."""


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.inbound = self._counter("inbound")
        self.denied = self._counter("denied")
        self.events = self._counter("events")
        self.dropped = self._counter("events_dropped")
        self.misfits = self._counter("template_misfits")
        self.attempts = self._counter("attempts")
        self._refused = self._counter("config_reload_failed")
        self._successful = self._gauge("config_last_reload_successful")
        self._loaded_at = self._gauge("config_loaded_timestamp_seconds")

    def config_reloaded(self, at: float) -> None:
        """Record a successful reload. `at` is when the settings in force were read, in seconds since 1970."""
        self._successful.set(1)
        self._loaded_at.set(at)

    def config_refused(self) -> None:
        """Record a reload that found wrong settings."""
        self._refused.inc()
        self._successful.set(0)

    def _counter(self, name: str) -> Counter:
        declared = DECLARED[name]
        return Counter(name, declared.help, declared.labels, namespace=NAMESPACE, registry=self.registry)

    def _gauge(self, name: str) -> Gauge:
        declared = DECLARED[name]
        return Gauge(name, declared.help, declared.labels, namespace=NAMESPACE, registry=self.registry)

    def add_gauges(self, gauges: Gauges) -> None:
        self.registry.register(_AtScrape(gauges))


class _AtScrape(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def describe(self) -> Iterable[Metric]:
        return ()  # registering must not read the ledger

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, labels, value in self._gauges():
            _, _, text, names = DECLARED[name]
            family = families.setdefault(name, GaugeMetricFamily(f"{NAMESPACE}_{name}", text, labels=names))
            family.add_metric([labels[each] for each in names], value)
        yield from families.values()
