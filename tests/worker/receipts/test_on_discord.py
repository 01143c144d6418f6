"""Receipts on Discord: the response to an interaction is edited to name its ticket, against a stand-in of the API."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from connectors.discord.envelope import moment
from tests.connectors.discord.builders import slash
from worker.jobs.receipts import LEASE
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound, operations, receipts
from worker.settings import Source

from ..builders import ManualClock, deliver_all, rows
from ..commands import command
from ..web_stand_in import HANGS_UP
from .discord_stand_in import BOT_TOKEN, ONLY_FOR_YOU, Discord, Message, discord
from .posting import SECRET, arrive, later, moves, row, sample, source_of

pytestmark = pytest.mark.one_database

INTERACTION, CHANNEL, TOKEN = "1482196573487104001", "400000000000000001", "aW50ZXJhY3Rpb24/+="
FIRST = "Received: a ticket will be opened."
OPEN = "Ticket T-1 is open (medium): https://tickets.example.net/T-1"
CLOSED = OPEN.replace("open", "closed")
EDIT, BY_BOT = "PATCH @original", "PATCH message"


@pytest.fixture(autouse=True)
def _a_moment_after_the_interaction(clock: ManualClock) -> None:
    clock.now = moment(INTERACTION)


@pytest.fixture
def api(clock: ManualClock) -> Iterator[Discord]:
    with discord(clock) as made:
        yield made


def of_discord(api: Discord, **settings: Any) -> Source:
    return source_of("discord", **{"api_url": api.url} | settings)


def opens(ledger: Ledger, clock: ManualClock, source: Source, api: Discord, *, private: bool = False) -> Message:
    """Record a command that opens a ticket; return our first response."""
    command = json.loads(sample(source, "slash-command")) | {"token": TOKEN}
    arrive(ledger, clock, source, json.dumps(command).encode())
    deliver_all(ledger)
    message = Message(CHANNEL, FIRST, INTERACTION, "1482196573487104099", ONLY_FOR_YOU if private else 0)
    api.answers["aW50ZXJhY3Rpb24%2F%2B%3D"] = message
    return message


def test_a_thread_that_is_made_from_the_answer_leads_to_the_ticket(
    ledger: Ledger, clock: ManualClock, api: Discord
) -> None:
    source = of_discord(api)
    message = opens(ledger, clock, source, api)
    later(ledger, clock, source)
    thread = {"channel_id": message.id, "channel": {"id": message.id, "type": 11, "parent_id": CHANNEL}}
    arrive(ledger, clock, source, json.dumps(slash("It hisses", "note", id="1482196577681408002", **thread)).encode())
    # The private text is in the first note.
    assert [each["kind"] for each in rows(ledger, operations)] == ["create_ticket", "add_note", "add_note"]


def test_the_answer_names_the_ticket_and_keeps_its_buttons(ledger: Ledger, clock: ManualClock, api: Discord) -> None:
    source = of_discord(api)
    message = opens(ledger, clock, source, api)
    later(ledger, clock, source)
    assert (message.content, message.components) == (OPEN, ("buttons",))
    assert api.seen == [{"content": OPEN, "allowed_mentions": {"parse": []}}]
    moves(ledger, clock)
    later(ledger, clock, source)
    assert (message.content, api.calls) == (CLOSED, [EDIT, EDIT])


def test_after_a_quarter_of_an_hour_what_was_told_stays(ledger: Ledger, clock: ManualClock, api: Discord) -> None:
    source = of_discord(api)
    message = opens(ledger, clock, source, api)
    later(ledger, clock, source)
    clock.advance(seconds=900)
    moves(ledger, clock)
    later(ledger, clock, source)
    assert (message.content, api.calls, row(ledger)["state"]) == (OPEN, [EDIT], "told")


def test_after_a_quarter_of_an_hour_the_bot_edits(ledger: Ledger, clock: ManualClock, api: Discord) -> None:
    source = of_discord(api, bot_token=BOT_TOKEN)
    message = opens(ledger, clock, source, api)
    later(ledger, clock, source)
    clock.advance(seconds=900)
    moves(ledger, clock)
    later(ledger, clock, source)
    assert (message.content, api.calls, row(ledger)["state"]) == (CLOSED, [EDIT, BY_BOT], "idle")


def test_what_only_its_reader_sees_the_bot_cannot_edit(ledger: Ledger, clock: ManualClock, api: Discord) -> None:
    source = of_discord(api, bot_token=BOT_TOKEN)
    message = opens(ledger, clock, source, api, private=True)
    later(ledger, clock, source)
    clock.advance(seconds=900)
    moves(ledger, clock)
    later(ledger, clock, source)
    assert (message.content, api.calls, row(ledger)["state"]) == (OPEN, [EDIT], "told")


def test_a_ticket_that_comes_after_a_quarter_of_an_hour_is_told_nobody(
    ledger: Ledger, clock: ManualClock, api: Discord
) -> None:
    source = of_discord(api)
    opens(ledger, clock, source, api)
    later(ledger, clock, source, 1000)
    assert (api.calls, row(ledger)["state"]) == ([], "dead")
    assert {each["state"] for each in rows(ledger, operations)} == {"done"}


@pytest.mark.parametrize("status", [HANGS_UP, 500, 503])
def test_an_edit_of_which_nobody_knows_the_end_is_made_again(
    ledger: Ledger, clock: ManualClock, api: Discord, status: int
) -> None:
    source = of_discord(api)
    message = opens(ledger, clock, source, api)
    api.ahead.append((status, {}, b"", True))
    later(ledger, clock, source)
    later(ledger, clock, source, 5)
    assert (message.content, api.calls, row(ledger)["state"]) == (OPEN, [EDIT, EDIT], "idle")


def test_an_edit_that_comes_before_the_answer_itself_waits_for_it(
    ledger: Ledger, clock: ManualClock, api: Discord
) -> None:
    source = of_discord(api)
    message = opens(ledger, clock, source, api)
    api.answers.clear()
    later(ledger, clock, source)
    assert row(ledger)["state"] == "due"
    api.answers["aW50ZXJhY3Rpb24%2F%2B%3D"] = message
    later(ledger, clock, source, 5)
    assert message.content == OPEN


@pytest.mark.parametrize(("everybody", "calls"), [(True, 1), (False, 2)])
def test_discord_s_limit_is_obeyed(
    ledger: Ledger, clock: ManualClock, api: Discord, everybody: bool, calls: int
) -> None:
    source = of_discord(api)
    opens(ledger, clock, source, api)
    another = json.loads(sample(source, "slash-command")) | {"token": "x", "id": str(int(INTERACTION) + 1)}
    arrive(ledger, clock, source, json.dumps(another).encode())
    deliver_all(ledger, "T-2")
    said = json.dumps({"message": "You are being rate limited.", "retry_after": 20.5, "global": everybody}).encode()
    api.ahead.append((429, {"Retry-After": "21"}, said, False))
    later(ledger, clock, source)
    assert len(api.calls) == calls


def test_the_tokens_are_in_no_log(
    ledger: Ledger, clock: ManualClock, api: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    source = of_discord(api, bot_token=BOT_TOKEN)
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
        opens(ledger, clock, source, api)
        api.ahead.append((403, {}, b"{}", False))
        (claimed,) = ledger.job_store.claim_receipts(source.id, lease=LEASE, limit=1)
        later(ledger, clock, source, 200)
    assert [each["reason"] for each in events if each["event"] == "receipt.not_told"] == ["Discord said 403"]
    shown = f"{events}{caplog.text}{claimed}{source.settings!r}"
    assert all(each not in shown for each in (TOKEN, "aW50ZXJhY3Rpb24", BOT_TOKEN))


def test_only_an_export_that_is_not_redacted_shows_the_token(
    ledger: Ledger, clock: ManualClock, api: Discord, database_url: str, tmp_path: Path
) -> None:
    source = of_discord(api)
    opens(ledger, clock, source, api)
    later(ledger, clock, source)
    number, case = f"in-{rows(ledger, inbound)[0]['id']}", INTERACTION
    file = tmp_path / "command.json"
    file.write_text(json.dumps(json.loads(sample(source, "slash-command")) | {"token": TOKEN}))
    settings = {"TICKETRELAY_SOURCES__DISCORD__SECRET": SECRET, "TICKETRELAY_SOURCES__DISCORD__RECEIPTS": "true"}
    for arguments in (
        ("events", "show", number),
        ("events", "list"),
        ("events", "export", number, "--redact"),
        ("cases", "list"),
        ("cases", "show", case),
        ("explain", "discord", str(file), "--unverified"),
    ):
        shown = command(database_url, *arguments, "-o", "json", **settings)
        assert (arguments, shown.exit_code) == (arguments, 0), shown.output
        assert TOKEN not in json.dumps(json.loads(shown.stdout), ensure_ascii=False)
        assert "aW50ZXJhY3Rpb24" not in shown.output


def test_without_receipts_the_token_is_not_kept(ledger: Ledger, clock: ManualClock, api: Discord) -> None:
    source = of_discord(api, receipts=False)
    opens(ledger, clock, source, api)
    assert rows(ledger, receipts) == []
