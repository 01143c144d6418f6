"""Finds the cases that a mail belongs to: references in order of reliability. A new mail has none.

    1  a token in a recipient's address                                                   proven
    2  Message-IDs of ours in In-Reply-To, then in References from right to left          proven
    3  other ids there, and the mail's own id: an answer to the mail may have come first
    4  a token in the text, as in a quoted mail of ours                                   proven
    5  the number of a ticket in the subject

An unproven reference counts only if the author takes part in the case, which the worker checks. The subject alone never
counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.contract.events import Reference, digest
from connectors.email import identity
from connectors.email.authentication import Verdict
from connectors.email.classify import Class
from connectors.email.content import Content, is_forward
from connectors.email.mime import Part, read_headers
from connectors.email.people import Mailbox, mailboxes
from connectors.email.settings import Settings

EMBEDDED_MAILS = ("message/rfc822", "message/global")
EMBEDDED_HEADERS = ("text/rfc822-headers", "message/rfc822-headers")
"""Parts in which a mail server returns an undeliverable mail."""

MAX_REFERENCES = 100
MAX_SEARCHED = 200_000
"""Characters of text that are searched for tokens and ids."""

_ID_IN_TEXT = re.compile(r"^[ \t>]*message-id:[ \t]*(<[^<>\n]{1,998}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with its parsed content, before its events are decided."""

    tree: Part
    said: Content
    kind: Class
    author: Mailbox | None
    recipients: tuple[str, ...]
    sent: datetime | None
    verdict: Verdict
    mailbox: str = ""
    """The mailbox that received the mail, if each mailbox has tickets of its own; else empty."""


@dataclass(frozen=True, slots=True)
class Answered:
    """References to the mails that a mail answers, looked up `before` and `after` the mail's own id."""

    before: tuple[Reference, ...] = ()
    after: tuple[Reference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def source_message_id(mail: Mail) -> str:
    """Return the id of the mail: equal for copies in other mailboxes, different for a Message-ID that is used again.

    The sender is part of the id. Otherwise a stranger who learnt the Message-ID and date of a mail could send in its
    place.
    """
    headers = mail.tree.headers
    date = str(int(mail.sent.timestamp())) if mail.sent else ""
    author = mail.author.address if mail.author else ""
    where = (mail.mailbox,) if mail.mailbox else ()
    if own := identity.message_id(headers):
        return digest("id", own, date, author, *where)
    others = sorted(each.address for each in mailboxes((*headers.all("to"), *headers.all("cc"))))
    return digest(
        "no id", author, date, headers.first("date"), headers.text("subject"), *others, mail.said.digest, *where
    )


def own_reference(mail: Mail) -> tuple[Reference, ...]:
    """Return the mail's own id as a reference; empty if it has none."""
    own = identity.message_id(mail.tree.headers)
    return (Reference(identity.id_alias(own, mail.mailbox)),) if own else ()


def references(mail: Mail, settings: Settings) -> Answered:
    """Return the references of a mail; empty for a new mail.

    A forward is a new mail although it names the forwarded mails, unless a reference is proven to be ours.
    """
    headers, text = mail.tree.headers, mail.said.text[:MAX_SEARCHED]
    named = list(identity.address_references(settings, mail.recipients))
    if mail.kind == "bounce":
        named += _returned(mail, settings)
        written = filter(None, map(identity.normalised, _ID_IN_TEXT.findall(text)))
        named += identity.id_references(settings, written, mail.mailbox)
    named += identity.id_references(settings, identity.answered_ids(headers), mail.mailbox)
    proven = [each for each in named if each.proven]
    if mail.kind in ("person", "bulk") and is_forward(headers):
        return Answered(tuple(proven[:MAX_REFERENCES]))
    before = dict.fromkeys((*proven, *named))
    after = (*identity.body_references(settings, text), *identity.tag_references(headers.text("subject")))
    return Answered(tuple(before)[:MAX_REFERENCES], after[:MAX_REFERENCES])


def _returned(mail: Mail, settings: Settings) -> Iterator[Reference]:
    """Yield references from the headers of returned mails: own ids, answered ids, thread addresses."""
    for part in mail.tree.walk():
        if part.type in EMBEDDED_MAILS and part.children:
            headers = part.children[0].headers
        elif part.type in EMBEDDED_HEADERS:
            headers = read_headers(part.content)
        else:
            continue
        own = identity.message_id(headers)
        ids = (own, *identity.answered_ids(headers)) if own else identity.answered_ids(headers)
        yield from identity.id_references(settings, ids, mail.mailbox)
        written = (*headers.all("from"), *headers.all("reply-to"), *headers.all("return-path"))
        yield from identity.address_references(settings, (each.address for each in mailboxes(written)))
