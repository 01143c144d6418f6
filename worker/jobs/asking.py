"""How is a product asked what goes on? By one GET of bounded time and size; whatever is no plain answer is none.

A redirect is not followed: the proof that goes with the question is for the address that was configured.
"""

from __future__ import annotations

import asyncio

import httpx
import structlog

from connectors.base import Ask, UnreadableMessage
from tickets.transport import trusted_authorities
from worker.settings import Source

log = structlog.get_logger()

DEADLINE_S = 10.0  # of all of it, from the look-up of the name to the last byte
MAX_BYTES = 32 * 1024 * 1024

_HINTS = {
    401: ": look at api_token, or api_username and api_password",
    403: ": what we prove ourselves with may not read alerts there",
    404: ": look at the path of api_url",
}


class NoAnswer(Exception):
    """What goes on cannot be told now; the message is the reason."""


def asked(source: Source) -> Ask | None:
    """The question for a source; None where it is not to be asked."""
    asking = source.connector.asking
    return asking.request(source.settings) if asking is not None else None


def listed(source: Source, deadline_s: float = DEADLINE_S) -> frozenset[str]:
    """The case keys of what goes on at the product of a source, which is asked now. Raises NoAnswer."""
    asking, question = source.connector.asking, asked(source)
    if asking is None or question is None:
        raise NoAnswer("it is not configured to be asked")
    body = _answer(question, deadline_s)
    try:
        return asking.listed(body, source.settings)
    except UnreadableMessage as error:
        raise NoAnswer(f"the answer cannot be read: {error}") from error
    except Exception as defect:
        # A defect of a connector costs its source the confirmation, and the other jobs nothing.
        log.exception("connector.failed", source=source.id, kind=source.connector.kind)
        raise NoAnswer(f"the connector failed on the answer ({type(defect).__name__}: {defect})") from defect


def _answer(question: Ask, deadline_s: float) -> bytes:
    try:
        return asyncio.run(_get(question, deadline_s))
    except TimeoutError:
        raise NoAnswer(f"no whole answer within {deadline_s:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(f"no answer: {type(error).__name__}: {error}") from error


async def _get(question: Ask, deadline_s: float) -> bytes:
    """The body of the answer.

    With a loop of its own, since httpx's time-outs are for one read: a byte every few seconds would never end.
    """
    # Compressed, an answer could grow a thousandfold.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **question.headers}
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    client = httpx.AsyncClient(
        timeout=deadline_s, follow_redirects=False, trust_env=False, verify=trusted_authorities()
    )
    body = bytearray()
    async with asyncio.timeout(deadline_s), client, client.stream("GET", question.url, headers=sent) as answer:
        if answer.status_code != 200:
            raise NoAnswer(f"it answered {answer.status_code}{_hint(answer.status_code)}")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise NoAnswer("the answer is compressed, and was asked not to be")
        async for part in answer.aiter_raw():
            body += part
            if len(body) > MAX_BYTES:
                raise NoAnswer(f"the answer has more than {MAX_BYTES} bytes")
    return bytes(body)


def _hint(status: int) -> str:
    return ", a redirect, which is not followed" if 300 <= status < 400 else _HINTS.get(status, "")
