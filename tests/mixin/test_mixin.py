"""The rules, their tests and the dashboard are those that the code makes, and name only what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # see worker/settings/document.py

from tests.limits import ROOT
from tests.mixin.expressions import grouped, used
from tests.mixin.files import FOLDER, files
from tests.mixin.rules import BASE, alerts, camel, recorded
from worker.ledger import ALARMS
from worker.runtime.metrics import DECLARED, OF_THE_PROCESS

OF_PROMETHEUS = {"job", "instance", "le"}
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def known() -> dict[str, set[str]]:
    """Return the labels of each series that a query can name."""
    series = {
        each.full_name + suffix: {*each.labels, *OF_PROMETHEUS}
        for each in DECLARED.values()
        for suffix in SUFFIXES[each.type]
    }
    of_others = {name: set(OF_PROMETHEUS) for name in (*OF_THE_PROCESS, "up")}
    return series | of_others | {each["record"]: grouped(each["expr"]) for each in recorded()}


def expressions() -> Iterator[str]:
    for rule in yaml.safe_load((FOLDER / "rules.yaml").read_text())["groups"][0]["rules"]:
        yield rule["expr"]
    for panel in dashboard()["panels"]:
        yield from (each["expr"] for each in panel.get("targets", []))
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield re.sub(r"label_values\((\w+), (\w+)\)", r"count by (\2) (\1)", variable["query"])


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
    return read


def test_the_committed_files_are_those_that_the_code_makes() -> None:
    for name, text in files().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run `python3 dev.py mixin`"


def test_rules_and_dashboard_name_only_metrics_and_labels_that_exist() -> None:
    labels, wrong = known(), []
    for expression in expressions():
        for metric, asked in used(expression):
            if metric not in labels:
                wrong.append(f"{metric} in {expression}")
            else:
                wrong += [f"{metric}{{{each}}}" for each in asked - labels[metric]]
                wrong += [
                    f"{each} of {metric} in {expression}"
                    for each in grouped(expression) - labels[metric] - {"job", "instance", "le"}
                    if len(list(used(expression))) == 1
                ]
    assert wrong == []


def test_each_alarm_has_a_rule_with_its_severity_and_a_test() -> None:
    written = yaml.safe_load((FOLDER / "rules.yaml").read_text())["groups"][0]["rules"]
    severities = {each["alert"]: each["labels"]["severity"] for each in written if "alert" in each}
    for alarm in ALARMS.values():
        assert severities[camel(alarm.name)] == ("critical" if alarm.is_urgent else "warning"), alarm.name


def test_each_alert_is_tested_to_fire_and_to_end() -> None:
    tests = yaml.safe_load((FOLDER / "rules_test.yaml").read_text())["tests"]
    shown: dict[str, list[bool]] = {}
    for test in tests:
        for each in test["alert_rule_test"]:
            shown.setdefault(each["alertname"], []).append(bool(each["exp_alerts"]))
    assert {name: fired[:3] for name, fired in shown.items()} == {each.name: [False, True, False] for each in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda each: each.name)
def test_each_alert_links_to_a_section_that_tells_symptom_check_and_mend(alert: Any) -> None:
    page, _, anchor = alert.runbook_url.removeprefix(f"{BASE}/").partition("#")
    sections = re.split(r"^## ", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [each for each in sections if each.partition("\n")[0].strip().lower() == anchor]
    parts = re.findall(r"\*\*(Symptom|Check|Mend(?: \([a-z, ]+\))?)\.\*\* *(\S*)", section)
    assert [(name.split(" ")[0], bool(text)) for name, text in parts] == [
        ("Symptom", True),
        ("Check", True),
        ("Mend", True),
    ]


def test_the_dashboard_has_a_row_for_each_question() -> None:
    rows = [each["title"] for each in dashboard()["panels"] if each["type"] == "row"]
    assert rows == ["Flow", "Objective", "Budget", "Queue", "Intake", "Alarms", "Processes"]
