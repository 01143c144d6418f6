"""Every metric, and the counters of a process in one registry that is passed in.

`docs/reference/metrics.md` is made from the declarations here. A metric whose label values are known has a sample for
each of them from the start, so that a rule can tell zero from missing.

Names: Prometheus' conventions, https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Literal, NamedTuple, get_args

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from worker.ledger import DeliveryState, Outcome
from worker.planning.keys import RANKS
from worker.planning.model import KINDS
from worker.runtime.versions import version

# Otherwise each counter and histogram has a second series, which nobody asks for.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

NAMESPACE = "ticketrelay"
Gauges = Callable[[], Iterable[tuple[str, dict[str, str], float]]]
"""Reads the gauges at each scrape: (name, labels, value)."""

PRIORITIES = ("urgent", "high", "medium", "low")
RANK_LABELS = tuple(str(each) for each in RANKS)
Refused = Literal["unknown_source", "wrong_secret", "bad_time", "wrong_method", "unknown_address"]
"""Why a request was refused."""


class Declared(NamedTuple):
    """A metric, without the namespace and without the `_total` of a counter."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()
    """The values of each label, where they are known: each combination has a sample from the start."""
    buckets: tuple[float, ...] = ()
    """The upper limits of the buckets of a histogram, in seconds."""

    @property
    def full_name(self) -> str:
        """The name that Prometheus shows; that of a histogram has no suffix."""
        return f"{NAMESPACE}_{self.name}_total" if self.type == "counter" else f"{NAMESPACE}_{self.name}"


