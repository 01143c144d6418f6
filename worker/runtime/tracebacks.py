"""Formats tracebacks without exception messages, which may hold private text.

Examples are the text that did not parse as a number, and the row that the database refused. The class and the lines
passed through are always kept.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tickets.invisible import escaped


def error_location(error: BaseException) -> str:
    """Return the class of the error and the line that raised it: `KeyError in messages.py, line 7`."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{at}"


def format_without_messages(error: BaseException) -> str:
    """Return the traceback of an exception and of its causes, without their messages."""
    return "\n".join(line for each in reversed(list(_chain(error))) for line in _lines(each))


def of_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by `exception`. A processor for structlog."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given is True else None
    if isinstance(given, tuple):
        error = given[1]
    if error is not None:
        event["exception"] = format_without_messages(error)
    return event


class Formatter(logging.Formatter):
    """Formatter for the logs of other libraries. Each message is one line, without characters that nobody sees."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the standard library's name
        return escaped(super().formatMessage(record)).replace("\n", "\\n")

    def formatException(  # noqa: N802 — the standard library's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return format_without_messages(ei[1]) if ei[1] is not None else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    for each in traceback.extract_tb(error.__traceback__):
        yield f'  File "{each.filename}", line {each.lineno}, in {each.name}'
    # The operating system's message is harmless: no space left, connection refused.
    said = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{said}"
