"""Makes one request of a job to another party's service. A connector writes the request and reads the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall
from worker.runtime.defects import ConnectorFailed, connector_defects
from worker.runtime.web import NoAnswer, fetch
from worker.settings import Source

MAX_BYTES = 8 * 1024 * 1024  # of one answer

T = TypeVar("T")


def waiting(later: CallLater, otherwise: timedelta) -> timedelta:
    """Return the pause before the next request; at least a second, even if the platform asks for less."""
    return otherwise if later.seconds is None else timedelta(seconds=max(later.seconds, 1.0))


def asked(
    source: Source, call: HttpCall, read: Callable[[HttpAnswer], T | CallLater | CallUnknown | CallRejected]
) -> T | CallLater | str:
    """Return what the connector read from the answer. A string is the reason of a failure; the job tries again."""
    try:
        answer = fetch(call, max_bytes=MAX_BYTES)
    except NoAnswer as error:
        return f"{call.url}: {error}"
    try:
        with connector_defects(source):
            said = read(answer)
    except ConnectorFailed as error:
        return str(error)
    return f"{call.url}: {said.reason}" if isinstance(said, CallUnknown | CallRejected) else said
