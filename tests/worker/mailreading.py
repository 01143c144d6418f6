"""Reads mailboxes of a test's own Dovecot in this process, as `mail` does, and looks the outcomes up in the ledger."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors import connector
from tests.acceptance.processes import wait_until
from tests.own_mail import PASSWORD, USER, Dovecot
from worker.intake.imap.reader import Patience
from worker.intake.imap.supervisor import ImapSupervisor, configured
from worker.intake.intake import Intake
from worker.ledger import Ledger, MailboxState
from worker.ledger.schema.tables import inbound, mailbox_uids, operations
from worker.runtime.metrics import Metrics
from worker.settings import Source

from .builders import rows

PATIENCE_S = 30.0
LEASE = timedelta(seconds=2)
SOURCE = "support"
QUICK = {"poll": 0.2, "timeout": 5.0, "begin": "all"}

_numbers = itertools.count(1)


def mail(subject: str | None = None, body: str = "It does not work.\n", **headers: str) -> bytes:
    """Build a mail of a person with a Message-ID of its own."""
    number = next(_numbers)
    whole = {
        "From": "Ada Byron <ada@customer.example>",
        "To": "support@example.net",
        "Subject": subject or f"Trouble {number}",
        "Date": "Fri, 13 Mar 2026 12:00:00 +0000",
        "Message-ID": f"<{number}.of-the-tests@customer.example>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in whole.items())
    return (lines + "\r\n" + body.replace("\n", "\r\n")).encode()


def box(dovecot: Dovecot, **changes: Any) -> dict[str, Any]:
    """Return the settings of a mailbox on this Dovecot, with STARTTLS."""
    host = {"host": "127.0.0.1", "port": dovecot.port, "security": "starttls", "user": USER}
    own = {**host, "tls_ca": str(dovecot.certificate.authority), "password": PASSWORD} | QUICK | changes
    return {name: value for name, value in own.items() if value is not None}


def source(**boxes: dict[str, Any]) -> Source:
    """Return a mail source with these mailboxes."""
    code = connector("email")
    given = {"secret": "of the tests", "address": "support@example.net", "imap": boxes}
    return Source(SOURCE, code, code.settings.model_validate(given))


class Reading:
    """Mailboxes that are read into a ledger, and the results."""

    def __init__(self, folder: Path, *boxes: Source) -> None:
        self.ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.upgrade()
        self.sources = {each.id: each for each in boxes}

    @contextmanager
    def going(self, patience: Patience | None = None) -> Iterator[None]:
        """Read the mailboxes in this process during the context."""
        intake = Intake(self.ledger, lambda _: None, Metrics())
        supervisor = ImapSupervisor(self.ledger, intake, lambda: self.sources, LEASE, patience)
        intake.start()
        supervisor.start()
        try:
            number = len(configured(self.sources))
            wait_until(lambda: len(self.ledger.overview().mailboxes) == number, "watched mailboxes", PATIENCE_S)
            yield
        finally:
            supervisor.stop()
            intake.stop()

    def configure(self, **boxes: dict[str, Any]) -> None:
        """Replace the configuration."""
        self.sources = {SOURCE: source(**boxes)}

    def uids(self) -> list[dict[str, Any]]:
        return rows(self.ledger, mailbox_uids)

    def outcomes(self) -> dict[str, int]:
        """Count the accounted mails by outcome."""
        found = [each["outcome"] for each in self.uids()]
        return {word: found.count(word) for word in sorted(set(found))}

    def tickets(self) -> int:
        return sum(each["kind"] == "create_ticket" for each in rows(self.ledger, operations))

    def deliveries(self) -> list[dict[str, Any]]:
        return rows(self.ledger, inbound)

    def state(self, name: str = "main") -> MailboxState:
        (found,) = [each for each in self.ledger.overview().mailboxes if each.mailbox == name]
        return found

    def wait_for(self, number: int, what: str = "mails accounted for") -> None:
        wait_until(lambda: len(self.uids()) >= number, f"{number} {what}", PATIENCE_S)

    def wait_for_polls(self, number: int = 2, name: str = "main") -> None:
        """Wait for a number of successful polls; the last one begins after this call."""
        for _ in range(number):
            before = self.state(name).polled_at
            wait_until(lambda before=before: self.state(name).polled_at != before, "another poll", PATIENCE_S)  # type: ignore[misc]

    def close(self) -> None:
        self.ledger.close()


@contextmanager
def reading(folder: Path, **boxes: dict[str, Any]) -> Iterator[Reading]:
    """A ledger of its own, into which mailboxes are read."""
    made = Reading(folder, source(**boxes))
    try:
        yield made
    finally:
        made.close()
