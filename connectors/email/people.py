"""Reads author, recipients and participants of a mail. Address headers are read in one pass, however broken.

The reader of the standard library recurses into comments and groups. This reader does not, and accepts any input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.contract.messages import Inbound
from connectors.email.charsets import decode_words
from connectors.email.identity import RECIPIENT_HEADERS, is_thread_address
from connectors.email.mime import Headers
from connectors.email.settings import Settings
from connectors.toolbox.text import cut, one_line

ENVELOPE_FROM = "x-ticketrelay-envelope-from"
ENVELOPE_TO = "x-ticketrelay-envelope-to"
"""Headers set by the edge or service that took the mail: SMTP's MAIL FROM, and RCPT TO with commas between."""

MAX_PEOPLE = 100
"""Maximum participants from one mail."""

MAX_ADDRESS = 320  # characters (RFC 5321: 64 before the @, 255 after it)
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    """Display name, one line; often empty."""
    address: str
    """In lower case; without an @ if a machine writes to itself (`root`)."""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def mailboxes(values: Iterable[str]) -> tuple[Mailbox, ...]:
    """Return the mailboxes of address headers, each address once."""
    found: dict[str, Mailbox] = {}
    for value in values:
        # Some senders leave a quote open, others encode the whole header, address and all.
        unquoted = value.translate(dict.fromkeys(map(ord, '"()'), " "))
        readings = (list(_read(text)) for text in (value, unquoted, decode_words(value)))
        for each in next((reading for reading in readings if reading), []):
            found.setdefault(each.address, each)
    return tuple(found.values())


def sender(headers: Headers, envelope: str | None) -> Mailbox | None:
    """Return the mailbox in From, else in Sender, else the envelope's sender; None for a null sender."""
    candidates = (headers.all("from"), headers.all("sender"), (envelope or "",))
    return next((found[0] for values in candidates if (found := mailboxes(values))), None)


def envelope_sender(headers: Headers, inbound: Inbound) -> str | None:
    """Return the address of MAIL FROM or Return-Path: empty for a null sender, None if neither is known."""
    said = inbound.header(ENVELOPE_FROM)
    if said is None:
        if "return-path" not in headers:
            return None
        said = headers.first("return-path")
    return next((each.address for each in mailboxes((said,))), "")


def recipients(headers: Headers, inbound: Inbound) -> tuple[str, ...]:
    """Return every address that the mail went to, the envelope's first."""
    values = [value for key, value in inbound.headers if key == ENVELOPE_TO]
    for name in RECIPIENT_HEADERS:
        values += headers.all(name)
    return tuple(each.address for each in mailboxes(values))


def mailbox(headers: Headers, inbound: Inbound) -> str:
    """Return the mailbox that the mail came into, without the part after a plus; empty if unknown."""
    values = [value for key, value in inbound.headers if key == ENVELOPE_TO]
    for name in ("x-original-to", "delivered-to"):
        values += headers.all(name)
    first = next((each.address for each in mailboxes(values)), "")
    local, at, domain = first.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else first


def participants(settings: Settings, author: str | None, headers: Headers) -> tuple[str, ...]:
    """Return the addresses in From, To and Cc, without the source's own."""
    written = [each.address for each in mailboxes((*headers.all("to"), *headers.all("cc")))]
    people = [author, *written] if author else written
    others = [each for each in people if "@" in each and not is_thread_address(settings, each)]
    return tuple(dict.fromkeys(others))[:MAX_PEOPLE]


def _read(text: str) -> Iterator[Mailbox]:
    """Read the mailboxes of one header: names and quotes, comments at any depth, groups."""
    words: list[str] = []
    angle: list[str] | None = None
    in_angle = in_quotes = escaped = False
    comments = 0
    for char in f"{text},":
        if escaped:
            escaped = False
            if in_quotes:
                words.append(char)
        elif char == "\\" and (in_quotes or comments):
            escaped = True
        elif in_quotes:
            in_quotes = char != '"'
            words += char if in_quotes else ()
        elif comments or char == "(":
            comments += (char == "(") - (char == ")")
        elif char == '"':
            in_quotes = True
        elif char == "<":
            in_angle, angle = True, []
        elif char == ">":
            in_angle = False
        elif char in ",;" and not in_angle:
            if mailbox := _mailbox("".join(words), angle):
                yield mailbox
            words, angle = [], None
        elif char == ":" and not in_angle:
            words = []  # a group's name
        else:
            (angle if in_angle and angle is not None else words).append(char)


def _mailbox(words: str, angle: list[str] | None) -> Mailbox | None:
    if angle is not None:
        address, name = "".join(angle), words
    else:
        with_at = [word for word in words.split() if "@" in word]
        address, name = with_at[0] if with_at else words, ""
    address = address.strip().lower().removeprefix("mailto:")
    local, at, domain = address.rpartition("@")
    if not address.isprintable() or len(address) > MAX_ADDRESS or len(address.split()) != 1:
        return None
    if (at and not (local and domain)) or (not at and "=?" in address):
        return None
    return Mailbox(cut(one_line(decode_words(name)), MAX_NAME), address)
