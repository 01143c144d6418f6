"""Tests of Sentry's webhooks: their cases, times, content, priorities and signatures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract.events import Event
from connectors.contract.messages import Denied, Inbound, Parsed, UnreadableMessage, Unverified, Verified
from connectors.sentry import CONNECTOR, Settings
from connectors.sentry.issues import ACTIONS
from connectors.toolbox.signatures import hmac_sha256

ARRIVED = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
SENT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
SETTINGS = Settings.model_validate({"secret": "s"})
ISSUE = {"id": "1", "title": "Boom", "level": "error", "firstSeen": "2026-03-02T09:00:00Z"}
EVENT = {"event_id": "e1", "issue_id": 1, "title": "Boom", "datetime": "2026-03-02T11:00:00Z", "level": "warning"}
METRIC = {"id": "7", "date_started": "2026-03-02T10:00:00Z", "alert_rule": {"name": "Slow"}}


def hook(action: Any, data: Any, resource: str | None = None, **headers: str) -> Parsed:
    given = {"sentry-hook-timestamp": "1772452800", "request-id": "r1"} | headers
    if resource is not None:
        given["sentry-hook-resource"] = resource
    body = json.dumps({"action": action, "data": data}).encode()
    return CONNECTOR.parse(Unverified(Inbound("prod", ARRIVED, body, tuple(given.items()))), SETTINGS)


def issue(action: str = "created", headers: dict[str, str] | None = None, **changes: Any) -> Event:
    (only,) = hook(action, {"issue": ISSUE | changes}, "issue", **(headers or {})).events
    return only


def metric(action: str = "critical", **changes: Any) -> Event:
    (only,) = hook(action, {"metric_alert": METRIC | changes}, "metric_alert").events
    return only


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_of_an_issue_becomes_what_the_table_says_of_one_case(action: str) -> None:
    assert (issue(action).kind, issue(action).case_key) == (ACTIONS[action][0].__name__, "issue:1")


def test_an_alert_about_an_event_belongs_to_the_case_of_its_issue() -> None:
    (alert,) = hook("triggered", {"event": EVENT}, "event_alert").events
    assert (alert.case_key, alert.kind) == (issue().case_key, "Opened")
    (again,) = hook("triggered", {"event": EVENT}, "event_alert", **{"request-id": "r2"}).events
    assert again.source_message_id == alert.source_message_id


def test_an_issue_and_a_metric_alert_of_one_number_are_two_cases() -> None:
    assert issue(id="7").case_key != metric().case_key


def test_an_issue_began_when_it_was_first_seen_and_a_regression_when_sentry_told_of_it() -> None:
    assert (issue().occurred_at, issue().started_at) == (SEEN, SEEN)
    assert (issue("resolved").occurred_at, issue("resolved").started_at) == (SENT, SEEN)
    assert (issue("unresolved").occurred_at, issue("unresolved").started_at) == (SENT, SENT)


def test_without_the_time_of_sending_that_of_arrival_counts() -> None:
    assert issue("resolved", {"sentry-hook-timestamp": "soon"}).occurred_at == ARRIVED


def test_a_delivery_that_comes_twice_is_one_message_and_a_second_end_is_another() -> None:
    ids = [issue("resolved", {"request-id": each}).source_message_id for each in ("r1", "r1", "r2")]
    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


def test_counters_and_the_last_event_are_no_content_and_the_assignee_is() -> None:
    plain = issue().content_digest
    assert issue(count="900", lastSeen="2026-03-02T11:59:00Z", userCount=4).content_digest == plain
    assert issue(assignedTo={"name": "Ada"}).content_digest != plain


def test_a_metric_that_goes_from_critical_to_warning_changes_one_message() -> None:
    first, second = metric("critical"), metric("warning")
    assert first.source_message_id == second.source_message_id
    assert first.content_digest != second.content_digest
    assert (first.priority, second.priority) == ("urgent", "medium")


def test_a_metric_ends_when_it_was_closed_and_never_before_it_began() -> None:
    assert metric("resolved", date_closed="2026-03-02T10:30:00Z").occurred_at.hour == 10
    assert metric("resolved").occurred_at == SENT
    early = metric("resolved", date_closed="2026-03-02T09:30:00Z")
    assert early.occurred_at == early.started_at


@pytest.mark.parametrize(
    ("level", "priority", "is_known"),
    [("fatal", "urgent", True), ("ERROR", "high", True), ("debug", "low", True), ("severe", "medium", False)],
)
def test_the_level_makes_the_priority_and_an_unknown_one_is_reported(level: str, priority: str, is_known: bool) -> None:
    parsed = hook("created", {"issue": ISSUE | {"level": level}}, "issue")
    assert parsed.events[0].priority == priority
    assert (parsed.ignored == ()) is is_known


@pytest.mark.parametrize(
    ("resource", "action", "data"),
    [
        ("issue", "created", {"event": EVENT}),
        ("issue", "created", {"issue": ISSUE | {"id": {}}}),
        ("issue", "created", []),
        ("issue", None, {"issue": ISSUE}),
        ("event_alert", "triggered", {"issue": ISSUE}),
        ("event_alert", "triggered", {"event": EVENT | {"datetime": "never"}}),
        ("metric_alert", "critical", {"metric_alert": None}),
        ("metric_alert", "critical", {"metric_alert": METRIC | {"date_started": None}}),
        (None, "created", {"other": 1}),
    ],
)
def test_a_body_that_is_not_what_its_header_says_is_kept_for_a_person(
    resource: str | None, action: Any, data: Any
) -> None:
    with pytest.raises(UnreadableMessage):
        hook(action, data, resource)


@pytest.mark.parametrize("resource", ["installation", "comment", "error", "something-new"])
def test_a_resource_that_nothing_is_done_about_is_reported(resource: str) -> None:
    parsed = hook("created", {}, resource)
    assert (parsed.events, parsed.ignored[0].item) == ((), "Sentry-Hook-Resource")


@pytest.mark.parametrize("resource", ["issue", "event_alert", "metric_alert"])
def test_an_action_that_nothing_is_done_about_is_reported(resource: str) -> None:
    parsed = hook("danced", {"issue": ISSUE, "event": EVENT, "metric_alert": METRIC}, resource)
    assert (parsed.events, parsed.ignored[0].item) == ((), "action")


def test_a_header_that_does_not_fit_its_body_is_named() -> None:
    with pytest.raises(UnreadableMessage, match="Sentry-Hook-Resource"):
        hook("created", {"event": EVENT}, "issue")


def test_without_its_resource_a_body_is_what_it_holds() -> None:
    assert hook("created", {"issue": ISSUE}).events[0].case_key == "issue:1"
    assert hook("warning", {"metric_alert": METRIC}).events[0].case_key == "metric:7"


@pytest.mark.parametrize("wrong", ["", "0" * 64, hmac_sha256(b"t", b"{}").hex(), hmac_sha256(b"s", b"{}").hex()[:-1]])
def test_only_the_hmac_of_this_body_is_a_signature(wrong: str) -> None:
    right = hmac_sha256(b"s", b"{}").hex()

    def verdict(signature: str, body: bytes = b"{}") -> Verified | Denied:
        headers = (("sentry-hook-signature", signature),)
        return CONNECTOR.verify(Inbound("prod", ARRIVED, body, headers), SETTINGS, ARRIVED, {})

    assert isinstance(verdict(right), Verified)
    assert isinstance(verdict(right, b"{ }"), Denied)
    assert isinstance(verdict(wrong), Denied)
