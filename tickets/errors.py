"""Exceptions of the Tickets API client, named by what the caller does next.

    TicketsError
    ├── SendLater         provably not executed: send again, after `retry_after` if given
    │                     (connection refused, name not resolved, 429, 503)
    ├── RepeatUnchanged   may have been executed: after the longest life of a request, send the same bytes and key again
    │   │                 (time-out, reset, 408, 425, every other 5xx, an answer that cannot be read)
    │   └── RepeatTwice   409 on a keyed call: at most twice more, then it is a defect of the caller
    ├── AskPerson         rejected, and will be again: a person decides (400, 404, 422 and every other 4xx)
    └── StopSending       not the message's fault: send nothing until the key is mended
                          (401: the key; 403: its scope; 407 and 3xx: the way to the service)

Source: the Tickets API's contract, sections "Errors" and "Where the documentation is silent".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """A field that the service rejected."""

    field: str
    """Dotted path, for example `priority`; empty if the service names no field."""
    message: str


class TicketsError(Exception):
    """Base class; the message is one line for operators, without bodies or keys."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        details: tuple[Detail, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; None if no answer came."""
        self.code = code
        """The service's error code (`idempotency_conflict`); None in revision B and in answers without a code."""
        self.details = details
        self.retry_after = retry_after
        """Seconds from now, not negative; None if the service gave no time."""


class SendLater(TicketsError):
    """The request was provably not executed."""


class RepeatUnchanged(TicketsError):
    """The request may have been executed."""


class RepeatTwice(RepeatUnchanged):
    """The key was used with another body, or another attempt with the key is in flight."""


class AskPerson(TicketsError):
    """The request was rejected, and will be rejected again."""


class StopSending(TicketsError):
    """The key is missing, invalid (401) or lacks the scope (403); or another system answered instead of the service."""
