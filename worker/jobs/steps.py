"""How does a job ask somebody else's service? One request that a connector writes, and whose answer it reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from connectors.answering import HttpAnswer, HttpCall, Later, Refused, Unclear
from worker.settings import Source
from worker.web import NoAnswer, fetch

log = structlog.get_logger()

MAX_BYTES = 8 * 1024 * 1024  # of one answer

T = TypeVar("T")


def waiting(later: Later, otherwise: timedelta) -> timedelta:
    """For how long nothing is to be asked; at least a moment, whatever the platform says."""
    return otherwise if later.seconds is None else timedelta(seconds=max(later.seconds, 1.0))


def asked(
    source: Source, call: HttpCall, read: Callable[[HttpAnswer], T | Later | Unclear | Refused]
) -> T | Later | str:
    """What the request brought; a reason where it brought nothing, and is to be made again."""
    try:
        answer = fetch(call.url, call.headers, max_bytes=MAX_BYTES, method=call.method, body=call.body)
    except NoAnswer as error:
        return f"{call.url}: {error}"
    try:
        said = read(answer)
    except Exception as defect:
        # A defect of a connector costs its source what was asked for, and the other jobs nothing.
        log.exception("connector.failed", source=source.id, kind=source.connector.kind)
        return f"the connector failed on the answer ({type(defect).__name__}: {defect})"
    return f"{call.url}: {said.reason}" if isinstance(said, Unclear | Refused) else said
