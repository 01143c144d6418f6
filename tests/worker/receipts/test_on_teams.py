"""Receipts on Teams, against a stand-in of the Bot Connector with tokens that expire."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog.testing

from connectors.contract.calls import ClientCredentials
from connectors.contract.messages import Inbound
from tests.connectors.sealing import APP_ID, KEYS, proof
from worker.intake.imap.server import LoginRefused
from worker.intake.reading import read
from worker.jobs import receipts as job
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, operations, receipts
from worker.receipts.tokens import Tokens
from worker.settings import Source

from ..builders import ManualClock, deliver_all, rows
from ..web_stand_in import HANGS_UP
from .bot_connector_stand_in import PASSWORD, SCOPE, BotConnector, bot_connector
from .posting import later, moves, row, sample, source_of

pytestmark = pytest.mark.one_database

THREAD = "19:0123456789abcdef0123456789abcdef@thread.tacv2;messageid=1773453600101"
OPEN = "Ticket T-1 is open (medium): https://tickets.example.net/T-1"


@pytest.fixture(autouse=True)
def _no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the tokens of this process, as at its start."""
    monkeypatch.setattr(job, "TOKENS", Tokens())


@pytest.fixture
def api() -> Iterator[BotConnector]:
    with bot_connector(APP_ID) as made:
        yield made


def of_teams(api: BotConnector, **settings: Any) -> Source:
    own = {"secret": PASSWORD, "app_id": APP_ID, "api_url": f"{api.url}/teams", "token_url": f"{api.url}/token"}
    return source_of("teams_bot", **own | settings)


def opens(ledger: Ledger, clock: ManualClock, source: Source, name: str = "mention", **changes: Any) -> None:
    receive(ledger, clock, source, json.loads(sample(source, name)) | changes)
    deliver_all(ledger)


def receive(ledger: Ledger, clock: ManualClock, source: Source, activity: dict[str, Any]) -> None:
    body = json.dumps(activity).encode()
    headers = tuple((key.lower(), value) for key, value in proof("teams_bot", body, source.settings, clock()).items())
    delivery = read(source, Inbound(source.id, clock(), body, headers), clock(), KEYS)
    assert isinstance(delivery, Delivery)
    ledger.record([delivery])


def test_a_reaction_to_the_answer_closes_its_ticket(ledger: Ledger, clock: ManualClock, api: BotConnector) -> None:
    # Teams reports reactions to the bot's own messages only.
    source = of_teams(api, close_reaction="like")
    opens(ledger, clock, source)
    later(ledger, clock, source)
    (((_, number), _),) = api.activities.items()
    asked = json.loads(sample(source, "mention"))
    liked = {name: asked[name] for name in ("serviceUrl", "channelId", "from", "recipient", "conversation")}
    liked |= {"type": "messageReaction", "id": number, "replyToId": number, "timestamp": "2026-03-14T03:00:00Z"}
    receive(ledger, clock, source, liked | {"channelData": asked["channelData"], "reactionsAdded": [{"type": "like"}]})
    # The private text is in the first note.
    assert [each["kind"] for each in rows(ledger, operations)] == ["create_ticket", "add_note", "close_ticket"]


def test_the_thread_is_answered_once_and_the_answer_is_edited_as_the_ticket_moves(
    ledger: Ledger, clock: ManualClock, api: BotConnector
) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    later(ledger, clock, source)
    (((conversation, _), posted),) = api.activities.items()
    assert (conversation, posted["replyToId"]) == (THREAD, "1773453600101")
    assert (posted["type"], posted["textFormat"], posted["text"]) == ("message", "plain", OPEN)
    moves(ledger, clock)
    later(ledger, clock, source)
    assert api.texts == [OPEN.replace("open", "closed")]
    assert api.calls == ["token", "POST", "PUT"]


def test_a_chat_is_told_too(ledger: Ledger, clock: ManualClock, api: BotConnector) -> None:
    source = of_teams(api)
    opens(ledger, clock, source, "personal")
    later(ledger, clock, source)
    assert [conversation for conversation, _ in api.activities] == ["a:1personal-Example_0001"]


@pytest.mark.parametrize("status", [HANGS_UP, 500, 502, 504])
def test_an_answer_that_may_be_there_is_not_posted_again(
    ledger: Ledger, clock: ManualClock, api: BotConnector, status: int
) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    api.ahead += [(200, {}, token_answer(api), False), (status, {}, b"", True)]
    for _ in range(3):
        later(ledger, clock, source, 1000)
    assert (api.texts, row(ledger)["state"]) == ([OPEN], "dead")


