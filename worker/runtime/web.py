"""Calls another party's web service once, with bounded time and size, and without following redirects.

A redirect is returned like any other answer, because the credentials in the request are for the configured address.
URLs are not logged: Telegram's hold the bot's token, and those of Discord and Slack let anybody who has them answer.
"""

from __future__ import annotations

import asyncio
import logging

import httpx

from connectors.contract.calls import HttpAnswer, HttpCall
from tickets.transport import trusted_authorities

logging.getLogger("httpx").setLevel(logging.WARNING)  # below that, httpx logs the URL of every request

DEADLINE_S = 10.0  # for the whole call, from the look-up of the name to the last byte


class NoAnswer(Exception):
    """No complete answer arrived. The message is the reason, without the URL."""


class NotReached(NoAnswer):
    """The request certainly did not leave."""


def fetch(call: HttpCall, *, max_bytes: int, deadline_s: float = DEADLINE_S) -> HttpAnswer:
    """Return the answer to one request. Raises NoAnswer, or NotReached when the request cannot have arrived."""
    # A compressed answer could grow a thousandfold.
    whole = {"Accept": "application/json", "Accept-Encoding": "identity", **call.headers}
    sent = [(name.encode(), value.encode("latin-1")) for name, value in whole.items()]
    try:
        request = httpx.Request(call.method, call.url, headers=sent, content=call.body or None)
        return asyncio.run(_fetch(request, max_bytes, deadline_s))
    except TimeoutError:
        raise NoAnswer(f"no complete answer within {deadline_s:g} s") from None
    except (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
        UnicodeError,
    ) as error:
        # A UnicodeError comes from a host name with a part that is too long, or that IDNA does not know.
        raise NotReached(f"no connection: {type(error).__name__}: {error}") from error
    except httpx.HTTPError as error:
        raise NoAnswer(f"no answer: {type(error).__name__}: {error}") from error


async def _fetch(request: httpx.Request, max_bytes: int, deadline_s: float) -> HttpAnswer:
    """Fetch in an event loop of its own, with a deadline for the whole call.

    httpx's time-outs hold for one read: with a byte every few seconds the call would never end.
    """
    # Connecting times out before the whole call does, so that it can be told apart from a request that left.
    limits = httpx.Timeout(deadline_s, connect=0.8 * deadline_s)
    client = httpx.AsyncClient(timeout=limits, follow_redirects=False, trust_env=False, verify=trusted_authorities())
    body = bytearray()
    async with asyncio.timeout(deadline_s), client:
        answer = await client.send(request, stream=True)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise NoAnswer("the answer is compressed, although the request forbade that")
        async for part in answer.aiter_raw():
            body += part
            if len(body) > max_bytes:
                raise NoAnswer(f"the answer has more than {max_bytes} bytes")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return HttpAnswer(answer.status_code, headers, bytes(body))
