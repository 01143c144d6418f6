"""Which case does a mail belong to? What it answers to, in the order of its worth; a mail that is new answers nothing.

    1  a token in a recipient's address                                                   proven
    2  of In-Reply-To, then References from right to left, the ids that we issued         proven
    3  the others of these, and the mail's own id: an answer to it may have come first
    4  a token in the text, as in a quoted answer of ours                                 proven
    5  the number of a ticket in the subject

What is not proven counts only for somebody who takes part in the case: the worker asks. Never the subject alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.contract.events import Reference, digest
from connectors.email import identity
from connectors.email.classify import Class
from connectors.email.content import Content, is_forward
from connectors.email.mime import Part, read_headers
from connectors.email.people import Mailbox, mailboxes
from connectors.email.settings import Settings

EMBEDDED_MAILS = ("message/rfc822", "message/global")
EMBEDDED_HEADERS = ("text/rfc822-headers", "message/rfc822-headers")
"""Parts in which a mail server returns what it could not deliver."""

MAX_REFERENCES = 100
MAX_SEARCHED = 200_000
"""Characters of text in which tokens and ids are looked for."""

_ID_IN_TEXT = re.compile(r"^[ \t>]*message-id:[ \t]*(<[^<>\n]{1,998}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mail:
    """What is known of a mail before it is decided what it does."""

    tree: Part
    said: Content
    kind: Class
    author: Mailbox | None
    recipients: tuple[str, ...]
    sent: datetime | None
    mailbox: str = ""
    """Where it came in, where mailboxes have tickets of their own; else empty."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a mail answers to: `before` its own id is looked up, and `after`."""

    before: tuple[Reference, ...] = ()
    after: tuple[Reference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def source_message_id(mail: Mail) -> str:
    """Names the mail: the same for its copies in other mailboxes, another for a sender who uses an id again later.

    Its sender is part of it: whoever learnt the id and the second of somebody's mail could else speak in its place.
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
    """The mail's own id, where it has one."""
    own = identity.message_id(mail.tree.headers)
    return (Reference(identity.id_alias(own, mail.mailbox)),) if own else ()


def references(mail: Mail, settings: Settings) -> Answered:
    """What the mail answers to; nothing for a new one.

    A forward is new although it names the mails that it forwards, unless one of them proves that it is ours.
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
    """What the headers of the returned mails name: their own ids, what they answered to, thread addresses."""
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
