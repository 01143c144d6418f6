"""Tests of the generic connector: reading fields from any JSON by expressions, and its kinds of proof."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract.events import Commented, Event
from connectors.contract.messages import Denied, Inbound, OverLimit, Parsed, UnreadableMessage, Unverified, Verified
from connectors.generic import CONNECTOR
from connectors.generic.settings import Settings
from worker.settings import SettingsError, load

ARRIVED = datetime(2026, 7, 1, 12, tzinfo=UTC)
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The test vector of the reference implementations of Standard Webhooks."""
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_TIME = datetime.fromtimestamp(1614265330, UTC)


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"secret": "s"} | changes)


def parse(document: Any, configured: Settings | None = None, **headers: str) -> Parsed:
    lower = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    inbound = Inbound("prod", ARRIVED, json.dumps(document).encode(), lower)
    return CONNECTOR.parse(Unverified(inbound), configured or settings())


def event(document: Any, configured: Settings | None = None, **headers: str) -> Event:
    (only,) = parse(document, configured, **headers).events
    return only


def told(action: str = "trigger", **payload: Any) -> dict[str, Any]:
    return {"event_action": action, "dedup_key": "k", "payload": {"summary": "Boom"} | payload}


@pytest.mark.parametrize(
    ("action", "kind"),
    [("trigger", "Opened"), ("TRIGGER", "Opened"), ("acknowledge", "Commented"), ("resolve", "Resolved")],
)
def test_without_settings_it_reads_the_events_api(action: str, kind: str) -> None:
    found = event(told(action, severity="critical", source="db-3"))
    assert (found.kind, found.case_key, found.subject, found.priority) == (kind, "k", "Boom", "urgent")
    assert dict(found.attributes) == {"labels.source": "db-3"}


def test_an_acknowledgement_says_nothing_of_the_priority_and_opens_nothing() -> None:
    found = event({"event_action": "acknowledge", "dedup_key": "k"})
    assert isinstance(found, Commented)
    assert (found.unknown, found.reopens) == ("wait", False)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-07-01T10:00:00Z", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T12:00:00.5+02:00", datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        (1782900000, datetime(2026, 7, 1, 10, tzinfo=UTC)),
        (1782900000500, datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        (None, ARRIVED),
        ("", ARRIVED),
    ],
)
def test_a_time_is_rfc_3339_or_a_number_or_that_of_arrival(time: object, expected: datetime) -> None:
    assert event(told(timestamp=time)).occurred_at == expected


@pytest.mark.parametrize("time", ["yesterday", "2026-07-01T10:00:00", True, [], {}, 1e300, -1e15])
def test_a_time_that_is_none_is_not_guessed(time: object) -> None:
    with pytest.raises(UnreadableMessage, match=r"^payload\.timestamp is "):
        parse(told(timestamp=time))


def test_a_message_is_named_by_itself_else_by_its_delivery_else_by_its_time() -> None:
    at = "2026-07-01T10:00:00Z"
    names = [
        event(told(timestamp=at) | {"message_id": 7}, webhook_id="msg_1").source_message_id,
        event(told(timestamp=at), webhook_id="msg_1").source_message_id,
        event(told(timestamp=at)).source_message_id,
    ]
    assert names == ["k:trigger:7", "k:trigger:msg_1", f"k:trigger:{at}"]


def test_details_and_labels_are_content_and_their_order_is_not() -> None:
    first = event(told(custom_details={"a": 1, "b": [2]}))
    assert event(told(custom_details={"b": [2], "a": 1})).content_digest == first.content_digest
    assert event(told(custom_details={"a": 1, "b": [3]})).content_digest != first.content_digest
    assert event(told(custom_details={"a": 1, "b": [2]}, source="x")).content_digest != first.content_digest
    assert "  b: [2]" in first.text