def token_answer(api: BotConnector) -> bytes:
    api.tokens.append("token-ahead")
    return json.dumps({"access_token": "token-ahead", "expires_in": 3599}).encode()


def test_an_edit_of_which_nobody_knows_the_end_is_made_again(
    ledger: Ledger, clock: ManualClock, api: BotConnector
) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    later(ledger, clock, source)
    moves(ledger, clock)
    api.ahead.append((502, {}, b"", False))
    later(ledger, clock, source)
    later(ledger, clock, source, 5)
    assert (api.texts, api.calls) == ([OPEN.replace("open", "closed")], ["token", "POST", "PUT", "PUT"])


def test_a_token_that_is_void_is_asked_for_anew_once(ledger: Ledger, clock: ManualClock, api: BotConnector) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    later(ledger, clock, source)
    api.tokens.append("another one is good now")
    moves(ledger, clock)
    later(ledger, clock, source)
    assert api.calls == ["token", "POST", "PUT", "token", "PUT"]
    assert api.texts == [OPEN.replace("open", "closed")]


def test_a_client_secret_that_is_refused_loses_no_answer(ledger: Ledger, clock: ManualClock, api: BotConnector) -> None:
    wrong = of_teams(api, secret="expired")
    opens(ledger, clock, wrong)
    opens(ledger, clock, wrong, "personal")
    later(ledger, clock, wrong)
    later(ledger, clock, wrong, 200)
    assert (api.calls, {each["state"] for each in rows(ledger, receipts)}) == (["token"], {"due"})
    later(ledger, clock, of_teams(api), 200)
    assert len(api.texts) == 2


def test_teams_limit_is_obeyed(ledger: Ledger, clock: ManualClock, api: BotConnector) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    api.ahead += [(200, {}, token_answer(api), False), (429, {"Retry-After": "20"}, b"", False)]
    later(ledger, clock, source)
    later(ledger, clock, source, 19)
    assert api.calls == ["token", "POST"]
    later(ledger, clock, source, 2)
    assert api.texts == [OPEN]


def test_a_refused_answer_touches_no_ticket(ledger: Ledger, clock: ManualClock, api: BotConnector) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    said = json.dumps({"error": {"code": "BotNotInConversationRoster", "message": "secret words"}}).encode()
    api.ahead += [(200, {}, token_answer(api), False), (403, {}, said, False)]
    later(ledger, clock, source)
    later(ledger, clock, source, 1000)
    assert (row(ledger)["state"], row(ledger)["error"]) == ("dead", "Teams said 403 BotNotInConversationRoster")
    assert {each["state"] for each in rows(ledger, operations)} == {"done"}
    assert [each["state"] for each in rows(ledger, cases)] == ["idle"]


def test_a_token_goes_to_addresses_of_the_bot_connector_only(
    ledger: Ledger, clock: ManualClock, api: BotConnector
) -> None:
    source = of_teams(api)
    opens(ledger, clock, source)
    with ledger.database.write() as connection:
        target = json.loads(row(ledger)["target"]) | {"service": "https://evil.example/"}
        connection.execute(receipts.update().values(target=json.dumps(target)))
    later(ledger, clock, source)
    assert (api.calls, row(ledger)["state"]) == ([], "dead")


def test_tokens_and_the_client_secret_are_in_no_log(
    ledger: Ledger, clock: ManualClock, api: BotConnector, caplog: pytest.LogCaptureFixture
) -> None:
    source = of_teams(api)
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
        opens(ledger, clock, source)
        later(ledger, clock, source)
        later(ledger, clock, of_teams(api, secret="wrong-and-secret", token_url=f"{api.url}/token?x"))
    shown = f"{events}{caplog.text}{rows(ledger, receipts)}{source.settings!r}"
    assert api.tokens
    assert not [each for each in (*api.tokens, PASSWORD, "wrong-and-secret") if each in shown]


def test_a_token_is_used_until_shortly_before_its_end(api: BotConnector) -> None:
    now = 1000.0
    tokens = Tokens(lambda: now)
    credentials = ClientCredentials(f"{api.url}/token", APP_ID, PASSWORD, SCOPE)
    first = tokens.token(credentials)
    now += api.life_s - 61
    assert tokens.token(credentials) == first
    now += 1
    assert tokens.token(credentials) != first
    assert PASSWORD not in repr(credentials)
    with pytest.raises(LoginRefused, match="invalid_client"):
        tokens.token(ClientCredentials(f"{api.url}/token", APP_ID, "wrong", SCOPE))
