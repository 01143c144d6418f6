"""Tests of the webhooks of the Tickets API: their signature, and the ticket state read from them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.aurion import CONNECTOR, HEADER, TOLD, Settings
from connectors.contract.events import TicketChanged
from connectors.contract.messages import Denied, Inbound, UnreadableMessage, Unverified, Verified

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
SECRET = "correct horse"


def settings(**more: Any) -> Settings:
    return Settings.model_validate({"secret": SECRET, **more})


def webhook(kind: str = "ticket.closed", **ticket: Any) -> bytes:
    data = {"id": 1042, "status": "closed"} | ticket
    return json.dumps({"id": "evt_1", "type": kind, "timestamp": "2026-03-14T02:00:00Z", "data": data}).encode()


def read(body: bytes, **more: Any) -> TicketChanged:
    (event,) = CONNECTOR.parse(Unverified(Inbound("aurion", NOW, body)), settings(**more)).events
    assert isinstance(event, TicketChanged)
    return event


def test_the_signature_is_the_one_that_openssl_makes() -> None:
    # printf '{"id":"evt_1"}' | openssl dgst -sha256 -hmac 'correct horse'
    made = "sha256=5d08d7bac9bac1849dc077cac96ff5a26ff469a586ad2e65c888c64cc35d6a42"
    assert CONNECTOR.sign(b'{"id":"evt_1"}', settings(), NOW) == {HEADER: made}


@pytest.mark.parametrize(
    "header",
    ["", "sha256=", "sha1=" + "0" * 64, "0" * 64, "sha256=" + "0" * 63, "sha256=" + "G" * 64, "sha256=" + "0" * 64],
)
def test_what_is_no_signature_of_ours_is_denied(header: str) -> None:
    arrived = Inbound("aurion", NOW, webhook(), ((HEADER.lower(), header),))
    assert isinstance(CONNECTOR.verify(arrived, settings(), NOW, {}), Denied)


def test_a_signature_of_other_bytes_is_denied() -> None:
    signed = CONNECTOR.sign(webhook(), settings(), NOW)
    headers = tuple((name.lower(), value) for name, value in signed.items())
    assert isinstance(CONNECTOR.verify(Inbound("aurion", NOW, webhook(), headers), settings(), NOW, {}), Verified)
    other = Inbound("aurion", NOW, webhook(status="open"), headers)
    assert isinstance(CONNECTOR.verify(other, settings(), NOW, {}), Denied)


@pytest.mark.parametrize("kind", TOLD)
def test_what_tells_of_another_state_is_an_event_and_the_rest_is_ignored(kind: str) -> None:
    parsed = CONNECTOR.parse(Unverified(Inbound("aurion", NOW, webhook(kind))), settings())
    assert len(parsed.events) == TOLD[kind]
    assert len(parsed.ignored) == (not TOLD[kind])


@pytest.mark.parametrize("ticket_id", [1042, "1042", "7f0c7e0e-5a0a-4a53-9c22-0e5a3c1b6f10"])
def test_an_id_is_a_text_whatever_it_was(ticket_id: object) -> None:
    assert read(webhook(id=ticket_id)).ticket_id == str(ticket_id)


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        ({"category": "wont-fix"}, True),
        ({"metadata": {"category": "wont-fix"}}, True),
        ({"metadata": {"resolution": "never"}}, True),
        ({"category": "wont-fix", "status": "resolved"}, True),
        ({"category": "wont-fix", "status": "open"}, False),
        ({"category": "storage", "metadata": {"resolution": ["never"]}}, False),
        ({}, False),
    ],
)
def test_what_will_not_be_fixed_is_as_configured(ticket: dict[str, Any], expected: bool) -> None:
    event = read(webhook(**ticket), wont_fix=["category=wont-fix", "metadata.resolution=never"])
    assert event.wont_fix is expected


@pytest.mark.parametrize("written", ["wont-fix", "status=closed", "category=", "metadata.x"])
def test_a_condition_that_cannot_be_one_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match=r"category=VALUE or metadata\.NAME=VALUE"):
        settings(wont_fix=[written])


@pytest.mark.parametrize("ticket", [{"status": "merged"}, {"status": None}, {"id": ""}, {"id": None}, {"id": [1]}])
def test_a_ticket_without_an_id_or_a_state_is_kept_for_a_person(ticket: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage, match=r"status|id"):
        read(webhook(**ticket))
