"""Tests of the proof of SNS messages, and of reading CloudWatch's alarms."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from connectors.cloudwatch import CONNECTOR, Settings
from connectors.cloudwatch.alarms import STATES
from connectors.contract.events import Event
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, UnreadableMessage, Unverified, Verified
from tests.connectors.sealing import CERTIFICATE_URL, ENVELOPE, KEYS, TOPIC, certificate, sealed

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
SETTINGS = Settings.model_validate({"topics": f" {TOPIC}, {TOPIC}-two"})
TAMPERED = "Signature does not match the message: it was changed on its way, or did not come from Amazon SNS"
CONFIRM = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
ALARM = {
    "AlarmName": "queue",
    "AlarmArn": "arn:queue",
    "NewStateValue": "ALARM",
    "StateChangeTime": "2026-03-14T02:00:00.5+0000",
}
BRIDGE = {
    "detail-type": "CloudWatch Alarm State Change",
    "resources": ["arn:queue"],
    "detail": {"alarmName": "queue", "state": {"value": "ALARM", "timestamp": "2026-03-14T02:00:00.5+0000"}},
}


def envelope(**changes: Any) -> dict[str, Any]:
    whole = ENVELOPE | changes
    return {key: value for key, value in whole.items() if value is not ...}


def subscription(**changes: Any) -> dict[str, Any]:
    return envelope(Type="SubscriptionConfirmation", Token="1", SubscribeURL=CONFIRM, **changes)


def inbound(document: dict[str, Any], headers: tuple[tuple[str, str], ...] = (), query: str = "") -> Inbound:
    return Inbound("prod", NOW, json.dumps(document).encode(), headers, query)


def signed(document: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(sealed("cloudwatch", json.dumps(document).encode())))


def verdict(document: dict[str, Any], keys: Keys = KEYS, settings: Settings = SETTINGS, **more: Any) -> str:
    """Return `Verified`, or the reason of the denial."""
    found = CONNECTOR.verify(inbound(document, **more), settings, NOW, keys)
    return found.reason if isinstance(found, Denied) else type(found).__name__


def parse(message: Any, **changes: Any) -> Parsed:
    text = message if isinstance(message, str) else json.dumps(message)
    return CONNECTOR.parse(Unverified(inbound(envelope(Message=text, **changes))), SETTINGS)


def event(message: dict[str, Any]) -> Event:
    (only,) = parse(message).events
    return only


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [..., "ALARM: queue", ""])
def test_a_message_that_sns_signed_is_verified_whatever_the_version(version: str, subject: Any) -> None:
    assert verdict(signed(envelope(SignatureVersion=version, Subject=subject))) == "Verified"
    assert verdict(signed(subscription(SignatureVersion=version))) == "Verified"


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp"])
def test_whatever_is_changed_afterwards_breaks_the_signature(field: str) -> None:
    whole = signed(envelope(Subject="s"))
    assert verdict(whole) == "Verified"
    assert verdict(whole | {field: "other"}) == TAMPERED


def test_what_a_subscription_is_confirmed_by_is_signed_too() -> None:
    whole = signed(subscription())
    assert verdict(whole | {"SubscribeURL": CONFIRM + "2"}) == TAMPERED
    assert verdict(whole | {"Type": "Notification"}) == TAMPERED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TopicArn": TOPIC + "-three"}, "topic"),
        ({"TopicArn": ...}, "topic"),
        ({"Type": "Message"}, "raw message delivery"),
        ({"Type": ["Notification"]}, "raw message delivery"),
        ({"SignatureVersion": "3"}, "SignatureVersion"),
        ({"SignatureVersion": 1}, "SignatureVersion"),
        ({"Signature": "not Base64!"}, "Base64"),
        ({"Signature": ...}, "does not match"),
        ({"Message": 7}, "missing"),
        ({"Message": ...}, "missing"),
    ],
)
def test_what_is_malformed_is_denied_with_a_reason(changes: dict[str, Any], why: str) -> None:
    document = signed(envelope()) | changes
    assert why in verdict({key: value for key, value in document.items() if value is not ...})


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com:444/SimpleNotificationService-1.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns-bucket.s3.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.x.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem?x",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem\n",
        "HTTPS://SNS.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_neither_wanted_nor_accepted(url: str) -> None:
    document = signed(envelope(SigningCertURL=url))
    assert (
        verdict(document, {url: KEYS[CERTIFICATE_URL]})
        == "SigningCertURL is not an address of Amazon SNS: expected its certificate"
    )
    assert CONNECTOR.outside is not None
    assert CONNECTOR.outside.keys(inbound(document), SETTINGS) == ()


def test_the_certificate_of_china_is_wanted_too_and_none_for_what_is_denied_anyway() -> None:
    assert CONNECTOR.outside is not None
    url = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"
    assert CONNECTOR.outside.keys(inbound(envelope(SigningCertURL=url)), SETTINGS) == (url,)
    assert CONNECTOR.outside.keys(inbound(envelope(TopicArn="arn:other")), SETTINGS) == ()
    with_secret = Settings.model_validate({"topics": TOPIC, "secret": "s"})
    assert CONNECTOR.outside.keys(inbound(envelope()), with_secret) == ()


def test_only_a_certificate_of_today_with_an_rsa_key_counts() -> None:
    day = timedelta(days=1)
    old, early = certificate(NOW - 3 * day, NOW - day), certificate(NOW + day, NOW + 2 * day)
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = elliptic.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for pem in (old, early):
        assert "not valid yet" in verdict(signed(envelope()), {CERTIFICATE_URL: pem})
    ahead = (NOW + timedelta(days=1.5)).isoformat()
    assert "not valid yet" in verdict(signed(envelope(Timestamp=ahead)), {CERTIFICATE_URL: early})
    for junk in (key, b"", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"):
        assert "cannot be read" in verdict(signed(envelope()), {CERTIFICATE_URL: junk})
    assert verdict(signed(envelope()), {}) == "the certificate at SigningCertURL could not be fetched"


@pytest.mark.parametrize("make", [envelope, subscription], ids=["notification", "subscription"])
@pytest.mark.parametrize(("age", "is_late"), [(7200, False), (7201, True), (40 * 86400, True), (-300, False)])
def test_a_message_that_sns_sent_more_than_two_hours_ago_is_authentic_and_late(
    make: Callable[..., dict[str, Any]], age: int, is_late: bool
) -> None:
    sent = (NOW - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    found = CONNECTOR.verify(inbound(signed(make(Timestamp=sent))), SETTINGS, NOW, KEYS)
    assert isinstance(found, Verified)
    assert (found.late is not None) is is_late
    assert found.late is None or ("Timestamp" in found.late and sent[:19] in found.late)


def test_a_late_message_is_verified_with_the_certificate_that_was_valid_when_it_was_sent() -> None:
    day = timedelta(days=1)
    keys = {CERTIFICATE_URL: certificate(NOW - 3 * day, NOW - day)}
    sent = (NOW - 2 * day).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    found = CONNECTOR.verify(inbound(signed(envelope(Timestamp=sent))), SETTINGS, NOW, keys)
    assert isinstance(found, Verified)
    assert found.late is not None


@pytest.mark.parametrize("sent", ["", "yesterday", "2026-03-14", "9999-99-99T00:00:00Z"])
def test_a_signed_message_whose_time_cannot_be_read_is_left_to_a_person(sent: str) -> None:
    found = CONNECTOR.verify(inbound(signed(envelope(Timestamp=sent))), SETTINGS, NOW, KEYS)
    assert isinstance(found, Verified)
    assert found.late is not None
    assert "Timestamp" in found.late


def test_raw_delivery_is_denied_with_what_to_do() -> None:
    raw = (("x-amz-sns-rawdelivery", "true"),)
    assert "switch it off" in verdict(signed(envelope()), headers=raw)
    assert "switch raw message delivery off" in verdict(ALARM)


@pytest.mark.parametrize(
    "forged", [{"Records": []}, {"AlarmName": "queue"}, {"detail-type": "CloudWatch Alarm State Change"}]
)
def test_what_stands_beside_the_signed_fields_is_never_read(forged: dict[str, Any]) -> None:
    alarm = json.dumps(ALARM)
    if "Records" in forged:
        forged = {"Records": [{"Sns": envelope(Message=alarm.replace("queue", "forged"))}]}
    whole = signed(envelope(Message=alarm)) | forged
    verified = CONNECTOR.verify(inbound(whole), SETTINGS, NOW, KEYS)
    assert isinstance(verified, Verified)
    (only,) = CONNECTOR.parse(verified, SETTINGS).events
    assert only.subject.startswith("queue")


def test_one_record_of_a_function_that_is_broken_takes_no_other_with_it() -> None:
    alarm = json.dumps(ALARM)
    document = {"Records": [{"Sns": 7}, {"Sns": envelope(Message=alarm)}]}
    parsed = CONNECTOR.parse(Unverified(inbound(document)), SETTINGS)
    assert [each.kind for each in parsed.events] == ["Opened"]
    assert [each.item for each in parsed.unreadable] == ["Records[0]"]


def test_where_a_secret_is_set_the_signature_alone_is_not_enough() -> None:
    strict = Settings.model_validate({"topics": TOPIC, "secret": "s"})
    document = signed(envelope())
    assert verdict(document, settings=strict) != "Verified"
    assert verdict(document, settings=strict, query="secret=t") != "Verified"
    found = CONNECTOR.verify(inbound(document, query="secret=s&a=1"), strict, NOW, KEYS)
    assert isinstance(found, Verified)
    assert found.inbound.query == "a=1"


def test_without_topics_nothing_is_taken() -> None:
    assert "topic" in verdict(signed(envelope()), settings=Settings())


@pytest.mark.parametrize(
    "topic", ["alarms", "arn:aws:sqs:eu-central-1:123456789012:alarms", f"{TOPIC}*", f"{TOPIC}:sub"]
)
def test_settings_refuse_what_is_no_topic(topic: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"topics": topic})


@pytest.mark.parametrize("state", sorted(STATES))
def test_every_state_becomes_what_the_table_says(state: str) -> None:
    parsed, kind = parse(ALARM | {"NewStateValue": state}), STATES[state]
    assert [each.kind for each in parsed.events] == ([kind.__name__] if kind else [])
    assert len(parsed.ignored) == (0 if kind else 1)


def test_an_alarm_is_the_same_case_to_a_topic_and_through_event_bridge() -> None:
    direct, bridged = event(ALARM), event(BRIDGE)
    assert (direct.case_key, direct.source_message_id) == (bridged.case_key, bridged.source_message_id)
    assert direct.occurred_at == datetime(2026, 3, 14, 2, 0, 0, 500_000, tzinfo=UTC)


def test_one_name_in_two_accounts_or_regions_is_two_cases() -> None:
    plain = {key: value for key, value in ALARM.items() if key != "AlarmArn"}
    places = [("1", "EU"), ("2", "EU"), ("1", "US")]
    keys = {event(plain | {"AWSAccountId": account, "Region": region}).case_key for account, region in places}
    assert len(keys) == 3
    with pytest.raises(UnreadableMessage, match="AlarmArn"):
        parse(plain)


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        "[]",
        "",
        ALARM | {"NewStateValue": "alarm"},
        ALARM | {"NewStateValue": None},
        ALARM | {"StateChangeTime": "2026-03-14T02:00:00"},
        ALARM | {"AlarmName": ""},
        BRIDGE | {"resources": []},
        BRIDGE | {"detail": None},
        BRIDGE | {"detail": {"alarmName": "queue", "state": {"value": "ALARM"}}},
    ],
)
def test_an_alarm_that_cannot_be_read_is_kept_for_a_person(message: Any) -> None:
    with pytest.raises(UnreadableMessage):
        parse(message)


@pytest.mark.parametrize("message", [{}, {"detail-type": "Health"}, {"detail-type": 7}, {"job": "done"}])
def test_what_is_no_alarm_is_reported(message: dict[str, Any]) -> None:
    parsed = parse(message)
    assert (parsed.events, len(parsed.ignored)) == ((), 1)


def test_a_subscription_asks_to_be_confirmed_and_has_no_event() -> None:
    parsed = CONNECTOR.parse(Unverified(inbound(subscription())), SETTINGS)
    assert (parsed.confirm, parsed.events) == (CONFIRM, ())
    over = CONNECTOR.parse(Unverified(inbound(subscription() | {"Type": "UnsubscribeConfirmation"})), SETTINGS)
    assert over.confirm is None


@pytest.mark.parametrize("url", ["http://sns.eu-central-1.amazonaws.com/?a", "https://evil.example/?a", "", None, 7])
def test_a_subscription_that_is_confirmed_elsewhere_is_kept_for_a_person(url: object) -> None:
    with pytest.raises(UnreadableMessage, match="SubscribeURL"):
        CONNECTOR.parse(Unverified(inbound(subscription() | {"SubscribeURL": url})), SETTINGS)
