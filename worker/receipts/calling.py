"""Calls a platform once: a request that surely did not leave is `Later`, and one that may have arrived is `Unclear`."""

from __future__ import annotations

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Unclear
from worker.runtime.web import NoAnswer, NotReached, fetch

MAX_ANSWER = 256 * 1024  # bytes


def request(call: HttpCall) -> HttpAnswer | Later | Unclear:
    """Make the request, and return the answer."""
    try:
        return fetch(call, max_bytes=MAX_ANSWER)
    except NotReached as error:
        return Later(None, str(error))
    except NoAnswer as error:
        return Unclear(str(error))
