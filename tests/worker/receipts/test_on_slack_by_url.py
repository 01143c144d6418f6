"""Receipts for Slack's commands: posted once, to the `response_url` of the command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors import connector
from connectors.contract.calls import HttpCall
from connectors.contract.messages import Inbound, Parsed
from connectors.contract.receipts import ReceiptContent
from connectors.slack import receipts
from worker.ledger import Delivery, Ledger

from ..builders import NOON, ManualClock, deliver_all, opened
from ..slack_stand_in import Slack, slack
from .posting import SECRET, later, of_slack, row, webhook_of

pytestmark = pytest.mark.one_database


@pytest.fixture
def web() -> Iterator[Slack]:
    with slack() as made:
        yield made


def asked_by(ledger: Ledger, clock: ManualClock, url: str) -> None:
    """Record a command that asks for a ticket."""
    event = opened(answer=receipts.target_of_response(url))
    ledger.record([Delivery(Inbound("chat", clock(), b"{}"), Parsed((event,)))])
    deliver_all(ledger)


def test_who_asked_by_a_command_is_told_once_without_our_token(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    asked_by(ledger, clock, web.url.replace("/api", "/commands/T1/1/x"))
    later(ledger, clock, source)
    ledger.record([webhook_of(clock, "resolved")])
    later(ledger, clock, source)
    text = "Ticket T-1 is open (medium): https://tickets.example.net/T-1"
    assert web.responses == {
        "/commands/T1/1/x": [{"response_type": "ephemeral", "replace_original": False, "text": text}]
    }
    assert row(ledger)["state"] == "told"


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [(404, b"expired_url", "dead"), (404, b"used_url", "dead"), (500, b"", "dead"), (429, b"", "due")],
)
def test_a_url_that_takes_nothing_more_is_not_asked_again(
    ledger: Ledger, clock: ManualClock, web: Slack, status: int, body: bytes, state: str
) -> None:
    source = of_slack(web)
    asked_by(ledger, clock, web.url.replace("/api", "/commands/T1/1/x"))
    web.ahead.append((status, {}, body, False))
    later(ledger, clock, source)
    assert (row(ledger)["state"], web.responses) == (state, {})


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com.elsewhere.example/commands/1",
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com@elsewhere.example/commands/1",
        "https://elsewhere.example/https://hooks.slack.com/",
        "https://hooks.slack.com",
        "",
    ],
)
def test_a_url_that_is_none_of_slack_s_is_not_called(ledger: Ledger, clock: ManualClock, web: Slack, url: str) -> None:
    source = of_slack(web)
    asked_by(ledger, clock, url)
    later(ledger, clock, source)
    assert row(ledger)["error"] == "response_url is not an address of Slack's, and is not called"


def test_a_url_of_slack_s_is_called_and_named_nowhere() -> None:
    settings = connector("slack").settings.model_validate({"secret": SECRET})
    for url in ("https://hooks.slack.com/commands/T1/1/x", "https://hooks.slack-gov.com/app/T1/1/x"):
        about = ReceiptContent(receipts.target_of_response(url), None, "c", "1", "open", "low", None, NOON)
        call = receipts.write(about, settings)
        assert isinstance(call, HttpCall)
        assert (call.url, list(call.headers), url in repr((about, call))) == (url, ["Content-Type"], False)
