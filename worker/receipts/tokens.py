"""Gets OAuth access tokens by client credentials, and keeps each until shortly before it expires.

Tokens are kept in memory alone: another process, and the next start, get their own.

Source: RFC 6749, sections 4.4 and 5.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

from connectors.contract.calls import ClientCredentials, HttpAnswer, HttpCall
from worker.intake.imap.oauth import EARLY_S, granted
from worker.intake.imap.server import ServerAway
from worker.receipts.calling import request

FORM = "application/x-www-form-urlencoded"
MOST = 100


class Tokens:
    """The tokens of all sources of a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[ClientCredentials, tuple[float, str]] = {}

    def token(self, credentials: ClientCredentials) -> str:
        """Return a token that is valid for a while. Raises LoginRefused, ServerAway."""
        until, token = self._kept.get(credentials, (0.0, ""))
        if self._clock() < until:
            return token
        fields = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "scope": credentials.scope,
        }
        asked = HttpCall(credentials.url, urlencode(fields).encode(), {"Content-Type": FORM})
        answer = request(asked)
        if not isinstance(answer, HttpAnswer):
            raise ServerAway(f"the token endpoint cannot be reached: {answer.reason}")
        tokens = granted(answer.status, answer.body, None, datetime.now(UTC))
        while len(self._kept) >= MOST:
            self._kept.pop(next(iter(self._kept)))
        self._kept[credentials] = (self._clock() + max(tokens.life_s - EARLY_S, tokens.life_s / 2), tokens.access)
        return tokens.access

    def drop(self, credentials: ClientCredentials) -> None:
        """Forget the token that the platform refused, so that the next call gets another one."""
        self._kept.pop(credentials, None)
