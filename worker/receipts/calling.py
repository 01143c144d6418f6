"""How is a platform called? Once, without following redirects, for a limited time and answer.

URLs are not logged: Telegram's hold the bot's token, and those of Discord and Slack let whoever has them answer.
"""

from __future__ import annotations

import logging
import time

import httpx

from connectors.answering import HttpAnswer, HttpCall, Later, Unclear

logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it logs the URL of every request

TIMEOUT_S = 10.0
MAX_ANSWER = 256 * 1024  # bytes


def request(call: HttpCall) -> HttpAnswer | Later | Unclear:
    """Make the request, once; what it was answered with."""
    client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
    sent = {"Accept-Encoding": "identity", **call.headers}  # so that a short answer cannot become a long one
    end = time.monotonic() + TIMEOUT_S
    body = bytearray()
    try:
        with client, client.stream(call.method, call.url, content=call.body, headers=sent) as answer:
            for part in answer.iter_raw():
                body += part
                if len(body) > MAX_ANSWER or time.monotonic() > end:
                    return Unclear("the answer is too long, or takes too long")
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return HttpAnswer(answer.status_code, headers, bytes(body))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return Later(None, f"no connection: {type(error).__name__}")
    except httpx.HTTPError as error:
        return Unclear(f"{type(error).__name__}")
