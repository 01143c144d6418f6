"""Deliveries from Teams are verified with Microsoft's published keys; all others are answered 401."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors import connector, fixtures
from tests.connectors.sealing import APP_ID, MICROSOFT, bot_token, key_set
from tests.connectors.teams_bot.test_tokens import TAMPERED
from worker.intake.keys import AGAIN_S, FAILED_S, Keyring
from worker.ledger import Ledger
from worker.ledger.schema.tables import cases
from worker.settings import Source

from .builders import NOON, rows
from .http_edge import Served, serving

NOT_SENT = ("a NUL", "no token", "endless")  # no client sends such headers
BODY = fixtures("teams_bot")["mention"].body


class Microsoft:
    """Serves its keys, and stores the requested URLs; the clock moves only when the test moves it."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200, content=key_set())
        self.asked: list[str] = []
        self.now = 1000.0
        self.ring = Keyring(httpx.MockTransport(self._take), lambda: self.now)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(self.answer.status_code, content=self.answer.content)


@pytest.fixture
def microsoft() -> Microsoft:
    return Microsoft()


def bot() -> Source:
    made = connector("teams_bot")
    return Source("bot", made, made.settings.model_validate({"secret": "s", "app_id": APP_ID}))


def post(served: Served, authorization: str | None) -> int:
    # As bytes, because the test tries values that no text header can hold.
    headers = {} if authorization is None else {b"Authorization": authorization.encode("utf-8")}
    return served.http.post("/in/bot", content=BODY, headers=headers).status_code


def bearer(**changes: Any) -> str:
    return f"Bearer {bot_token(BODY, NOON, **changes)}"


def test_a_message_is_one_ticket_and_a_forged_one_none(sqlite_ledger: Ledger, microsoft: Microsoft) -> None:
    with serving(sqlite_ledger, bot(), keyring=microsoft.ring) as served:
        assert [post(served, bearer()) for _ in range(2)] == [200, 200]
        sendable = [each for name, each in TAMPERED.items() if name not in NOT_SENT]
        assert {post(served, each) for each in sendable} == {401}
        assert [each["ticket_id"] for each in rows(sqlite_ledger, cases)] == [None]
        assert microsoft.asked == [MICROSOFT.keys]


def test_a_new_key_of_microsoft_s_is_found_and_a_stranger_s_costs_nothing(
    sqlite_ledger: Ledger, microsoft: Microsoft
) -> None:
    with serving(sqlite_ledger, bot(), keyring=microsoft.ring) as served:
        assert post(served, bearer()) == 200
        microsoft.now += AGAIN_S
        microsoft.answer = httpx.Response(200, content=key_set("next"))
        assert post(served, bearer(kid="next")) == 200
        assert {post(served, bearer(kid=f"of a stranger {number}")) for number in range(20)} == {401}
        assert len(microsoft.asked) == 2


def test_while_the_keys_cannot_be_fetched_teams_comes_again(sqlite_ledger: Ledger, microsoft: Microsoft) -> None:
    microsoft.answer = httpx.Response(503)
    with serving(sqlite_ledger, bot(), keyring=microsoft.ring) as served:
        assert post(served, bearer()) == 503
        microsoft.now += FAILED_S
        microsoft.answer = httpx.Response(200, content=key_set())
        assert post(served, bearer()) == 200
