"""Commands report the health of a source, and test whether the source accepts a signed message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors import connector, kinds
from connectors.contract.messages import Verified
from tests.connectors.sealing import SAYS_NOTHING
from worker.actions.probing import probe
from worker.ledger import Delivery, Ledger
from worker.settings import Source, load

from .builders import claim_one, dead, deliver_all, delivery, inbound, kill_create, opened
from .commands import command, every_row, said

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}


def source(kind: str, **more: str) -> Source:
    own = {
        f"TICKETRELAY_SOURCES__PROM__{name}": value
        for name, value in ({"KIND": kind, "SECRET": "s3cret"} | more).items()
    }
    return load(API | own).sources["prom"]


SIGNED_HERE = [each for each in kinds() if connector(each).outside is None]


@pytest.mark.parametrize("kind", SIGNED_HERE)
def test_a_source_of_every_kind_takes_its_own_sample_and_denies_a_forged_one(kind: str) -> None:
    tested = probe(source(kind))
    assert (tested.verified, tested.refuses_forged, tested.parsed, tested.problem) == (True, True, True, None)
    assert tested.events >= 1 or kind in SAYS_NOTHING


@pytest.mark.parametrize("kind", SIGNED_HERE)
def test_the_previous_secret_of_a_source_is_no_forgery(kind: str) -> None:
    assert probe(source(kind, PREVIOUS_SECRET="0ld secret")).problem is None


@pytest.mark.parametrize("kind", sorted(set(kinds()) - set(SIGNED_HERE)))
def test_what_only_the_sender_can_sign_is_not_called_a_success(kind: str) -> None:
    tested = probe(source(kind))
    assert (tested.verified, tested.refuses_forged) == (False, True)
    assert "send a test message from there" in str(tested.problem)


def test_a_connector_that_verifies_nothing_is_a_problem() -> None:
    real = source("alertmanager")
    careless: Any = replace(real.connector, verify=lambda message, _settings, _now, _keys: Verified(message))
    tested = probe(Source("prom", careless, real.settings))
    assert not tested.refuses_forged
    assert "with another secret would be accepted" in (tested.problem or "")


def test_a_sample_beyond_the_source_s_limits_is_a_problem() -> None:
    tested = probe(source("alertmanager", MAX_ITEMS="1"))
    assert tested.parsed or "cannot be read" in (tested.problem or "")


def test_a_test_has_no_effect(ledger: Ledger, database_url: str) -> None:
    before = every_row(ledger)
    result = command(database_url, "sources", "test", "slack")
    assert result.exit_code == 0
    assert "denied when forged   yes" in result.stdout
    assert every_row(ledger) == before


def test_a_source_that_is_not_configured_cannot_be_tested(ledger: Ledger, database_url: str) -> None:
    result = command(database_url, "sources", "test", "nobody")
    assert result.exit_code == 2
    assert f"there are: {', '.join(kinds())}" in result.stderr


def test_a_source_is_shown_with_what_came_and_was_sent(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened()), delivery(opened("mail"), source="mail")])
    deliver_all(ledger)
    for _ in range(2):
        ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    told = command(database_url, "sources", "show", "prom", "--since", "2026-02-20T00:00Z", "-o", "json")
    shown = said(told)
    assert shown["deliveries"] == {"accepted": 1, "quarantined": 2}
    assert shown["attempts"] == {"done": 1}
    assert (told.exit_code, shown["health"], shown["dead"], shown["open_operations"]) == (1, "needs somebody", 1, 0)


def test_the_health_of_a_source_is_in_a_word(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])

    def health(*arguments: str) -> tuple[str, int]:
        result = command(database_url, "sources", "show", "prom", *arguments, "-o", "json")
        return said(result)["health"], result.exit_code

    assert health("--since", "2026-02-20T00:00Z") == ("ok", 0)
    assert health("--since", "24h") == ("silent", 0)
    ledger.pause("*", "maintenance")
    assert health() == ("paused", 0)
    ledger.resume("*")
    ledger.settle([(claim_one(ledger), dead())])
    assert health() == ("needs somebody", 1)


def test_a_list_tells_the_health_and_the_dead_letters_of_each_source(ledger: Ledger, database_url: str) -> None:
    kill_create(ledger, opened())
    ledger.record([delivery(opened("other"), source="idle")])
    ledger.pause("idle", "maintenance")
    configured = {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager"} | {
        f"TICKETRELAY_SOURCES__{each}__SECRET": f"of {each}" for each in ("PROM", "SLACK")
    }
    answer = said(command(database_url, "sources", "list", "-o", "json", **configured))
    listed = {each["source"]: each for each in answer["sources"]}
    assert (listed["prom"]["health"], listed["prom"]["dead"]) == ("needs somebody", 1)
    assert (listed["idle"]["health"], listed["idle"]["dead"]) == ("paused", 0)
    assert listed["slack"]["health"] == "silent"
    shown = command(database_url, "sources", "list", **configured).stdout.splitlines()
    assert shown[0].split() == ["SOURCE", "KIND", "HEALTH", "LAST", "MESSAGE", "(UTC)", "TO", "SEND", "DEAD", "PAUSE"]
    assert any(line.startswith("idle ") and "paused since" in line for line in shown)


def test_a_misspelt_source_is_not_shown(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    result = command(database_url, "sources", "show", "porm")
    assert result.exit_code == 2
    assert "did you mean 'prom'?" in result.stderr
