"""Tests of Uptime Kuma's notifications: their cases, and secrets in URLs, which are not kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract.events import Event
from connectors.contract.messages import Denied, Inbound, Parsed, UnreadableMessage, Unverified, Verified
from connectors.uptime_kuma import CONNECTOR, STATUSES, Settings

ARRIVED = datetime(2026, 6, 1, 8, 0, 5, tzinfo=UTC)
SETTINGS = Settings.model_validate({"secret": "p&ss wörd"})
CERTIFICATE = "[Shop][https://shop] server certificate shop will be expired in {} days"


def parse(payload: dict[str, Any], arrived: datetime = ARRIVED) -> Parsed:
    return CONNECTOR.parse(Unverified(Inbound("prod", arrived, json.dumps(payload).encode())), SETTINGS)


def beat(status: Any = 0, monitor: Any = ..., msg: str = "", **changes: Any) -> Parsed:
    heartbeat = {"monitorID": 17, "status": status, "time": "2026-06-01 08:00:00.5", "msg": "timeout"} | changes
    return parse(
        {"heartbeat": heartbeat, "monitor": {"id": 17, "name": "Shop"} if monitor is ... else monitor, "msg": msg}
    )


def event(*args: Any, **changes: Any) -> Event:
    (only,) = beat(*args, **changes).events
    return only


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_every_status_becomes_what_the_table_says(status: int) -> None:
    kind, words = STATUSES[status]
    parsed = beat(status)
    assert [each.kind for each in parsed.events] == ([kind.__name__] if kind else [])
    assert [words in each.reason for each in parsed.ignored] == ([] if kind else [True])


@pytest.mark.parametrize("status", [4, -1, "0", True, 0.0, [], None])
def test_a_status_that_there_is_not_is_kept_for_a_person(status: object) -> None:
    with pytest.raises(UnreadableMessage, match=r"heartbeat\.status"):
        beat(status)


def test_where_there_is_no_status_the_text_says_it_and_never_against_one() -> None:
    assert event(None, msg="[Shop] [🔴 Down] timeout").kind == "Opened"
    assert event(None, msg="[Shop] [✅ Up] 200 - OK").kind == "Resolved"
    assert event(1, msg="[Shop] [🔴 Down] timeout").kind == "Resolved"
    with pytest.raises(UnreadableMessage):
        beat(9, msg="[Shop] [🔴 Down] timeout")


def test_up_and_down_of_one_monitor_are_one_case_whatever_its_name() -> None:
    keys = {event(status, {"id": 17, "name": name}).case_key for status in (0, 1) for name in ("Shop", "Store")}
    assert keys == {"17"}
    assert event(0, None).case_key == "17"
    assert event(0, {"id": 18, "name": "Shop"}).case_key == "18"


def test_the_same_beat_is_the_same_message_and_the_next_one_is_not() -> None:
    assert event().source_message_id == event(time="2026-06-01T08:00:00.500").source_message_id
    assert event().source_message_id != event(time="2026-06-01 08:01:00").source_message_id


def test_a_time_is_utc_or_has_its_offset() -> None:
    local = event(time=None, localDateTime="2026-06-01 10:00:00", timezoneOffset="+02:00")
    assert local.occurred_at == datetime(2026, 6, 1, 8, tzinfo=UTC)
    with pytest.raises(UnreadableMessage, match=r"heartbeat\.time"):
        beat(time=None, localDateTime="2026-06-01 10:00:00")


@pytest.mark.parametrize("text", ["My Alert Testing", "[Shop] [✅ Up]", "certificate"])
def test_without_a_heartbeat_it_is_a_test(text: str) -> None:
    parsed = parse({"heartbeat": None, "monitor": None, "msg": text})
    assert (parsed.events, len(parsed.ignored)) == ((), 1)


@pytest.mark.parametrize("payload", [{}, {"msg": ""}, {"msg": 7}, {"heartbeat": [], "msg": "x"}, {"heartbeat": 0}])
def test_what_says_nothing_is_kept_for_a_person(payload: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        parse(payload)


def test_a_certificate_that_ends_opens_one_case_whatever_the_days_and_again_a_year_later() -> None:
    def warned(days: int, arrived: datetime = ARRIVED) -> Event:
        (only,) = parse({"heartbeat": None, "monitor": None, "msg": CERTIFICATE.format(days)}, arrived).events
        return only

    assert warned(21).case_key == warned(7).case_key
    assert warned(21).source_message_id != warned(7).source_message_id
    assert warned(21).source_message_id != warned(21, ARRIVED.replace(year=2027)).source_message_id


def test_a_tag_names_the_severity_and_an_unknown_one_is_reported() -> None:
    def tagged(value: object) -> Parsed:
        return beat(0, {"id": 17, "tags": [{"name": "severity", "value": value}, None, {"value": "x"}]})

    assert (tagged("critical").events[0].priority, tagged("critical").ignored) == ("urgent", ())
    assert tagged("terrible").events[0].priority == "medium"
    assert tagged("terrible").ignored[0].item == "monitor.tags"
    assert tagged(None).events[0].severity is None
    assert ("labels.severity", "critical") in tagged("critical").events[0].attributes


def test_the_password_in_a_monitors_address_stays_out_of_the_ticket() -> None:
    text = event(0, {"id": 17, "url": "https://probe:hunter2@shop.example.net/a@b"}).text
    assert "hunter2" not in text
    assert "url: https://shop.example.net/a@b" in text


def verdict(query: str, *headers: tuple[str, str]) -> Verified | Denied:
    return CONNECTOR.verify(Inbound("prod", ARRIVED, b"{}", headers, query), SETTINGS, ARRIVED, {})


@pytest.mark.parametrize("escaped", ["p%26ss+w%C3%B6rd", "p%26ss%20w%c3%b6rd"])
def test_a_secret_in_the_url_is_accepted_and_is_not_kept(escaped: str) -> None:
    outcome = verdict(f"a=1&secret={escaped}&b=2")
    assert isinstance(outcome, Verified)
    assert outcome.inbound.query == "a=1&b=2"
    assert outcome.inbound.body == b"{}"


@pytest.mark.parametrize(
    "query",
    [
        "secret=",
        "secret",
        "secret=wrong",
        "secret=p%26ss+w%C3%B6rd&secret=p%26ss+w%C3%B6rd",
        "secret=wrong&secret=p%26ss+w%C3%B6rd",
        "Secret=p%26ss+w%C3%B6rd",
        "secret=p%2",
        "secret=\ud800",
        "secret=" + "x" * 100_000,
        "",
    ],
)
def test_any_other_url_is_denied(query: str) -> None:
    assert isinstance(verdict(query), Denied)


def test_a_wrong_secret_in_the_url_is_not_made_good_by_a_header() -> None:
    (header,) = CONNECTOR.sign(b"{}", Settings.model_validate({"secret": "s"}), ARRIVED).items()
    inbound = Inbound("prod", ARRIVED, b"{}", ((header[0].lower(), header[1]),), "secret=wrong")
    assert isinstance(CONNECTOR.verify(inbound, Settings.model_validate({"secret": "s"}), ARRIVED, {}), Denied)
