"""Calls a platform once: a request that surely did not leave is `CallLater`; one that may have, `CallUnknown`."""

from __future__ import annotations

from connectors.contract.calls import CallLater, CallUnknown, HttpAnswer, HttpCall
from worker.runtime.web import NoAnswer, NotReached, fetch

MAX_ANSWER = 256 * 1024  # bytes


def request(call: HttpCall) -> HttpAnswer | CallLater | CallUnknown:
    """Make the request, and return the answer."""
    try:
        return fetch(call, max_bytes=MAX_ANSWER)
    except NotReached as error:
        return CallLater(None, str(error))
    except NoAnswer as error:
        return CallUnknown(str(error))