DECLARED = {
    each.name: each
    for each in (
        Declared("build_info", "gauge", "1; its labels are the versions of Ticketrelay and of Python",
                 ("version", "python")),
        Declared("inbound", "counter", "Deliveries: accepted, quarantined or denied", ("source", "outcome")),
        Declared("denied", "counter",
                 "Refused requests: unknown_source, wrong_secret, bad_time, wrong_method or unknown_address",
                 ("reason",), (get_args(Refused),)),
        Declared("events", "counter", "Events: new, repeat or changed", ("source", "sighting")),
        Declared("events_dropped", "counter", "Events that a route dropped", ("source", "route")),
        Declared("template_misfits", "counter", "Templates that did not fit an event", ("source", "route")),
        Declared("attempts", "counter", "Calls to the Tickets API, counted when they are settled", ("kind", "outcome"),
                 (KINDS, get_args(Outcome))),
        Declared("time_to_ticket_seconds", "histogram",
                 "Time from a message to its ticket: from the commit of the planned create to its success",
                 ("priority",), (PRIORITIES,), (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)),
        Declared("intake_seconds", "histogram", "Time from the arrival of a message to its commit in the ledger", (),
                 (), (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)),
        Declared("api_call_seconds", "histogram",
                 "Time of a call to the Tickets API, a look-up included; a kind and outcome has samples after its first"
                 " call", ("kind", "outcome"), (), (0.1, 0.25, 0.5, 1, 2, 5, 10, 20)),
        Declared("config_reload_failed", "counter", "Reloads that were refused, because the new settings were wrong"),
        Declared("config_last_reload_successful", "gauge", "1 when the last reload succeeded"),
        Declared("config_loaded_timestamp_seconds", "gauge", "When the settings in force were read"),
        Declared("ledger_up", "gauge", "1 when the ledger can be used; at 0 its other gauges show the last values"),
        Declared("ledger_writable", "gauge", "1 when the ledger can be written; 0 while it is away, locked or full"),
        Declared("ledger_gauges_age_seconds", "gauge",
                 "How long ago this process read the ledger's gauges; missing before the first time"),
        Declared("processes", "gauge", "Processes of the deployment that live, by role", ("role",)),
        Declared("broker_up", "gauge",
                 "1 when every live process reaches its broker, as of its last heartbeat; missing without a broker"),
        Declared("cases", "gauge", "Cases, by delivery state: idle, ready, leased or blocked", ("state",),
                 (tuple(DeliveryState),)),
        Declared("operations_open", "gauge", "Operations that wait to be delivered, by kind", ("kind",), (KINDS,)),
        Declared("dead_letters", "gauge", "Operations that a person must decide on"),
        Declared("quarantined", "gauge", "Deliveries that could not be read"),
        Declared("due_age_seconds", "gauge", "How long the longest waiting due case has been due"),
        Declared("undelivered_age_seconds", "gauge",
                 "How long ago the oldest undelivered operation of a rank was planned, held ones aside; 0: none",
                 ("rank",), (RANK_LABELS,)),
        Declared("budget_limit", "gauge",
                 "Requests a minute that the settings allow; only of a process that sends, and where there is a limit"),
        Declared("budget_granted", "gauge",
                 "Requests a minute that may be made now: the limit, and after a 429 a share of it; where"
                 " `budget_limit` is"),
        Declared("budget_used", "gauge", "Tokens that calls took in the last minute, by rank", ("rank",),
                 (RANK_LABELS,)),
        Declared("budget_waiting", "gauge", "Due cases, which wait for a token, by rank", ("rank",), (RANK_LABELS,)),
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
"""Every metric of ours by its name."""

OF_THE_PROCESS = (
    "process_virtual_memory_bytes", "process_resident_memory_bytes", "process_start_time_seconds",
    "process_cpu_seconds_total", "process_open_fds", "process_max_fds", "python_info",
)  # fmt: skip
"""The metrics of `prometheus_client` about the process itself."""


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
        self.time_to_ticket = self._histogram("time_to_ticket_seconds")
        self.intake = self._histogram("intake_seconds")
        self.api_call = self._histogram("api_call_seconds")
        self._refused = self._counter("config_reload_failed")
        self._successful = self._gauge("config_last_reload_successful")
        self._loaded_at = self._gauge("config_loaded_timestamp_seconds")
        self._gauge("build_info").labels(version(), platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def know(self, sources: Iterable[str]) -> None:
        """Give the counters of these sources a sample before their first message."""
        for source in sources:
            for outcome in ("accepted", "quarantined", "denied"):
                self.inbound.labels(source, outcome)
            for sighting in ("new", "repeat", "changed"):
                self.events.labels(source, sighting)

    def config_reloaded(self, at: float) -> None:
        """Record a successful reload. `at` is when the settings in force were read, in seconds since 1970."""
        self._successful.set(1)
        self._loaded_at.set(at)

    def config_refused(self) -> None:
        """Record a reload that found wrong settings."""
        self._refused.inc()
        self._successful.set(0)

    def _counter(self, name: str) -> Counter:
        each = DECLARED[name]
        made = Counter(name, each.help, each.labels, namespace=NAMESPACE, registry=self.registry)
        for values in _known(each):
            made.labels(*values)
        return made

    def _gauge(self, name: str) -> Gauge:
        each = DECLARED[name]
        return Gauge(name, each.help, each.labels, namespace=NAMESPACE, registry=self.registry)

    def _histogram(self, name: str) -> Histogram:
        each = DECLARED[name]
        made = Histogram(
            name, each.help, each.labels, namespace=NAMESPACE, registry=self.registry, buckets=each.buckets
        )
        for values in _known(each):
            made.labels(*values)
        return made

    def add_gauges(self, gauges: Gauges) -> None:
        self.registry.register(_AtScrape(gauges))


def _known(each: Declared) -> Iterator[tuple[str, ...]]:
    """Yield the combinations of label values that have a sample from the start."""
    return product(*each.known) if each.known else iter(())


class _AtScrape(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def describe(self) -> Iterable[Metric]:
        return ()  # registering must not read the ledger

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, labels, value in self._gauges():
            each = DECLARED[name]
            made = GaugeMetricFamily(each.full_name, each.help, labels=each.labels)
            families.setdefault(name, made).add_metric([labels[label] for label in each.labels], value)
        yield from families.values()
