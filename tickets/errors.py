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

from tickets.text import cut

MAX_REASON = 500  # characters of the reason


@dataclass(frozen=True, slots=True)
class Detail:
    """A field that the service rejected."""

    field: str
    """Dotted path, for example `priority`; empty if the service names no field."""
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


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
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; None if no answer came."""
        self.code = code
        """The service's error code (`idempotency_conflict`); None in revision B and in answers without a code."""
        self.details = details
        self.retry_after = retry_after
        """Seconds from now, not negative; None if the service gave no time."""
        self.request_id = request_id
        """The service's name for this request, by which its support finds it; None if the answer had none."""

    @property
    def reason(self) -> str | None:
        """The service's own words in one line, about the rejected fields if it names any; None without a reason."""
        fields = [each for each in self.details if each.field]
        said = dict.fromkeys(str(each) for each in fields or self.details)
        return cut("; ".join(said), MAX_REASON) or None

    @property
    def in_full(self) -> str:
        """The message with the service's own words behind it, in one line."""
        return f"{self}: {self.reason}" if self.reason else str(self)


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
