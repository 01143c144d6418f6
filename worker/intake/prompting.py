"""How is a person asked for more? By one call, once the delivery was answered: a form opens, a question is put.

It is made once, with what the person did a moment ago: later it would be of no use. What goes wrong is logged, and no
ticket depends on it. No more than a few are under way at once in a process, by whatever way the deliveries came.
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
    """Make the call; never raises for what becomes of it, and returns within a few seconds."""
    if not _free.acquire(blocking=False):
        log.warning("prompt.failed", source=source, error=f"{AT_ONCE} others are under way")
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
    """Make the call that a delivery asks for, if it does, in a thread of its own: who acknowledges must not wait."""
    call = delivery.parsed.prompt
    if call is not None:
        threading.Thread(target=ask, args=(source.id, call), name="prompt", daemon=True).start()


def _made(call: HttpCall) -> str | None:
    """Why it failed; None where it did not."""
    try:
        answer = fetch(call, max_bytes=MAX_ANSWER, deadline_s=DEADLINE_S)
    except NoAnswer as error:
        return str(error)
    return _refusal(answer.status, answer.body)


def _refusal(status: int, body: bytes) -> str | None:
    """Why it was refused; platforms say `"ok": false` and `"error"` with status 200. None where it was not."""
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
