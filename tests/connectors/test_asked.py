"""Tests of asking Alertmanager and Grafana for their current alerts, and of reading the responses."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors import connector
from connectors.contract.connector import Ask, Asking
from connectors.contract.messages import Inbound, UnreadableMessage, Unverified

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
BASE = {"secret": "s", "api_url": "http://am.example.net:9093"}
AM = "alertmanager"
GRAFANA = "grafana"
both = pytest.mark.parametrize("kind", [AM, GRAFANA])


def asking(kind: str) -> Asking[Any]:
    found = connector(kind).asking
    assert found is not None
    return found


def settings(kind: str, **changes: Any) -> Any:
    given = {name: value for name, value in (BASE | changes).items() if value is not None}
    return connector(kind).settings.model_validate(given)


def asked(kind: str, **changes: Any) -> Ask:
    found = asking(kind).request(settings(kind, **changes))
    assert found is not None
    return found


def item(**changes: Any) -> dict[str, Any]:
    """Return an alert as API v2 lists it; a change to `...` removes the field."""
    whole = {
        "labels": {"alertname": "DiskFull", "instance": "db1"},
        "annotations": {},
        "startsAt": "2026-03-14T02:00:00.000Z",
        "updatedAt": "2026-03-14T02:59:00.000Z",
        "endsAt": "2026-03-14T03:03:00.000Z",
        "fingerprint": "f00d",
        "receivers": [{"name": "tickets"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def listed(kind: str, *alerts: Any, **changes: Any) -> frozenset[str]:
    return asking(kind).listed(json.dumps(alerts).encode(), settings(kind, **changes))


def told_as(kind: str, alert: dict[str, Any]) -> str:
    """Return the case key of the same alert when it arrives by the product's webhook."""
    body = json.dumps({"orgId": 1, "alerts": [alert | {"status": "firing"}]}).encode()
    (event,) = connector(kind).parse(Unverified(Inbound("prod", NOW, body)), settings(kind)).events
    return event.case_key


@both
def test_without_an_address_nothing_is_asked(kind: str) -> None:
    assert asking(kind).request(settings(kind, api_url=None)) is None


@pytest.mark.parametrize(
    ("kind", "base", "url"),
    [
        (AM, "http://am:9093", "http://am:9093/api/v2/alerts"),
        (AM, "https://mimir.example.net/alertmanager/", "https://mimir.example.net/alertmanager/api/v2/alerts"),
        (GRAFANA, "https://g.example.net/grafana", "https://g.example.net/grafana/api/alertmanager/grafana/api/v2/alerts"),
    ],
)  # fmt: skip
def test_the_alerts_are_asked_for_below_the_address(kind: str, base: str, url: str) -> None:
    assert asked(kind, api_url=base).url == url


@both
def test_the_question_proves_itself_with_a_token_or_a_password(kind: str) -> None:
    assert "Authorization" not in asked(kind).headers
    assert asked(kind, api_token="glsa_x").headers["Authorization"] == "Bearer glsa_x"
    basic = asked(kind, api_username="relay", api_password="pässword").headers["Authorization"]
    assert basic == "Basic " + b64encode("relay:pässword".encode()).decode()


@both
def test_a_question_says_how_often_it_is_asked_and_shows_no_secret(kind: str) -> None:
    question = asked(kind, api_token="glsa_x", confirm_every="30s", confirm_grace="5m")
    assert (question.every, question.grace) == (30.0, 300.0)
    assert "glsa_x" not in repr(question)
    assert (asked(kind).every, asked(kind).grace) == (60.0, 900.0)


def test_grafana_is_asked_as_one_organization_and_answers_for_it_alone() -> None:
    assert asked(GRAFANA, org_id=3).headers["X-Grafana-Org-Id"] == "3"
    answers = [asking(GRAFANA).answers_for(key, settings(GRAFANA, org_id=3)) for key in ("3:f00d", "1:f00d", "33:f00d")]
    assert answers == [True, False, False]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"api_url": "ftp://am"}, "http"),
        ({"api_url": "http://relay:x@am"}, "must hold no name or password"),
        ({"api_url": "http://am/?x=1"}, "must end before ?"),
        ({"api_url": "http://am/#alerts"}, "must end before ?"),
        ({"api_username": "relay"}, "give both or neither"),
        ({"api_password": "x"}, "give both or neither"),
        ({"api_token": "x", "api_username": "relay", "api_password": "x"}, "give either api_token or api_username"),
        ({"api_url": None, "api_token": "x"}, "api_url: is missing"),
        ({"api_token": "a\r\nb"}, "visible ASCII"),
        ({"api_token": "schlüssel"}, "visible ASCII"),
        ({"api_token": "  "}, "must not be blank"),
        ({"confirm_every": 60, "confirm_grace": 119}, "at least twice confirm_every (60)"),
        ({"confirm_every": "500ms"}, "greater than or equal to 1"),
    ],
)
@both
def test_settings_that_do_not_hold_together_are_refused(kind: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        settings(kind, **changes)
    assert said in str(refused.value)


@pytest.mark.parametrize("state", ["active", "suppressed", "unprocessed"])
@both
def test_an_alert_goes_on_whatever_its_state(kind: str, state: str) -> None:
    alert = item(status={"state": state, "silencedBy": ["1"], "inhibitedBy": []})
    assert told_as(kind, alert) in listed(kind, alert)


@both
def test_an_alert_counts_by_fingerprint_and_by_labels(kind: str) -> None:
    keys = listed(kind, item())
    assert told_as(kind, item()) in keys
    assert told_as(kind, item(fingerprint=...)) in keys
    assert len(keys) == 2
    assert listed(kind, item(fingerprint=...)) < keys


def test_labels_that_grafana_keeps_to_itself_do_not_count() -> None:
    labels = {"alertname": "Slow", "__alert_rule_uid__": "u1"}
    assert listed(GRAFANA, item(fingerprint=..., labels=labels)) == listed(
        GRAFANA, item(fingerprint=..., labels={"alertname": "Slow"})
    )


@both
def test_an_empty_list_is_an_answer(kind: str) -> None:
    assert listed(kind) == frozenset()


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b'{"message": "Unauthorized"}', b'"x"', b"[", b"[" * 100_000, b"\xff", b"[NaN]"],
)
@both
def test_what_is_no_list_is_no_answer(kind: str, body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        asking(kind).listed(body, settings(kind))


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        [],
        {},
        item(fingerprint=..., labels={}),
        item(fingerprint=7),
        item(labels={"a": []}),
        item(labels=7),
    ],
)
@both
def test_one_alert_that_cannot_be_told_makes_the_answer_unreadable(kind: str, broken: object) -> None:
    with pytest.raises(UnreadableMessage, match=r"alerts\[1\]"):
        listed(kind, item(), broken)


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(
    labels=st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), min_size=1, max_size=4),
    fingerprint=st.one_of(st.just(...), st.text(alphabet="0123456789abcdef", min_size=1, max_size=16)),
)
def test_whatever_the_webhook_calls_an_alert_the_list_calls_it_too(labels: dict[str, str], fingerprint: Any) -> None:
    for kind in (AM, GRAFANA):
        alert = item(labels=labels, fingerprint=fingerprint)
        if kind == GRAFANA and fingerprint is ... and all(asking_hides(name) for name in labels):
            continue
        assert told_as(kind, alert) in listed(kind, alert)


def asking_hides(label: str) -> bool:
    return label.startswith("__") and label.endswith("__")
