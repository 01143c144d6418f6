"""Calls a platform once: a request that surely did not leave is `PostLater`; one that may have, `PostUnknown`."""

from __future__ import annotations

from connectors.contract.calls import HttpAnswer, HttpCall, PostLater, PostUnknown
from worker.runtime.web import NoAnswer, NotReached, fetch

MAX_ANSWER = 256 * 1024  # bytes


def request(call: HttpCall) -> HttpAnswer | PostLater | PostUnknown:
    """Make the request, and return the answer."""
    try:
        return fetch(call, max_bytes=MAX_ANSWER)
    except NotReached as error:
        return PostLater(None, str(error))
    except NoAnswer as error:
        return PostUnknown(str(error))
