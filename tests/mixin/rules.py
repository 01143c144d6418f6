"""The recording and alert rules for Prometheus.

There is one alert for each declared alarm, and a few about what no process can tell of itself. Format:
https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
Burn rates: https://sre.google/workbook/alerting-on-slos/ ("Multiwindow, Multi-Burn-Rate Alerts")
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from worker.ledger import ALARMS, LEDGER_AWAY, LEDGER_NOT_WRITABLE

BASE = "https://docs.example.org/ticketrelay"
"""Where the documentation is published; who deploys the rules replaces it."""
RUNBOOK = f"{BASE}/reference/alarms.md"
RUNBOOK_OF_OTHERS = f"{BASE}/how-to/watch-with-prometheus.md"
WITHIN_S, TARGET = 30, 0.99
"""The objective: this share of the urgent tickets exists within so many seconds."""
STALE_S = 300
"""A process that has not reached its ledger for so long does not hold an alarm up."""
FRESH = f"unless on (job, instance) ticketrelay_ledger_gauges_age_seconds > {STALE_S}"
CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert rule. `holds` is the `for` of the rule."""

    name: str
    expr: str
    severity: str
    holds: str
    summary: str
    description: str
    runbook_url: str
    labels: dict[str, str] = field(default_factory=dict)
    """The labels that the expression leaves, besides `job`."""

    @property
    def annotations(self) -> dict[str, str]:
        return {"summary": self.summary, "description": self.description, "runbook_url": self.runbook_url}

    def rule(self) -> dict[str, Any]:
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.holds,
            "labels": {"severity": self.severity},
            "annotations": self.annotations,
        }


OTHER_SOURCES = {
    LEDGER_AWAY: "ticketrelay:ledger_up:max == 0",
    LEDGER_NOT_WRITABLE: "ticketrelay:ledger_writable:max == 0 and ticketrelay:ledger_up:max == 1",
}
"""The expressions of the alarms that no metric shows, by their names."""


def of_alarms() -> Iterator[Alert]:
    """Yield an alert for each declared alarm. Raises KeyError for an alarm that neither a metric nor a rule knows."""
    for each in sorted(ALARMS.values()):
        expr = f'ticketrelay:alarm:max{{alarm="{each.name}"}} == 1' if each.in_metrics else OTHER_SOURCES[each.name]
        yield Alert(
            camel(each.name),
            expr,
            CRITICAL if each.is_urgent else WARNING,
            "1m" if each.is_urgent else "10m",
            f"Ticketrelay: {each.name.replace('_', ' ')}",
            f"{each.meaning} Check: {each.check} Mend: {each.action}",
            f"{RUNBOOK}#{each.name}",
            {"alarm": each.name} if each.in_metrics else {},
        )


def camel(name: str) -> str:
    """Return the name of an alarm's alert: `dead_letters` is TicketrelayDeadLetters."""
    return "Ticketrelay" + "".join(part.capitalize() for part in name.split("_"))


def of_others() -> Iterator[Alert]:
    """Yield the alerts about the objective, and about processes that cannot report for themselves."""
    yield from _of_the_objective()
    yield from _of_processes()


def _alert(name: str, expr: str, severity: str, holds: str, summary: str, description: str) -> Alert:
    return Alert(name, expr, severity, holds, summary, description, f"{RUNBOOK_OF_OTHERS}#{name.lower()}")


def _of_the_objective() -> Iterator[Alert]:
    yield _alert(
        "TicketrelayUrgentWaits",
        'ticketrelay:undelivered_age_seconds:max{rank="0"} > 60',
        CRITICAL,
        "1m",
        "Ticketrelay: an urgent ticket waits",
        "An urgent create was planned {{ $value | humanizeDuration }} ago, and its ticket does not exist yet.",
    )
    for name, factor, (long, short), severity in BURNS:
        late = f"{factor} * {1 - TARGET:.2f}"
        yield _alert(
            name,
            f"ticketrelay:time_to_ticket_late:ratio_rate{long} > {late}"
            f" and ticketrelay:time_to_ticket_late:ratio_rate{short} > {late}",
            severity,
            "1m",
            "Ticketrelay: too many urgent tickets come late",
            f"In the last {long}, {{{{ $value | humanizePercentage }}}} of the urgent tickets took more than"
            f" {WITHIN_S} s. The objective is {TARGET:.0%} within {WITHIN_S} s.",
        )


def _of_processes() -> Iterator[Alert]:
    yield _alert(
        "TicketrelayProcessDown",
        'max by (job, instance) (up{job=~"ticketrelay.*"}) == 0',
        WARNING,
        "2m",
        "Ticketrelay: {{ $labels.instance }} does not answer",
        "Prometheus cannot read the metrics of this process. The others do its work, if there are any.",
    )
    yield _alert(
        "TicketrelayAbsent",
        "absent(ticketrelay_build_info)",
        CRITICAL,
        "2m",
        "Ticketrelay: no process answers",
        "No process of Ticketrelay shows metrics: none runs, or Prometheus does not reach them.",
    )
    yield _alert(
        "TicketrelayReloadFailed",
        "max by (job, instance) (ticketrelay_config_last_reload_successful) == 0",
        WARNING,
        "1m",
        "Ticketrelay: {{ $labels.instance }} refused new settings",
        "The settings were read again, and are wrong. The process goes on with those that it had.",
    )


BURNS = (
    ("TicketrelayTicketsLateFast", 14.4, ("1h", "5m"), CRITICAL),
    ("TicketrelayTicketsLateSlow", 6, ("6h", "30m"), WARNING),
)
"""Name, multiple of the rate that uses the whole allowance in 30 days, windows, severity."""
WINDOWS = ("5m", "30m", "1h", "6h")


def alerts() -> list[Alert]:
    return [*of_alarms(), *of_others()]


def recorded() -> list[dict[str, str]]:
    """Return the recording rules. Every process shows the gauges of the ledger: `max` makes one value of them."""
    gauges = {
        "ticketrelay:alarm:max": f"max by (job, alarm) (ticketrelay_alarm {FRESH})",
        "ticketrelay:ledger_up:max": "max by (job) (ticketrelay_ledger_up)",
        "ticketrelay:ledger_writable:max": "max by (job) (ticketrelay_ledger_writable)",
        "ticketrelay:undelivered_age_seconds:max": (
            f"max by (job, rank) (ticketrelay_undelivered_age_seconds {FRESH})"
        ),
    }
    of = "ticketrelay_time_to_ticket_seconds"
    objective = {
        f"ticketrelay:time_to_ticket_late:ratio_rate{window}": (
            f'1 - sum by (job) (rate({of}_bucket{{priority="urgent",le="{WITHIN_S}.0"}}[{window}]))'
            f' / sum by (job) (rate({of}_count{{priority="urgent"}}[{window}]))'
        )
        for window in WINDOWS
    }
    return [{"record": name, "expr": expr} for name, expr in (gauges | objective).items()]


def document() -> dict[str, Any]:
    """Return the file of rules."""
    return {
        "groups": [
            # One group: its rules are evaluated in this order, so alerts see what was just recorded.
            {"name": "ticketrelay", "rules": [*recorded(), *(each.rule() for each in alerts())]},
        ]
    }
