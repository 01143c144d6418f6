"""Tests of a Telegram bot's settings and of its secret token."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract.messages import Denied, Inbound, Verified
from connectors.telegram import CONNECTOR, TOKEN

from .builders import NOW, configured


@pytest.mark.parametrize(
    "settings",
    [
        {"open_emoji": "🏆"},
        {"open_command": "close"},
        {"open_command": "/ticket"},
        {"closers": "ada"},
        {"channels": {"acme": {}}},
        {"bot_username": "acme bot"},
        {"close_word": "close it"},
    ],
)
def test_a_setting_that_means_nothing_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(**settings)


def test_the_bots_name_may_be_written_with_its_at() -> None:
    assert configured(bot_username="@acme_ticket_bot") == configured(bot_username="acme_ticket_bot")


@pytest.mark.parametrize(
    ("tokens", "outcome"),
    [
        (["s3cret"], Verified),
        ([], Denied),
        ([""], Denied),
        (["s3cret", "s3cret"], Denied),
        (["S3cret"], Denied),
        (["s3cret "], Denied),
        (["鍵"], Denied),
        (["\ud800"], Denied),
        (["s3cret" * 10_000], Denied),
    ],
)
def test_only_the_secret_token_itself_is_accepted(tokens: list[str], outcome: type) -> None:
    headers = tuple((TOKEN.lower(), each) for each in tokens)
    assert type(CONNECTOR.verify(Inbound("chat", NOW, b"{}", headers), configured(), NOW, {})) is outcome


def test_what_is_stored_of_a_delivery_is_without_its_secret() -> None:
    headers = ((TOKEN.lower(), "s3cret"), ("content-type", "application/json"))
    verified = CONNECTOR.verify(Inbound("chat", NOW, b"{}", headers), configured(), NOW, {})
    assert isinstance(verified, Verified)
    assert verified.inbound.headers == headers[1:]
