"""Stand-in for Microsoft's Bot Connector, and for the login that issues its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from ..web_stand_in import Platform, Request, served

PASSWORD = "client-secret-of-the-tests"
SCOPE = "https://api.botframework.com/.default"
_ACTIVITY = re.compile(r"/teams/v3/conversations/([^/]+)/activities/([^/]+)")


@dataclass
class BotConnector(Platform):
    """Activities of the bot, by conversation and id."""

    activities: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    """The issued tokens; all but the last are void."""
    app: str = ""
    life_s: int = 3599

    def name_of(self, request: Request) -> str:
        return "token" if request.path == "/token" else request.method

    def do(self, request: Request) -> tuple[int, dict[str, Any]]:
        if request.path == "/token":
            return self._grant({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
        found = _ACTIVITY.fullmatch(request.path)
        if not self.tokens or request.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return 401, {"message": "Authorization has been denied for this request."}
        if found is None:
            return 404, {"error": {"code": "NotFound"}}
        conversation, number = (unquote(each) for each in found.groups())
        if request.method == "POST":
            new = f"17734599{len(self.activities):05}"
            self.activities[conversation, new] = request.json
            return 201, {"id": new}
        if (conversation, number) not in self.activities:
            return 404, {"error": {"code": "ActivityNotFoundInConversation"}}
        self.activities[conversation, number] |= request.json
        return 200, {"id": number}

    def _grant(self, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = (fields.get("grant_type"), fields.get("scope"))
        if asked != ("client_credentials", SCOPE):
            return 400, {"error": "invalid_request"}
        if (fields.get("client_id"), fields.get("client_secret")) != (self.app, PASSWORD):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}
        self.tokens.append(f"token-{len(self.tokens)}-of-the-tests")
        return 200, {"token_type": "Bearer", "expires_in": self.life_s, "access_token": self.tokens[-1]}

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.activities.values()]


@contextmanager
def bot_connector(app: str) -> Iterator[BotConnector]:
    """Serve until the end of the context, to the bot with this id."""
    made = BotConnector(app=app)
    with served(made.answer) as url:
        made.url = url
        yield made
