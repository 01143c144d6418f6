"""Raw mails for tests of the whole intake: read by the connector, routed and recorded by the real code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from connectors import connector
from connectors.contract.messages import Inbound, Verified
from worker.intake.intake import Intake
from worker.intake.reading import read_verified
from worker.ledger import Ledger, Recorded
from worker.runtime.metrics import Metrics
from worker.settings import Source

from .builders import NOON

SUPPORT = "support@example.net"
ADA, BOB, EVE = "ada@customer.example", "bob@customer.example", "eve@elsewhere.example"
PATIENCE_S = 30


def mail_source(**settings: Any) -> Source:
    code = connector("email")
    return Source("prom", code, code.settings.model_validate({"secret": "s3cret", "address": SUPPORT, **settings}))


def raw(name: str, body: str = "", *, author: str = ADA, minutes: float = 0, **headers: str | None) -> bytes:
    """Build a mail with a Message-ID of this name; the keyword `In_Reply_To` sets the header `In-Reply-To`."""
    whole: dict[str, str | None] = {
        "Message-ID": f"<{name}@customer.example>",
        "From": author,
        "To": SUPPORT,
        "Subject": "The door",
        "Date": format_datetime(NOON + timedelta(minutes=minutes)),
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    lines = [f"{key}: {value}" for key, value in whole.items() if value is not None]
    return "\n".join([*lines, "", body or f"This is {name}.", ""]).encode()


def named(name: str) -> str:
    return f"<{name}@customer.example>"


class Mailbox:
    """A mailbox with an intake."""

    def __init__(self, intake: Intake, source: Source, now: datetime) -> None:
        self._intake, self._source = intake, source
        self.now = now

    def take(self, mail: bytes, envelope: Mapping[str, str] | None = None) -> Recorded:
        headers = tuple((f"x-ticketrelay-envelope-{name}", value) for name, value in (envelope or {}).items())
        arrived = Inbound(self._source.id, self.now, mail, headers)
        return self._intake.take(read_verified(self._source, Verified(arrived))).result(PATIENCE_S)


@contextmanager
def mailbox(ledger: Ledger, **settings: Any) -> Iterator[Mailbox]:
    intake = Intake(ledger, lambda _: None, Metrics())
    intake.start()
    try:
        yield Mailbox(intake, mail_source(**settings), NOON)
    finally:
        intake.stop()
