"""The tests of the alert rules for `promtool test rules`: each alert fires, and ends.

Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ (`a+bxn` is a, and n further
samples that grow by b; `_` is a missing sample). There is a sample each minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.mixin.rules import Alert, alerts
from worker.ledger import ALARMS

FROM_5_TO_35 = "0x4 1x30 0x10"
QUIET = "0x46"
OFF_FROM_5_TO_35 = "1x4 0x30 1x10"
BEFORE, DURING, AFTER = "4m", "20m", "42m"
OF_A = 'job="ticketrelay",instance="a"'
OF_B = 'job="ticketrelay",instance="b"'
URGENT = 'ticketrelay_time_to_ticket_seconds_{}{{job="ticketrelay",instance="a",priority="urgent"{}}}'

Series = Mapping[str, str]


def _late(good: str, of: int) -> Series:
    """Return a ticket each minute, and how many of them were in time."""
    return {URGENT.format("bucket", ',le="30.0"'): good, URGENT.format("count", ""): f"0+1x{of}"}


SERIES: Mapping[str, tuple[Series, tuple[str, str, str], dict[str, str], str]] = {
    "TicketrelayLedgerAway": (
        {f"ticketrelay_ledger_up{{{OF_A}}}": OFF_FROM_5_TO_35, f"ticketrelay_ledger_up{{{OF_B}}}": OFF_FROM_5_TO_35},
        (BEFORE, DURING, AFTER), {"job": "ticketrelay"}, "",
    ),
    "TicketrelayUrgentWaits": (
        {f'ticketrelay_undelivered_age_seconds{{{OF_A},rank="0"}}': "0x4 60+60x30 0x10"},
        (BEFORE, DURING, AFTER), {"job": "ticketrelay", "rank": "0"}, "16m 0s",
    ),
    "TicketrelayTicketsLateFast": (
        _late("0+1x60 60+0x19 61+1x39", 120), ("50m", "75m", "95m"), {"job": "ticketrelay"}, "25%",
    ),
    "TicketrelayTicketsLateSlow": (
        _late("0+1x400 400.9+0.9x399 761+1x199", 1000), ("390m", "780m", "900m"), {"job": "ticketrelay"}, "10%",
    ),
    "TicketrelayLedgerNotWritable": (
        {f"ticketrelay_ledger_up{{{OF_A}}}": "1x46", f"ticketrelay_ledger_writable{{{OF_A}}}": OFF_FROM_5_TO_35},
        (BEFORE, DURING, AFTER), {"job": "ticketrelay"}, "",
    ),
    "TicketrelayProcessDown": (
        {f"up{{{OF_A}}}": OFF_FROM_5_TO_35, f"up{{{OF_B}}}": "1x46"},
        (BEFORE, DURING, AFTER), {"job": "ticketrelay", "instance": "a"}, "",
    ),
    "TicketrelayAbsent": (
        {f"ticketrelay_build_info{{{OF_A}}}": "1x4 stale _x29 1x10"}, (BEFORE, DURING, AFTER), {}, "",
    ),
    "TicketrelayReloadFailed": (
        {f"ticketrelay_config_last_reload_successful{{{OF_A}}}": OFF_FROM_5_TO_35},
        (BEFORE, DURING, AFTER), {"job": "ticketrelay", "instance": "a"}, "",
    ),
}  # fmt: skip
"""For the alerts that no alarm of the metrics causes: the series, the times, the labels and the value in words."""


def document() -> dict[str, Any]:
    """Return the file of tests."""
    return {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [*(_case(each) for each in alerts()), _stale_case()],
    }


def _case(alert: Alert) -> dict[str, Any]:
    """Return the test of one alert. Raises KeyError for an alert without series."""
    if name := alert.labels.get("alarm"):
        series: Series = {
            f'ticketrelay_alarm{{{OF_A},alarm="{name}"}}': FROM_5_TO_35,
            f'ticketrelay_alarm{{{OF_B},alarm="{name}"}}': QUIET,
        }
        times, labels, value = (BEFORE, DURING, AFTER), {"job": "ticketrelay", "alarm": name}, ""
    else:
        series, times, labels, value = SERIES[alert.name]
    return _test(alert, series, times, labels, value)


def _test(
    alert: Alert, series: Series, times: tuple[str, str, str], labels: dict[str, str], value: str
) -> dict[str, Any]:
    fires = {
        "exp_labels": {"severity": alert.severity, **labels},
        "exp_annotations": {key: _written(text, labels, value) for key, text in alert.annotations.items()},
    }
    before, during, after = times
    return {
        "name": f"{alert.name} fires, and ends",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": at, "alertname": alert.name, "exp_alerts": [fires] if at == during else []}
            for at in (before, during, after)
        ],
    }


def _written(text: str, labels: Mapping[str, str], value: str) -> str:
    """Return an annotation as Prometheus writes it."""
    for template in ("{{ $value | humanizeDuration }}", "{{ $value | humanizePercentage }}"):
        text = text.replace(template, value)
    for name, label in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", label)
    return text


def _stale_case() -> dict[str, Any]:
    """Return the test that a process without its ledger does not hold an alarm up."""
    name = next(each.name for each in ALARMS.values() if each.in_metrics and each.is_urgent)
    alert = next(each for each in alerts() if each.labels.get("alarm") == name)
    series = {
        f'ticketrelay_alarm{{{OF_A},alarm="{name}"}}': "1x46",
        f"ticketrelay_ledger_gauges_age_seconds{{{OF_A}}}": "0x20 60+60x25",
        f'ticketrelay_alarm{{{OF_B},alarm="{name}"}}': QUIET,
        f"ticketrelay_ledger_gauges_age_seconds{{{OF_B}}}": QUIET,
    }
    case = _test(alert, series, ("0m", DURING, AFTER), {"job": "ticketrelay", "alarm": name}, "")
    return case | {"name": "A process that does not reach its ledger does not hold an alarm up"}
