"""How does a service that takes mail for us hand it over? As the mail itself, and `connectors.email` reads it.

A source of such a kind can have mailboxes that are read over IMAP too. All ways end in the same reading: a mail that
comes by two of them is one ticket.

This is the one place where a connector uses another one: how mail is read is no business of who carried it.
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
    """True for a mail that came without the service around it: it is the body."""
    return any(name in MARKS for name, _ in message.inbound.headers)


def read(
    message: Verified | Unverified, settings: Settings, mail: bytes, sender: str | None, recipients: Sequence[str]
) -> Parsed:
    """What the mail says that the message carries. A sender of "" is the null sender, None one that was not told.

    Raises UnreadableMessage.
    """
    envelope = [(ENVELOPE_TO, ", ".join(recipients))]
    if sender is not None:
        envelope.append((ENVELOPE_FROM, sender))
    others = [each for each in message.inbound.headers if each[0] not in (ENVELOPE_FROM, ENVELOPE_TO)]
    inbound: Inbound = replace(message.inbound, body=mail, headers=(*others, *envelope))
    return CONNECTOR.parse(Unverified(inbound), settings)


def read_enveloped(message: Verified | Unverified, settings: Settings) -> Parsed:
    """What a mail says that is the body. Raises UnreadableMessage."""
    return CONNECTOR.parse(message, settings)
