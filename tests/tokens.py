"""An OAuth provider on loopback for tests: access tokens for refresh tokens, and introspection.

Each refresh takes the latest refresh token, and may return another one, which invalidates the old one.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.acceptance.processes import kept_port
from tests.serving import serving

CLIENT, CLIENT_SECRET = "ticketrelay", "the client's secret"


@dataclass
class Provider:
    """Grants and received requests of the provider; a test may change them at any time."""

    port: int
    user: str
    refresh: str = "refresh-0"
    """The refresh token that is valid now."""
    rotates: bool = True
    life_s: float = 3600.0
    refresh_life_s: float | None = None
    refuses: tuple[int, dict[str, str]] | None = None
    """Status and error of every answer to a token request."""
    good: set[str] = field(default_factory=set)
    """Valid access tokens."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Fields of each token request."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    @property
    def settings_of_dovecot(self) -> str:
        """The setting that lets a Dovecot introspect a token."""
        return f"http://127.0.0.1:{self.port}/introspect?token="

    def grant(self, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a token request (RFC 6749, sections 5.1 and 5.2)."""
        self.asked.append(fields)
        if self.refuses is not None:
            return self.refuses
        if (fields.get("client_id"), fields.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        if fields["grant_type"] == "refresh_token" and fields["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "the refresh token was replaced"}
        number = next(self._numbers)
        access = f"access-{number}"
        self.good.add(access)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": self.life_s}
        if fields["grant_type"] == "refresh_token" and self.rotates:
            self.refresh = answer["refresh_token"] = f"refresh-{number}"
        if self.refresh_life_s is not None:
            answer["refresh_token_expires_in"] = self.refresh_life_s
        return 200, answer

    def introspect(self, token: str) -> tuple[int, dict[str, Any]]:
        """Return the user of a token (RFC 7662)."""
        return 200, {"active": True, "username": self.user} if token in self.good else {"active": False}


@contextmanager
def own_provider(user: str) -> Iterator[Provider]:
    """Serve a provider of tokens for this user."""
    provider = Provider(kept_port(), user)

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.grant({name: values[0] for name, values in parse_qs(content).items()}))

        def do_GET(self) -> None:
            self._answer(*provider.introspect(parse_qs(urlsplit(self.path).query)["token"][0]))

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Do not log requests."""

    with serving(ThreadingHTTPServer(("127.0.0.1", provider.port), Endpoint)):
        yield provider
