"""Tests of reading Alertmanager's alerts; each test name states a rule of the connector."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.alertmanager import CONNECTOR, Settings
from connectors.contract.events import Event, Opened, digest
from connectors.contract.messages import Denied, Inbound, OverLimit, Parsed, UnreadableMessage, Unverified, Verified

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
START = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
ZERO = "0001-01-01T00:00:00Z"


def alert(**changes: Any) -> dict[str, Any]:
    """Return a firing alert; a change to `...` removes the field."""
    whole = {
        "status": "firing",
        "labels": {"alertname": "DiskFull", "instance": "db-1.example.net", "severity": "critical"},
        "annotations": {"summary": "The disk of db-1 is full", "description": "Nothing can be written."},
        "startsAt": "2026-03-14T02:00:00Z",
        "endsAt": ZERO,
        "fingerprint": "f00d",
    }
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def parse(*alerts: Any, settings: Settings | None = None, **group: Any) -> Parsed:
    body = json.dumps({"version": "4", "alerts": list(alerts)} | group).encode()
    inbound = Inbound(source="prod", received_at=NOW, body=body)
    return CONNECTOR.parse(Unverified(inbound), settings or Settings.model_validate({"secret": "s"}))


def event(**changes: Any) -> Event:
    parsed = parse(alert(**changes))
    assert parsed.unreadable == ()
    (only,) = parsed.events
    return only


def reason(*alerts: Any) -> str:
    parsed = parse(*alerts)
    assert parsed.events == ()
    assert len(parsed.unreadable) == 1
    assert parsed.unreadable[0].item == "alerts[0]"
    return parsed.unreadable[0].reason


def test_a_firing_alert_opens_its_case_at_its_start() -> None:
    opened = event()
    assert (opened.kind, opened.case_key, opened.occurred_at, opened.started_at) == (
        "Opened",
        "f00d",
        START,
        START,
    )
    assert opened.source_message_id == "f00d:firing:2026-03-14T02:00:00Z"


def test_a_resolved_alert_ends_its_case_at_its_end() -> None:
    resolved = event(status="resolved", endsAt="2026-03-14T02:30:00.5Z")
    assert (resolved.kind, resolved.case_key, resolved.started_at) == ("Resolved", "f00d", START)
    assert resolved.occurred_at == datetime(2026, 3, 14, 2, 30, 0, 500_000, tzinfo=UTC)
    assert resolved.source_message_id == "f00d:resolved:2026-03-14T02:00:00Z:2026-03-14T02:30:00.5Z"


@pytest.mark.parametrize("end", [ZERO, None, ...])
def test_a_resolved_alert_without_an_end_ends_at_its_start(end: object) -> None:
    resolved = event(status="resolved", endsAt=end)
    assert (resolved.kind, resolved.occurred_at) == ("Resolved", START)
    assert resolved.source_message_id == "f00d:resolved:2026-03-14T02:00:00Z:2026-03-14T02:00:00Z"


@pytest.mark.parametrize("end", ["2026-03-14T06:00:00Z", "soon", 7, None, ...])
def test_the_end_of_a_firing_alert_is_not_looked_at(end: object) -> None:
    assert event(endsAt=end) == event()


def test_one_instant_in_three_spellings_is_one_message() -> None:
    spellings = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00+01:00")
    assert len({event(startsAt=each) for each in spellings}) == 1


def test_starts_a_nanosecond_apart_are_two_messages_at_one_time() -> None:
    first = event(startsAt="2026-01-01T00:00:00.000000001Z")
    second = event(startsAt="2026-01-01T00:00:00.000000002Z")
    assert first.started_at == second.started_at
    assert first.source_message_id != second.source_message_id


def test_a_later_start_is_another_message_of_the_same_case() -> None:
    again = event(startsAt="2026-03-14T05:00:00Z")
    assert again.case_key == event().case_key
    assert again.source_message_id != event().source_message_id


@pytest.mark.parametrize("fingerprint", [..., None, "", "  "])
def test_without_a_fingerprint_the_labels_are_the_case(fingerprint: object) -> None:
    bare = event(fingerprint=fingerprint)
    assert bare.case_key.startswith("labels:")
    assert bare.source_message_id.startswith(f"{bare.case_key}:firing:")
    reordered = dict(reversed(list(alert()["labels"].items())))
    assert event(fingerprint=fingerprint, labels=reordered).case_key == bare.case_key
    assert event(fingerprint=fingerprint, labels=reordered | {"device": "sda"}).case_key != bare.case_key


def test_an_alert_without_fingerprint_and_labels_cannot_be_told_from_others() -> None:
    assert "fingerprint or labels" in reason(alert(fingerprint="", labels={}))
    assert "fingerprint or labels" in reason(alert(fingerprint=..., labels=None))


@pytest.mark.parametrize("start", [..., None, ZERO])
def test_an_alert_that_does_not_say_when_it_began_goes_on_since_it_was_observed(start: object) -> None:
    opened = event(startsAt=start)
    assert isinstance(opened, Opened)
    assert (opened.started_at, opened.start_known) == (NOW, False)
    assert opened.source_message_id == "f00d:firing:told 2026-03-14T03:00:00+00:00"
    assert "Started" not in opened.text
    resolved = event(startsAt=start, status="resolved")
    assert (resolved.kind, resolved.occurred_at, resolved.started_at) == ("Resolved", NOW, NOW)
    ended = event(startsAt=start, status="resolved", endsAt="2026-03-14T02:30:00Z")
    assert ended.source_message_id == "f00d:resolved:2026-03-14T02:30:00Z:2026-03-14T02:30:00Z"


TIME = "expected an RFC 3339 time with a zone, like 2026-01-05T10:00:00Z"


@pytest.mark.parametrize("bad", ["a\nb", "\x00", "x" * 600, 7, ["f"]])
def test_a_fingerprint_that_is_no_key_is_unreadable(bad: object) -> None:
    assert reason(alert(fingerprint=bad))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"startsAt": "yesterday"}, f'startsAt is "yesterday": {TIME}'),
        ({"startsAt": "2026-02-30T00:00:00Z"}, 'startsAt is "2026-02-30T00:00:00Z": expected a time that exists'),
        ({"startsAt": 1767225600}, f"startsAt is 1767225600: {TIME}"),
        ({"status": "resolved", "endsAt": "later"}, f'endsAt is "later": {TIME}'),
        ({"status": ...}, "status is missing: expected firing or resolved"),
        ({"status": "suppressed"}, 'status is "suppressed": expected firing or resolved'),
        ({"status": ["firing"]}, "status is a list: expected firing or resolved"),
        ({"labels": "a=b"}, 'labels is "a=b": expected an object'),
        ({"labels": {"team": ["a"]}}, "labels.team is a list: expected text"),
        ({"annotations": [1]}, "annotations is a list: expected an object"),
        ({"annotations": {"summary": {}}}, "annotations.summary is an object: expected text"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_what_was_found(changes: dict[str, Any], said: str) -> None:
    assert reason(alert(**changes)) == f"alerts[0].{said}"


@pytest.mark.parametrize("junk", [None, 3, "alert", [], True])
def test_an_alert_that_is_no_object_is_unreadable(junk: object) -> None:
    assert reason(junk).endswith(": expected an object")


def test_a_reason_is_short_and_one_line_however_long_the_field_is() -> None:
    said = reason(alert(status="x\n" * 100_000))
    assert len(said) <= 300
    assert "\n" not in said
    assert reason(alert(labels={"a\nb": []})) == 'alerts[0].labels["a b"] is a list: expected text'
    assert len(reason(alert(labels={"n" * 100_000: []}))) <= 300


def test_white_space_around_a_fingerprint_is_no_part_of_the_case() -> None:
    assert event(fingerprint=" f00d\n") == event()


def test_the_neighbours_of_a_bad_alert_go_on() -> None:
    parsed = parse(alert(fingerprint="a"), alert(startsAt="never"), alert(fingerprint="b"), 7)
    assert [each.case_key for each in parsed.events] == ["a", "b"]
    assert [each.item for each in parsed.unreadable] == ["alerts[1]", "alerts[3]"]


@pytest.mark.parametrize("status", ["firing", "resolved", "nonsense", None, 7])
def test_the_state_of_the_group_is_never_looked_at(status: object) -> None:
    alerts = (alert(), alert(status="resolved", fingerprint="beef"))
    assert parse(*alerts, status=status, groupKey=status, groupLabels=status) == parse(*alerts)


@pytest.mark.parametrize("body", ["{}", '{"alerts": null}', '{"alerts": {}}', '{"alerts": "firing"}', "[]"])
def test_a_body_without_a_list_of_alerts_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableMessage):
        CONNECTOR.parse(Verified(Inbound("prod", NOW, body.encode())), Settings.model_validate({"secret": "s"}))


def test_an_empty_list_of_alerts_is_ignored_with_a_reason() -> None:
    parsed = parse()
    assert (parsed.events, parsed.unreadable) == ((), ())
    assert [(each.item, each.reason) for each in parsed.ignored] == [("alerts", "alerts is an empty list")]


def test_alerts_that_were_left_out_are_counted() -> None:
    parsed = parse(alert(), truncatedAlerts=17)
    assert len(parsed.events) == 1
    assert [each.item for each in parsed.ignored] == ["truncatedAlerts"]
    assert "17" in parsed.ignored[0].reason


@pytest.mark.parametrize("count", [0, -1, None, "3", True, 1.5, [3]])
def test_no_number_of_alerts_that_were_left_out_is_no_remark(count: object) -> None:
    assert parse(alert(), truncatedAlerts=count).ignored == ()


def test_more_alerts_than_allowed_are_over_the_limit() -> None:
    settings = Settings.model_validate({"secret": "s", "max_items": 2})
    assert len(parse(*[alert()] * 2, settings=settings).events) == 2
    with pytest.raises(OverLimit, match=r"^alerts has 3 items: expected at most 2 \(setting max_items\)$"):
        parse(*[alert()] * 3, settings=settings)


def test_an_alert_that_stands_twice_in_a_payload_is_given_twice() -> None:
    parsed = parse(alert(), alert())
    assert parsed.events == (event(), event())


def test_a_peer_with_other_links_and_another_receiver_sends_the_same_content() -> None:
    ours = parse(alert(generatorURL="http://prometheus-a"), externalURL="http://a", receiver="one").events[0]
    theirs = parse(alert(generatorURL="http://prometheus-b"), externalURL="http://b", receiver="two").events[0]
    assert ours.source_message_id == theirs.source_message_id
    assert ours.content_digest == theirs.content_digest
    assert ours.text != theirs.text


def test_the_content_is_the_labels_and_the_annotations_and_which_is_which() -> None:
    labels, annotations = {"a": "1", "c": "3"}, {"b": "2"}
    digests = {
        event(labels=left, annotations=right).content_digest
        for left, right in [
            (labels, annotations),
            (labels, annotations | {"d": ""}),
            (labels, {"b": "2 "}),
            (labels | annotations, {}),
            ({"a": "1"}, {"b": "2", "c": "3"}),
        ]
    }
    assert len(digests) == 5
    assert digest("2", "a", "1", "c", "3", "b", "2") in digests
    swapped = event(labels=dict(reversed(labels.items())), annotations=annotations)
    assert swapped.content_digest == event(labels=labels, annotations=annotations).content_digest


def test_the_end_is_no_content() -> None:
    ends = ("2026-03-14T02:30:00Z", "2026-03-14T02:31:00Z")
    assert len({event(status="resolved", endsAt=each).content_digest for each in ends}) == 1


@pytest.mark.parametrize(
    ("labels", "severity", "priority"),
    [
        ({"severity": "critical"}, "critical", "urgent"),
        ({"severity": "Warning", "priority": "P1"}, "Warning", "medium"),
        ({"severity": " ", "priority": "P2"}, "P2", "high"),
        ({"priority": "P4"}, "P4", "low"),
        ({"alertname": "A"}, None, "medium"),
        ({"severity": 7}, "7", "medium"),
    ],
)
def test_the_severity_label_gives_the_priority(labels: dict[str, Any], severity: str | None, priority: str) -> None:
    found = event(labels=labels)
    assert (found.severity, found.priority) == (severity, priority)


def test_an_unknown_severity_is_reported_once_per_word() -> None:
    words = ("critical", "blue", "blue", "green", "blue")
    parsed = parse(*[alert(labels={"severity": each}) for each in words])
    assert len(parsed.events) == 5
    assert [each.item for each in parsed.ignored] == ["alerts[1].labels.severity", "alerts[3].labels.severity"]
    assert "blue" in parsed.ignored[0].reason


def test_category_and_privacy_come_from_the_settings() -> None:
    settings = Settings.model_validate({"secret": "s", "category": "Databases", "private": True})
    (found,) = parse(alert(), settings=settings).events
    assert (found.category, found.private) == ("Databases", True)
    assert (event().category, event().private) == (None, False)


def test_labels_and_the_receiver_are_there_for_routing() -> None:
    (found,) = parse(alert(labels={"z": "1", "receiver": "mine", "a": None}), receiver="ops").events
    assert found.attributes == (
        ("labels.a", ""),
        ("labels.receiver", "mine"),
        ("labels.z", "1"),
        ("receiver", "ops"),
    )


def test_what_routing_sees_is_clean_and_not_endless() -> None:
    found = dict(event(labels={"a\x00": "b\x00", "long": "x" * 100_000}).attributes)
    assert found == {"labels.a": "b", "labels.long": "x" * 1023 + "…"}


@pytest.mark.parametrize("receiver", [None, "", 7, ["ops"]])
def test_a_receiver_that_is_no_text_is_left_out(receiver: object) -> None:
    (found,) = parse(alert(), receiver=receiver).events
    assert "receiver" not in dict(found.attributes)


def verdict(header: str, **changes: Any) -> Verified | Denied:
    inbound = Inbound("prod", NOW, b"{}", (("authorization", header),))
    return CONNECTOR.verify(inbound, Settings.model_validate({"secret": "s3cret"} | changes), NOW, {})


def test_with_a_username_sign_sends_basic_and_verify_takes_bearer_too() -> None:
    settings = Settings.model_validate({"secret": "s3cret", "username": "relay"})
    assert CONNECTOR.sign(b"", settings, NOW) == {"Authorization": "Basic cmVsYXk6czNjcmV0"}
    assert isinstance(verdict("Basic cmVsYXk6czNjcmV0", username="relay"), Verified)
    assert isinstance(verdict("Bearer s3cret", username="relay"), Verified)


def test_without_a_username_basic_is_denied() -> None:
    assert isinstance(verdict("Basic cmVsYXk6czNjcmV0"), Denied)
    assert isinstance(verdict("Bearer s3cret"), Verified)


@pytest.mark.parametrize("username", ["", " ", "a:b", "a\nb", "a\x00b", "trailing "])
def test_a_username_that_basic_cannot_carry_is_refused(username: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"secret": "s", "username": username})


def test_every_order_of_the_alerts_gives_the_same_events() -> None:
    alerts = [alert(fingerprint="a"), alert(status="resolved"), alert(fingerprint="c", status="?"), alert()]
    sets = {frozenset(parse(*order).events) for order in itertools.permutations(alerts)}
    assert len(sets) == 1
