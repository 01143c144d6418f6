"""The dashboard for Grafana.

Format: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

JOB = 'job=~"$job"'
WIDTH, HEIGHT, IN_A_ROW = 8, 8, 3


class Panel(NamedTuple):
    """A panel: the expressions with their legends. `unit` is a name of Grafana's."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    type: str = "timeseries"


def _rate(counter: str, by: str, selector: str = "") -> str:
    inside = ",".join(each for each in (JOB, selector) if each)
    return f"sum by ({by}) (rate({counter}{{{inside}}}[$__rate_interval]))"


def _of_ledger(gauge: str, by: str = "", selector: str = "") -> str:
    """Return a gauge that every process shows with the same value."""
    inside = ",".join(each for each in (JOB, selector) if each)
    return f"max by ({by}) ({gauge}{{{inside}}})" if by else f"max({gauge}{{{inside}}})"


def _quantile(share: float, histogram: str, by: str = "") -> str:
    grouped = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({grouped}) (rate({histogram}_bucket{{{JOB}}}[$__rate_interval])))"


ROWS: dict[str, Sequence[Panel]] = {
    "Flow": (
        Panel("Deliveries", [(_rate("ticketrelay_inbound_total", "outcome"), "{{outcome}}")], "reqps"),
        Panel("Calls to the Tickets API", [(_rate("ticketrelay_attempts_total", "outcome"), "{{outcome}}")], "reqps"),
        Panel("Time of a call", [
            (_quantile(0.5, "ticketrelay_api_call_seconds", "kind"), "median, {{kind}}"),
            (_quantile(0.95, "ticketrelay_api_call_seconds", "kind"), "95%, {{kind}}"),
        ], "s"),
    ),
    "Objective": (
        Panel("Time to ticket, urgent", [
            (f'histogram_quantile({share}, sum by (le) (rate(ticketrelay_time_to_ticket_seconds_bucket{{{JOB},'
             'priority="urgent"}[$__rate_interval])))', words)
            for share, words in ((0.5, "median"), (0.95, "95%"), (0.99, "99%"))
        ], "s"),
        Panel("Late urgent tickets", [
            (f"ticketrelay:time_to_ticket_late:ratio_rate{window}{{{JOB}}}", window) for window in ("5m", "1h", "6h")
        ], "percentunit"),
        Panel("Oldest undelivered operation", [
            (_of_ledger("ticketrelay_undelivered_age_seconds", "rank"), "rank {{rank}}"),
        ], "s"),
    ),
    "Budget": (
        Panel("Requests of the last minute", [
            (_of_ledger("ticketrelay_budget_used", "rank"), "rank {{rank}}"),
            (_of_ledger("ticketrelay_budget_granted"), "granted"),
            (_of_ledger("ticketrelay_budget_limit"), "limit"),
        ]),
        Panel("Cases that wait for the budget", [
            (_of_ledger("ticketrelay_budget_waiting", "rank"), "rank {{rank}}"),
        ]),
        Panel("Failures in a row", [(_of_ledger("ticketrelay_failures_in_a_row"), "failures")]),
    ),
    "Queue": (
        Panel("Cases", [(_of_ledger("ticketrelay_cases", "state", 'state!="idle"'), "{{state}}")]),
        Panel("Operations that wait", [(_of_ledger("ticketrelay_operations_open", "kind"), "{{kind}}")]),
        Panel("Dead letters and quarantine", [
            (_of_ledger("ticketrelay_dead_letters"), "dead"),
            (_of_ledger("ticketrelay_quarantined"), "quarantined"),
        ]),
    ),
    "Intake": (
        Panel("Time to commit", [
            (_quantile(0.5, "ticketrelay_intake_seconds"), "median"),
            (_quantile(0.99, "ticketrelay_intake_seconds"), "99%"),
        ], "s"),
        Panel("Events", [(_rate("ticketrelay_events_total", "sighting"), "{{sighting}}")], "reqps"),
        Panel("Refused requests", [(_rate("ticketrelay_denied_total", "reason"), "{{reason}}")], "reqps"),
    ),
    "Alarms": (
        Panel("Alarms that are up", [(f"ticketrelay:alarm:max{{{JOB}}} == 1", "{{alarm}}")], type="table"),
        Panel("Ledger", [
            (_of_ledger("ticketrelay_ledger_up"), "can be read"),
            (_of_ledger("ticketrelay_ledger_writable"), "can be written"),
        ]),
        Panel("Since the last success", [
            (f"time() - {_of_ledger('ticketrelay_last_success_timestamp_seconds')}", "seconds"),
        ], "s"),
    ),
    "Processes": (
        Panel("Versions", [
            (f"count by (version) (ticketrelay_build_info{{{JOB}}})", "{{version}}"),
        ]),
        Panel("Memory", [(f"process_resident_memory_bytes{{{JOB}}}", "{{instance}}")], "bytes"),
        Panel("CPU", [(f"rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval])", "{{instance}}")], "percentunit"),
    ),
}  # fmt: skip


def document() -> dict[str, Any]:
    """Return the dashboard."""
    panels: list[dict[str, Any]] = []
    y = 0
    for row, inside in ROWS.items():
        panels.append({"type": "row", "title": row, "collapsed": False, "panels": [], "gridPos": _place(0, y, 24, 1)})
        for number, each in enumerate(inside):
            at = _place(number % IN_A_ROW * WIDTH, y + 1 + number // IN_A_ROW * HEIGHT, WIDTH, HEIGHT)
            panels.append(_panel(each) | {"gridPos": at})
        y += 1 + -(-len(inside) // IN_A_ROW) * HEIGHT
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
    return {
        "title": "Ticketrelay",
        "uid": "ticketrelay",
        "tags": ["ticketrelay"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_DATA_SOURCE, _JOBS]},
        "panels": panels,
    }


_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_DATA_SOURCE = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
_JOBS = {
    "name": "job", "label": "Job", "type": "query", "datasource": _SOURCE, "includeAll": True, "multi": True,
    "refresh": 2, "query": "label_values(ticketrelay_build_info, job)",
    "current": {"text": "All", "value": "$__all"},
}  # fmt: skip


def _panel(panel: Panel) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
        | ({"format": "table", "instant": True} if panel.type == "table" else {})
        for number, (expr, legend) in enumerate(panel.queries)
    ]
    return {
        "type": panel.type,
        "title": panel.title,
        "datasource": _SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {},
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}
