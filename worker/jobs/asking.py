"""Asks a product which alerts go on, by one GET of bounded time and size. Any answer but a plain 200 counts as none.

A redirect is not followed, because the credentials in the request are for the configured address.
"""

from __future__ import annotations

from connectors.contract.calls import HttpCall
from connectors.contract.connector import Ask
from connectors.contract.messages import UnreadableMessage
from worker.runtime.defects import ConnectorFailed, connector_defects
from worker.runtime.web import DEADLINE_S, NoAnswer, fetch
from worker.settings import Source

__all__ = ["NoAnswer", "asked", "listed"]

MAX_BYTES = 32 * 1024 * 1024

_HINTS = {
    401: ": check api_token, or api_username and api_password",
    403: ": the user or token may not read alerts there",
    404: ": check the path of api_url",
}


def asked(source: Source) -> Ask | None:
    """Return the request for a source; None when the source is not configured to be asked."""
    asking = source.connector.asking
    return asking.request(source.settings) if asking is not None else None


def listed(source: Source, deadline_s: float = DEADLINE_S) -> frozenset[str]:
    """Ask the source's product now, and return the case keys of the alerts that go on. Raises NoAnswer."""
    asking, question = source.connector.asking, asked(source)
    if asking is None or question is None:
        raise NoAnswer("the source has no api_url")
    body = _answer(question, deadline_s)
    try:
        with connector_defects(source, UnreadableMessage):
            return asking.listed(body, source.settings)
    except UnreadableMessage as error:
        raise NoAnswer(f"the answer cannot be read: {error}") from error
    except ConnectorFailed as error:
        raise NoAnswer(str(error)) from error


def _answer(question: Ask, deadline_s: float) -> bytes:
    call = HttpCall(question.url, b"", question.headers, "GET")
    answer = fetch(call, max_bytes=MAX_BYTES, deadline_s=deadline_s)
    if answer.status != 200:
        raise NoAnswer(f"the product answered {answer.status}{_hint(answer.status)}")
    return answer.body


def _hint(status: int) -> str:
    return ", a redirect, which is not followed" if 300 <= status < 400 else _HINTS.get(status, "")
