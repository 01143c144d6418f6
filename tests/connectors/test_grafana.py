"""Tests of Grafana's alerts: their cases, their content, and their signature."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract.events import Event
from connectors.contract.messages import Denied, Inbound, Parsed, Unverified, Verified
from connectors.grafana import CONNECTOR, Settings

NOW = datetime(2026, 4, 2, 6, 0, tzinfo=UTC)
SIGNED = {"signed": True, "timestamp_header": "X-Stamp"}


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"secret": "s"} | changes)


def alert(**changes: Any) -> dict[str, Any]:
    """Return a firing alert; a change to `...` removes the field."""
    whole = {
        "status": "firing",
        "labels": {"alertname": "Slow"},
        "annotations": {"summary": "It is slow"},
        "startsAt": "2026-04-02T05:00:00Z",
        "fingerprint": "f00d",
        "orgId": 1,
    }
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def parse(*alerts: Any, **root: Any) -> Parsed:
    body = json.dumps({"alerts": list(alerts)} | root).encode()
    return CONNECTOR.parse(Unverified(Inbound("prod", NOW, body)), settings())


def event(root: dict[str, Any] | None = None, **changes: Any) -> Event:
    (only,) = parse(alert(**changes), **(root or {})).events
    return only


def test_one_fingerprint_in_two_organizations_is_two_cases() -> None:
    assert [event(orgId=org).case_key for org in (1, 2)] == ["1:f00d", "2:f00d"]


def test_an_older_grafana_that_names_the_organization_at_the_root_means_the_same_case() -> None:
    assert event({"orgId": 1}, orgId=...).case_key == event(orgId=1).case_key


@pytest.mark.parametrize("org", [..., None, "1", True, 1.5, [1]])
def test_an_alert_of_no_known_organization_is_not_guessed_into_one(org: object) -> None:
    parsed = parse(alert(orgId=org), alert(fingerprint="beef"))
    assert [each.case_key for each in parsed.events] == ["1:beef"]
    assert parsed.unreadable[0].reason.startswith("alerts[0].orgId is ")


def test_values_links_and_what_grafana_keeps_for_itself_are_no_content() -> None:
    first = event(values={"B": 1}, panelURL="http://a", silenceURL="http://a", dashboardURL="http://a")
    second = event(
        values={"B": 2.5, "C": None},
        valueString="[ var='B' ]",
        panelURL="http://b",
        annotations={"summary": "It is slow", "__value_string__": "2.5", "__dashboardUid__": "x"},
        labels={"alertname": "Slow", "__alert_rule_uid__": "u"},
    )
    assert (first.content_digest, first.source_message_id) == (second.content_digest, second.source_message_id)
    assert "  B: 2.5" in second.text
    assert "__" not in second.text
    assert event(annotations={"summary": "It is slower"}).content_digest != first.content_digest


@pytest.mark.parametrize("values", [None, {}, [], "B=1", {"B": {"deep": 1}}])
def test_values_that_are_none_or_odd_are_left_out(values: object) -> None:
    assert "Values" not in event(values=values).text


@pytest.mark.parametrize(
    ("labels", "subject"),
    [
        ({"alertname": "DatasourceNoData", "rulename": "Slow"}, "No data (Slow): It is slow"),
        ({"alertname": "DatasourceNoData"}, "No data: It is slow"),
        ({"alertname": "DatasourceError", "rulename": "Slow"}, "The query failed (Slow): It is slow"),
        ({"alertname": "Datasource"}, "It is slow"),
    ],
)
def test_an_alert_about_the_rule_itself_does_not_claim_what_its_summary_does(
    labels: dict[str, str], subject: str
) -> None:
    assert event(labels=labels).subject == subject


def test_the_words_of_a_failing_query_change_nothing_and_those_of_an_alert_do() -> None:
    def digests(name: str) -> int:
        answers = [event(labels={"alertname": name}, annotations={"Error": f"request {n}"}) for n in range(3)]
        return len({each.content_digest for each in answers})

    assert digests("DatasourceError") == 1
    assert digests("Slow") == 3


def inbound(headers: dict[str, str], body: bytes = b"{}") -> Inbound:
    return Inbound("prod", NOW, body, tuple((name.lower(), value) for name, value in headers.items()))


@pytest.mark.parametrize("timestamp_header", ["X-Stamp", None])
def test_a_signature_is_of_this_body_and_secret_only(timestamp_header: str | None) -> None:
    signed = settings(signed=True, timestamp_header=timestamp_header)
    headers = CONNECTOR.sign(b"{}", signed, NOW)
    assert isinstance(CONNECTOR.verify(inbound(headers), signed, NOW, {}), Verified)
    assert isinstance(CONNECTOR.verify(inbound(headers, b"{ }"), signed, NOW, {}), Denied)
    others = settings(secret="other", signed=True, timestamp_header=timestamp_header)
    assert isinstance(CONNECTOR.verify(inbound(headers), others, NOW, {}), Denied)


def test_the_signature_that_grafana_makes_is_accepted() -> None:
    """The expected value was computed with openssl: `printf '1775109600:{}' | openssl dgst -sha256 -hmac s`."""
    headers = {"X-Stamp": "1775109600", "X-Grafana-Alerting-Signature": VECTOR}
    assert isinstance(CONNECTOR.verify(inbound(headers), settings(**SIGNED), NOW, {}), Verified)


VECTOR = "90a214569329ff63ba33638d13f027fbe42edaf5a6863e85762ac04db711850b"


@pytest.mark.parametrize(("age", "accepted"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_signature_with_a_timestamp_is_good_for_five_minutes(age: int, accepted: bool) -> None:
    headers = CONNECTOR.sign(b"{}", settings(**SIGNED), NOW - timedelta(seconds=age))
    verdict = CONNECTOR.verify(inbound(headers), settings(**SIGNED), NOW, {})
    assert isinstance(verdict, Verified if accepted else Denied)


def test_another_timestamp_under_the_same_signature_is_denied() -> None:
    headers = CONNECTOR.sign(b"{}", settings(**SIGNED), NOW)
    assert isinstance(
        CONNECTOR.verify(inbound(headers | {"X-Stamp": "1775109601"}), settings(**SIGNED), NOW, {}), Denied
    )


def test_where_a_signature_is_wanted_the_secret_itself_is_not_enough() -> None:
    bearer = CONNECTOR.sign(b"{}", settings(), NOW)
    assert isinstance(CONNECTOR.verify(inbound(bearer), settings(signed=True), NOW, {}), Denied)
    assert isinstance(CONNECTOR.verify(inbound(bearer), settings(), NOW, {}), Verified)


@pytest.mark.parametrize(
    "changes",
    [{"timestamp_header": "X-Stamp"}, {"signed": True, "username": "u"}, {"signed": True, "signature_header": "a b"}],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)
