"""Whose mail is this, and who else takes part? Address headers read in one pass, however they are broken.

The reader of the standard library recurses into comments and groups; this one does not, and gives up on nothing.
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
"""Set by whoever took the mail: what was said in SMTP's MAIL FROM, and in RCPT TO with commas between."""

MAX_PEOPLE = 100
"""Participants that one mail makes known."""

MAX_ADDRESS = 320  # characters (RFC 5321: 64 before the @, 255 after it)
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    """As people read it, one line; often empty."""
    address: str
    """In lower case; without an @ where a machine writes to itself (`root`)."""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def mailboxes(values: Iterable[str]) -> tuple[Mailbox, ...]:
    """The mailboxes of address headers, each address once."""
    found: dict[str, Mailbox] = {}
    for value in values:
        # Some senders leave a quote open, others encode the whole header, address and all.
        unquoted = value.translate(dict.fromkeys(map(ord, '"()'), " "))
        readings = (list(_read(text)) for text in (value, unquoted, decode_words(value)))
        for each in next((reading for reading in readings if reading), []):
            found.setdefault(each.address, each)
    return tuple(found.values())


def sender(headers: Headers, envelope: str | None) -> Mailbox | None:
    """From, else Sender, else the envelope's sender; None for a null sender."""
    candidates = (headers.all("from"), headers.all("sender"), (envelope or "",))
    return next((found[0] for values in candidates if (found := mailboxes(values))), None)


def envelope_sender(headers: Headers, inbound: Inbound) -> str | None:
    """The address of MAIL FROM or Return-Path: empty for a null sender, None where neither is known."""
    said = inbound.header(ENVELOPE_FROM)
    if said is None:
        if "return-path" not in headers:
            return None
        said = headers.first("return-path")
    return next((each.address for each in mailboxes((said,))), "")


def recipients(headers: Headers, inbound: Inbound) -> tuple[str, ...]:
    """Every address that the mail went to, the envelope's first."""
    values = [value for key, value in inbound.headers if key == ENVELOPE_TO]
    for name in RECIPIENT_HEADERS:
        values += headers.all(name)
    return tuple(each.address for each in mailboxes(values))


def mailbox(headers: Headers, inbound: Inbound) -> str:
    """The mailbox that the mail came into, without what stands behind a plus; empty where nothing says so."""
    values = [value for key, value in inbound.headers if key == ENVELOPE_TO]
    for name in ("x-original-to", "delivered-to"):
        values += headers.all(name)
    first = next((each.address for each in mailboxes(values)), "")
    local, at, domain = first.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else first


def participants(settings: Settings, author: str | None, headers: Headers) -> tuple[str, ...]:
    """Those of From, To and Cc, without the source's own addresses."""
    written = [each.address for each in mailboxes((*headers.all("to"), *headers.all("cc")))]
    people = [author, *written] if author else written
    others = [each for each in people if "@" in each and not is_thread_address(settings, each)]
    return tuple(dict.fromkeys(others))[:MAX_PEOPLE]


def _read(text: str) -> Iterator[Mailbox]:
    """The mailboxes of one header: names and quotes, comments in any depth, groups."""
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
