"""Tests of PagerDuty's webhooks: the effect of their events on an incident's case, and their signatures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract.events import Commented, Event
from connectors.contract.messages import Denied, Inbound, Parsed, UnreadableMessage, Unverified, Verified
from connectors.pagerduty import CHANGED, COMMENTED, CONNECTOR, NOTHING, OPENED, RESOLVED, WRITTEN, Settings
from connectors.toolbox.signatures import hmac_sha256

NOW = datetime(2026, 5, 11, 22, 0, tzinfo=UTC)
AT = "2026-05-11T21:00:00Z"
SETTINGS = Settings.model_validate({"secret": "s"})
RIGHT = hmac_sha256(b"s", b"{}").hex()
WRONG = "0" * 64


def told(kind: str, data: Any, **changes: Any) -> Parsed:
    event = {"id": "E1", "event_type": kind, "occurred_at": AT, "data": data} | changes
    body = json.dumps({"event": {key: value for key, value in event.items() if value is not ...}}).encode()
    return CONNECTOR.parse(Unverified(Inbound("prod", NOW, body)), SETTINGS)


def incident(**changes: Any) -> dict[str, Any]:
    whole = {"id": "Q1", "title": "Mail", "created_at": "2026-05-11T20:00:00Z", "urgency": "high"}
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def event(kind: str = "incident.triggered", data: Any = None, **changes: Any) -> Event:
    (only,) = told(kind, incident() if data is None else data, **changes).events
    return only


def note(kind: str = "incident.annotated", **changes: Any) -> Event:
    return event(kind, {"id": "N1", "incident": {"id": "Q1"}, "content": "On it"} | changes)


@pytest.mark.parametrize(
    ("kinds", "becomes"), [(OPENED, "Opened"), (RESOLVED, "Resolved"), (CHANGED, "Changed")], ids=lambda each: str(each)
)
def test_every_event_about_an_incident_becomes_what_the_table_says(kinds: dict[str, str], becomes: str) -> None:
    for kind in kinds:
        assert (event(kind).kind, event(kind).case_key, event(kind).source_message_id) == (becomes, "Q1", "E1")


@pytest.mark.parametrize("kind", sorted(COMMENTED))
def test_what_only_refers_to_its_incident_is_a_note_and_leaves_the_priority_alone(kind: str) -> None:
    found = note(kind)
    assert isinstance(found, Commented)
    assert (found.case_key, found.unknown, found.reopens) == ("Q1", "wait", False)


@pytest.mark.parametrize("kind", [*NOTHING, "incident.teleported", "", "INCIDENT.TRIGGERED"])
def test_an_event_that_nothing_is_done_about_is_reported(kind: str) -> None:
    parsed = told(kind, None)
    assert (parsed.events, parsed.unreadable) == ((), ())
    assert parsed.ignored[0].item == "event.event_type"


def test_a_note_says_who_wrote_it_and_names_its_author() -> None:
    ada = {"id": "U1", "type": "user_reference", "summary": "Ada"}
    written = event("incident.annotated", {"incident": {"id": "Q1"}, "content": "On it"}, agent=ada)
    assert written.text.startswith("Note by Ada:\n\nOn it")
    assert written.author == "U1"
    machine = {"id": "S1", "type": "service_reference", "summary": "Mail"}
    assert event(agent=machine).author is None


@pytest.mark.parametrize("kind", sorted(WRITTEN))
@pytest.mark.parametrize("content", [None, "", " \n", 7, ["a"]])
def test_a_note_without_a_text_is_kept_for_a_person(kind: str, content: object) -> None:
    with pytest.raises(UnreadableMessage, match=r"^event\.data\.content is missing: expected text$"):
        note(kind, content=content)


@pytest.mark.parametrize(
    ("priority", "urgency", "expected", "is_known"),
    [
        (None, "high", "high", True),
        (None, "low", "low", True),
        (None, None, "medium", True),
        (None, "severe", "medium", False),
        ("P1", "low", "urgent", True),
        ("p5", "high", "low", True),
        ("Bronze", "low", "low", False),
        ("Bronze", None, "medium", False),
    ],
)
def test_the_priority_goes_before_the_urgency_and_an_unknown_word_is_reported(
    priority: str | None, urgency: str | None, expected: str, is_known: bool
) -> None:
    named = {"summary": priority} if priority else None
    parsed = told("incident.triggered", incident(priority=named, urgency=urgency))
    assert parsed.events[0].priority == expected
    assert (parsed.ignored == ()) is is_known


def test_an_episode_begins_when_the_incident_did_and_a_reopened_one_when_it_was_reopened() -> None:
    began = datetime(2026, 5, 11, 20, tzinfo=UTC)
    happened = datetime(2026, 5, 11, 21, tzinfo=UTC)
    assert (event().started_at, event().occurred_at) == (began, happened)
    assert event("incident.resolved").started_at == began
    assert event("incident.reopened").started_at == happened
    assert event(data=incident(created_at=...)).started_at == happened
    assert event(data=incident(created_at="2026-05-11T23:00:00Z")).started_at == happened


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ...},
        {"id": " "},
        {"id": True},
        {"occurred_at": ...},
        {"occurred_at": "now"},
        {"data": None},
        {"data": []},
    ],
)
def test_an_event_without_a_name_a_time_or_an_incident_is_kept_for_a_person(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        told("incident.triggered", changes.pop("data", incident()), **changes)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (f"v1={RIGHT}", True),
        (f"v1={WRONG},v1={RIGHT}", True),
        (f"v1={RIGHT}, v1={WRONG}", True),
        (f"v2={WRONG},v1={RIGHT}", True),
        (f"v1={WRONG}", False),
        (f"v2={RIGHT}", False),
        (RIGHT, False),
        (f"v1={RIGHT.upper()}", False),
        (f"v1={RIGHT}0", False),
        ("", False),
        (",,,", False),
        ("v1=", False),
        (f"v1={WRONG}," * 20 + f"v1={RIGHT}", False),
    ],
)
def test_one_right_signature_of_version_1_among_a_few_is_enough(header: str, accepted: bool) -> None:
    inbound = Inbound("prod", NOW, b"{}", (("x-pagerduty-signature", header),))
    assert isinstance(CONNECTOR.verify(inbound, SETTINGS, NOW, {}), Verified if accepted else Denied)


def test_huge_texts_are_cut() -> None:
    huge = event(data=incident(title="x" * 100_000, service={"summary": "y" * 100_000}))
    assert len(huge.subject) == 255
    assert len(huge.text) <= 60_000
    assert len(dict(huge.attributes)["labels.service"]) == 1024
