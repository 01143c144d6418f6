"""How is somebody else's web service called? Once, within bounded time and size, and never on to another address.

A redirect is an answer like others: the proof that goes with a request is for the address that was configured. URLs are
not logged: Telegram's hold the bot's token, and those of Discord and Slack let whoever has them answer.
"""

from __future__ import annotations

import asyncio
import logging

import httpx

from connectors.contract.calls import HttpAnswer, HttpCall
from tickets.transport import trusted_authorities

logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it logs the URL of every request

DEADLINE_S = 10.0  # of all of it, from the look-up of the name to the last byte


class NoAnswer(Exception):
    """There is no whole answer; the message is the reason, without the URL."""


class NotReached(NoAnswer):
    """The request surely did not leave."""


def fetch(call: HttpCall, *, max_bytes: int, deadline_s: float = DEADLINE_S) -> HttpAnswer:
    """The answer to one request. Raises NoAnswer, NotReached where nobody can have got it."""
    # Compressed, an answer could grow a thousandfold.
    whole = {"Accept": "application/json", "Accept-Encoding": "identity", **call.headers}
    sent = [(name.encode(), value.encode("latin-1")) for name, value in whole.items()]
    try:
        request = httpx.Request(call.method, call.url, headers=sent, content=call.body or None)
        return asyncio.run(_fetch(request, max_bytes, deadline_s))
    except TimeoutError:
        raise NoAnswer(f"no whole answer within {deadline_s:g} s") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise NotReached(f"no connection: {type(error).__name__}: {error}") from error
    except httpx.HTTPError as error:
        raise NoAnswer(f"no answer: {type(error).__name__}: {error}") from error


async def _fetch(request: httpx.Request, max_bytes: int, deadline_s: float) -> HttpAnswer:
    """With a loop of its own, since httpx's time-outs are for one read: a byte every few seconds would never end."""
    # Connecting ends before the whole does, so that it is told from a request that left.
    limits = httpx.Timeout(deadline_s, connect=0.8 * deadline_s)
    client = httpx.AsyncClient(timeout=limits, follow_redirects=False, trust_env=False, verify=trusted_authorities())
    body = bytearray()
    async with asyncio.timeout(deadline_s), client:
        answer = await client.send(request, stream=True)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise NoAnswer("the answer is compressed, and was asked not to be")
        async for part in answer.aiter_raw():
            body += part
            if len(body) > max_bytes:
                raise NoAnswer(f"the answer has more than {max_bytes} bytes")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return HttpAnswer(answer.status_code, headers, bytes(body))
