"""Builders of mails with a few changes, and shortcuts that parse them with the email connector."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed, Unverified
from connectors.email import CONNECTOR, Settings

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
ADDRESS = "support@example.net"
PLAIN = {
    "From": "Ada Byron <ada@customer.example>",
    "To": "Support <support@example.net>",
    "Subject": "The door does not open",
    "Date": "Fri, 13 Mar 2026 12:00:00 +0000",
    "Message-ID": "<first.1@customer.example>",
}


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"secret": "correct horse", "address": ADDRESS} | changes)


def mail(body: str = "It is stuck.\n", headers: Mapping[str, str | None] | None = None) -> bytes:
    """Return a mail as bytes; a header of None is left out."""
    whole: dict[str, str | None] = {**PLAIN, **(headers or {})}
    lines = [f"{name}: {value}\n" for name, value in whole.items() if value is not None]
    return ("".join(lines) + "\n" + body).encode("utf-8", "surrogateescape")


def parse(raw: bytes, used: Settings | None = None, envelope: Mapping[str, str] | None = None) -> Parsed:
    headers = tuple((f"x-ticketrelay-envelope-{name}", value) for name, value in (envelope or {}).items())
    inbound = Inbound(source="mail", received_at=NOW, body=raw, headers=headers)
    return CONNECTOR.parse(Unverified(inbound), used or settings())


def event(
    body: str = "It is stuck.\n",
    headers: Mapping[str, str | None] | None = None,
    used: Settings | None = None,
    envelope: Mapping[str, str] | None = None,
) -> Event:
    """Return the only event of a mail with this body and these headers."""
    (only,) = parse(mail(body, headers), used, envelope).events
    return only


def multipart(subtype: str, *parts: str, boundary: str = "b") -> tuple[str, str]:
    """Return a Content-Type and a multipart body; each part includes its own headers."""
    joined = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'multipart/{subtype}; boundary="{boundary}"', f"{joined}--{boundary}--\n"