@pytest.mark.parametrize("document", [{}, {"event_action": "trigger"}, {"dedup_key": "k"}, told() | {"dedup_key": {}}])
def test_without_an_action_or_a_case_it_is_kept_for_a_person(document: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        parse(document)


def test_an_action_that_settings_do_not_name_is_reported() -> None:
    assert (parse(told("dance")).events, parse(told("dance")).ignored[0].item) == ((), "event_action")
    assert event(told("dance"), settings(changed="dance, sing")).kind == "Changed"


def test_an_unknown_severity_is_medium_and_reported() -> None:
    parsed = parse(told(severity="awful"))
    assert (parsed.events[0].priority, parsed.ignored[0].item) == ("medium", "payload.severity")


MAPPED = {"items": "list", "action": "state", "case": "id", "subject": "t", "opened": "bad", "resolved": "good"}


def test_items_of_a_list_are_read_one_by_one() -> None:
    parsed = parse(
        {"list": [{"state": "Bad", "id": 1, "t": "x"}, {"id": 2}, 3, {"state": "good", "id": 4}]}, settings(**MAPPED)
    )
    assert [(each.kind, each.case_key) for each in parsed.events] == [("Opened", "1"), ("Resolved", "4")]
    assert [each.item for each in parsed.unreadable] == ["list[1]", "list[2]"]


def test_items_that_are_no_list_are_unreadable_too_many_refused_and_none_reported() -> None:
    with pytest.raises(UnreadableMessage, match=r"^list is an object: expected a list \(setting items\)$"):
        parse({"list": {}}, settings(**MAPPED))
    with pytest.raises(OverLimit):
        parse({"list": [{}, {}]}, settings(**MAPPED, max_items=1))
    assert parse({"list": []}, settings(**MAPPED)).ignored[0].item == "list"


def test_an_expression_that_fails_on_a_document_makes_its_item_unreadable() -> None:
    with pytest.raises(UnreadableMessage):
        parse(told() | {"n": 5}, settings(subject="length(n)"))


CE = {"id": "A-1", "source": "/backup", "type": "t", "time": "2026-07-01T10:00:00Z"}


def test_a_cloudevent_is_the_same_message_in_the_body_and_in_headers() -> None:
    structured = event({"specversion": "1.0", **CE, "data": told()})
    binary = event(told(), ce_id="A-1", ce_source="/backup", ce_type="t", ce_time=CE["time"])
    assert structured == binary
    assert structured.occurred_at == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_one_id_of_two_producers_is_two_messages_and_attributes_can_be_asked_for() -> None:
    names = {event({"specversion": "1.0", **CE, "source": each, "data": told()}).source_message_id for each in "ab"}
    assert len(names) == 2
    by_type = settings(action="ce.type", opened="t")
    assert event({"specversion": "1.0", **CE, "data": told()}, by_type).kind == "Opened"


@pytest.mark.parametrize("data", [None, [], "text"])
def test_a_cloudevent_about_nothing_is_kept_for_a_person(data: object) -> None:
    with pytest.raises(UnreadableMessage, match="data"):
        parse({"specversion": "1.0", **CE, "data": data})


def verdict(
    configured: Settings, body: bytes, headers: dict[str, str], now: datetime = VECTOR_TIME
) -> Verified | Denied:
    lower = tuple((name.lower(), value) for name, value in headers.items())
    return CONNECTOR.verify(Inbound("prod", now, body, lower), configured, now, {})


def test_the_vector_of_standard_webhooks_is_accepted_and_made() -> None:
    standard = settings(proof="standard", secret=WHSEC)
    assert isinstance(verdict(standard, VECTOR_BODY, VECTOR), Verified)
    made = CONNECTOR.sign(VECTOR_BODY, standard, VECTOR_TIME)
    assert isinstance(verdict(standard, VECTOR_BODY, made), Verified)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": VECTOR["webhook-signature"] + ","},
    ],
)
def test_what_differs_from_the_vector_is_denied(changes: dict[str, str]) -> None:
    assert isinstance(verdict(settings(proof="standard", secret=WHSEC), VECTOR_BODY, VECTOR | changes), Denied)


def test_several_signatures_a_rotated_secret_and_old_age() -> None:
    wrong = "v1," + "A" * 43 + "="
    listed = VECTOR | {"webhook-signature": f"{wrong} {VECTOR['webhook-signature']}"}
    rotated = settings(proof="standard", secret="whsec_" + "A" * 32, previous_secret=WHSEC)
    assert isinstance(verdict(rotated, VECTOR_BODY, listed), Verified)
    late = datetime.fromtimestamp(1614265330 + 301, UTC)
    assert isinstance(verdict(rotated, VECTOR_BODY, listed, late), Denied)
    assert isinstance(verdict(rotated, VECTOR_BODY + b" ", listed), Denied)


@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_an_hmac_may_say_what_it_is(prefix: str) -> None:
    configured = settings(proof="hmac", signature_header="X-Hub-Signature-256")
    (value,) = CONNECTOR.sign(b"{}", configured, ARRIVED).values()
    header = {"x-hub-signature-256": prefix + value.removeprefix("sha256=")}
    assert isinstance(verdict(configured, b"{}", header), Verified)
    assert isinstance(verdict(configured, b"{ }", header), Denied)
    assert isinstance(verdict(settings(), b"{}", header), Denied)


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": "standard"},
        {"proof": "standard", "secret": "whsec_"},
        {"proof": "standard", "secret": "whsec_not base64!"},
        {"proof": "hmac", "username": "u"},
        {"opened": "trigger", "resolved": "trigger"},
        {"action": ""},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


def test_an_expression_that_does_not_compile_names_its_setting() -> None:
    environ = {
        "TICKETRELAY_API__URL": "http://127.0.0.1",
        "TICKETRELAY_API__KEY": "k",
        "TICKETRELAY_SOURCES__CI__KIND": "generic",
        "TICKETRELAY_SOURCES__CI__SECRET": "s",
        "TICKETRELAY_SOURCES__CI__SUBJECT": "payload.[",
    }
    with pytest.raises(SettingsError) as caught:
        load(environ)
    (problem,) = caught.value.problems
    assert problem.startswith("TICKETRELAY_SOURCES__CI__SUBJECT: 'payload.[' cannot be read as JMESPath: ")


def test_an_action_that_the_settings_do_not_list_is_not_quoted() -> None:
    (remark,) = parse({"title": "salary of Bob", "id": "1"}, settings(action="title")).ignored
    assert "Bob" not in str(remark)
    assert str(remark).startswith("title: no effect")
