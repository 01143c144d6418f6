"""Counters of a process, in one registry that is passed in. `/metrics` shows them beside the ledger's gauges.

Names: Prometheus' conventions, https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

Gauges = Callable[[], Iterable[tuple[str, str, dict[str, str], float]]]
"""Reads the gauges at each scrape: (name, help, labels, value)."""


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.inbound = self._counter("inbound", "Deliveries, by what became of them", "source", "outcome")
        self.events = self._counter("events", "Events, by what the ledger knew of them", "source", "sighting")
        self.dropped = self._counter("events_dropped", "Events that a route drops", "source", "route")
        self.misfits = self._counter("template_misfits", "Templates that did not fit an event", "source", "route")
        self.attempts = self._counter("attempts", "Calls to the Tickets API, by their outcome", "kind", "outcome")
        self._refused = self._counter("config_reload_failed", "Reloads that changed nothing: the settings were wrong")
        self._successful = self._gauge("config_last_reload_successful", "1 when the last reload took the settings")
        self._loaded_at = self._gauge("config_loaded_timestamp_seconds", "When the settings in force were read")

    def config_reloaded(self, at: float) -> None:
        """Record a successful reload. `at` is when the settings in force were read, in seconds since 1970."""
        self._successful.set(1)
        self._loaded_at.set(at)

    def config_refused(self) -> None:
        """Record a reload that found wrong settings."""
        self._refused.inc()
        self._successful.set(0)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="ticketrelay", registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, namespace="ticketrelay", registry=self.registry)

    def add_gauges(self, gauges: Gauges) -> None:
        self.registry.register(_AtScrape(gauges))


class _AtScrape(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def describe(self) -> Iterable[Metric]:
        return ()  # registering must not read the ledger

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, text, labels, value in self._gauges():
            family = families.setdefault(name, GaugeMetricFamily(f"ticketrelay_{name}", text, labels=list(labels)))
            family.add_metric(list(labels.values()), value)
        yield from families.values()
