"""What went wrong with a call, named by what the caller does next.

    TicketsError
    ├── SendLater         provably not executed: send it again, after `retry_after` where there is one
    │                     (connection refused, name not resolved, 429, 503)
    ├── RepeatUnchanged   may have been executed: after the longest life of a request, the same bytes and key again
    │   │                 (time-out, reset, 408, 425, every other 5xx, an answer that cannot be read)
    │   └── RepeatTwice   409 on a keyed call: twice more at the most, then it is a defect of the caller
    ├── AskPerson         rejected, and will be again: a person decides (400, 404, 422 and every other 4xx)
    └── StopSending       no message is at fault: send nothing until the key is mended
                          (401: the key; 403: its scope; 407 and 3xx: the way to the service)

Source: the Tickets API's contract, sections "Errors" and "Where the documentation is silent".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One field that the service did not accept."""

    field: str
    """Dotted path, for example `priority`; empty where the service names none."""
    message: str


class TicketsError(Exception):
    """Base of all; the message is one line that an operator can read, without bodies or keys."""

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
        """HTTP status; None where no answer came."""
        self.code = code
        """The service's own word (`idempotency_conflict`); None in revision B and where there was none."""
        self.details = details
        self.retry_after = retry_after
        """Seconds from now, not negative; None where the service said nothing."""


class SendLater(TicketsError):
    """Provably not executed."""


class RepeatUnchanged(TicketsError):
    """May have been executed."""


class RepeatTwice(RepeatUnchanged):
    """The key was used with another body, or another attempt with it is in flight."""


class AskPerson(TicketsError):
    """Rejected, and will be rejected again."""


class StopSending(TicketsError):
    """The key is missing, invalid (401) or lacks the scope (403); or something else than the service answered."""
