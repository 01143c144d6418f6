"""Reads mail from services that take mail for us, with the parser of `connectors.email`.

The service delivers the mail itself. A source of such a kind can also have IMAP mailboxes. Every way ends in the same
parser, so a mail that arrives by two ways is one ticket.

This is the only place where a connector uses another one: parsing mail does not depend on its carrier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.contract.messages import Inbound, Parsed, Unverified, Verified
from connectors.email import CONNECTOR, Settings
from connectors.email.people import ENVELOPE_FROM, ENVELOPE_TO

__all__ = ["ATTRIBUTES", "MAILBOXES", "MailSettings", "is_enveloped", "read", "read_enveloped"]

MailSettings = Settings
ATTRIBUTES = CONNECTOR.attributes
MAILBOXES = CONNECTOR.mailboxes


MARKS = ("x-ticketrelay-envelope-to", "x-ticketrelay-imap-url")
"""Headers of deliveries whose body is the mail itself."""


def is_enveloped(message: Verified | Unverified) -> bool:
    """True if the body is the mail itself, delivered without the service."""
    return any(name in MARKS for name, _ in message.inbound.headers)


def read(
    message: Verified | Unverified, settings: Settings, mail: bytes, sender: str | None, recipients: Sequence[str]
) -> Parsed:
    """Parse the mail that a delivery carries. A sender of "" is the null sender, None an unknown sender.

    Raises UnreadableMessage.
    """
    envelope = [(ENVELOPE_TO, ", ".join(recipients))]
    if sender is not None:
        envelope.append((ENVELOPE_FROM, sender))
    others = [each for each in message.inbound.headers if each[0] not in (ENVELOPE_FROM, ENVELOPE_TO)]
    inbound: Inbound = replace(message.inbound, body=mail, headers=(*others, *envelope))
    return CONNECTOR.parse(Unverified(inbound), settings)


def read_enveloped(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Parse a delivery whose body is the mail. Raises UnreadableMessage."""
    return CONNECTOR.parse(message, settings)
