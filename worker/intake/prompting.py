"""Asks a person for more by one call, after the delivery was answered: opens a form or asks a question.

The call is made once, because it refers to something that the person did a moment ago: later it would be of no use. A
failure is logged, and no ticket depends on it. A process makes only a few of these calls at once, over all edges.
"""

from __future__ import annotations

import json
import re
import threading

import structlog

from connectors.contract.calls import HttpCall
from worker.ledger import Delivery
from worker.runtime.web import NoAnswer, fetch
from worker.settings import Source

log = structlog.get_logger()

AT_ONCE = 8
DEADLINE_S = 3.0
MAX_ANSWER = 256 * 1024  # bytes

_free = threading.BoundedSemaphore(AT_ONCE)
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def ask(source: str, call: HttpCall) -> None:
    """Make the call within a few seconds. Never raises for its outcome."""
    if not _free.acquire(blocking=False):
        log.warning("prompt.failed", source=source, error=f"{AT_ONCE} other prompts are under way")
        return
    try:
        failure = _made(call)
    finally:
        _free.release()
    if failure is None:
        log.info("prompt.made", source=source)
    else:
        log.warning("prompt.failed", source=source, error=failure)


def ask_meanwhile(source: Source, delivery: Delivery) -> None:
    """Make the call that a delivery asks for, if any, in a thread of its own: the acknowledgement must not wait."""
    call = delivery.parsed.prompt
    if call is not None:
        threading.Thread(target=ask, args=(source.id, call), name="prompt", daemon=True).start()


def _made(call: HttpCall) -> str | None:
    """Make the call, and return why it failed; None when it succeeded."""
    try:
        answer = fetch(call, max_bytes=MAX_ANSWER, deadline_s=DEADLINE_S)
    except NoAnswer as error:
        return str(error)
    return _refusal(answer.status, answer.body)


def _refusal(status: int, body: bytes) -> str | None:
    """Return why the call was refused, or None. Platforms send `"ok": false` and `"error"` with status 200."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    error = said.get("error") if isinstance(said, dict) and said.get("ok") is False else None
    if isinstance(error, str) and _ERROR.fullmatch(error):
        return error
    if isinstance(said, dict) and said.get("ok") is False:
        return "no reason given"
    return None if 200 <= status < 300 else f"answered {status}"
