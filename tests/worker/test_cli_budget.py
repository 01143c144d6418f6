"""`ticketrelay budget` names the reason why only one call at a time is tried."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from click.testing import CliRunner

from worker.cli import main
from worker.ledger import CloseGate, Ledger
from worker.ledger.queue.gates import GateReason

from .builders import again, claim_one, delivery, opened


def budget(ledger: Ledger, *arguments: str) -> str:
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    own = {**none, "TICKETRELAY_LEDGER__URL": f"sqlite:///{ledger.database.url.database}"}
    ended = CliRunner().invoke(main, ["budget", *arguments], env=own)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("breaker", "the breaker is open, since too many calls fail"),
        ("credentials", "the Tickets API refuses the API key"),
        ("scope", "the API key lacks a scope"),
    ],
)
def test_budget_names_the_breaker_and_a_refused_key(sqlite_ledger: Ledger, reason: GateReason, said: str) -> None:
    sqlite_ledger.record([delivery(opened())])
    claimed = claim_one(sqlite_ledger)
    close = CloseGate(claimed.claimed_at + timedelta(hours=1), reason)
    sqlite_ledger.settle([(claimed, again(claimed.claimed_at, gate=close))])
    assert said in budget(sqlite_ledger)
    assert json.loads(budget(sqlite_ledger, "-o", "json"))["probed_because"] == reason


def test_budget_says_nothing_about_an_open_gate(sqlite_ledger: Ledger) -> None:
    assert "gate" not in budget(sqlite_ledger)
