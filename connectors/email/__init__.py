"""Mail, as it was received (RFC 5322): a new mail opens a case, an answer adds to the one it answers to.

Nothing is found by its subject alone, and nothing is dropped for what it is: an automatic answer or a bounce becomes a
private note, a mail of our own is recorded. Whoever took the mail says what the envelope held in two headers of the
delivery; without them the mail's own headers have to do.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from email.utils import mktime_tz, parsedate_tz
from typing import TypeVar

from connectors.base import (
    Connector,
    Denied,
    Inbound,
    Keys,
    Parsed,
    Remark,
    UnreadableMessage,
    Unverified,
    Verified,
)
from connectors.email import cases, identity, people
from connectors.email.cases import Mail
from connectors.email.classify import classify
from connectors.email.content import content, importance, rendered, report, subject
from connectors.email.identity import own_message_id, thread_address
from connectors.email.mime import Headers, Limits, Part, read_mail
from connectors.email.settings import Settings
from connectors.events import Commented, Event, Opened, digest
from connectors.mapping import clean, cut, one_line
from connectors.signatures import authorize, basic, bearer

__all__ = ["CONNECTOR", "Settings", "own_message_id", "thread_address"]

EXPECTED_HEADERS = ("from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "sender")
"""A body with none of them is no mail."""

MAX_ATTRIBUTE = 1024  # characters that routing sees
MAX_CLOCK_AHEAD = timedelta(days=1)
"""Further in the future the Date is a clock that is wrong, and the time of arrival counts."""
MAX_DATE = 200  # characters

T = TypeVar("T")


def verify(inbound: Inbound, settings: Settings, _now: datetime, _keys: Keys) -> Verified | Denied:
    """`Authorization: Bearer SECRET`, and `Basic` where a username is configured."""
    return authorize(inbound, settings.secrets, settings.username) or Verified(inbound)


def sign(_body: bytes, settings: Settings, _now: datetime) -> dict[str, str]:
    """The header with which a program that posts mail proves itself."""
    secret = settings.secrets[0]
    return bearer(secret) if settings.username is None else basic(settings.username, secret)


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """One event, or one remark for a mail of our own.

    Raises UnreadableMessage for what is no mail, and for a mail beyond the limits of its headers, depth or parts.
    """
    inbound = message.inbound
    tree = read_mail(inbound.body, Limits(settings.max_depth, settings.max_parts))
    if not any(name in tree.headers for name in EXPECTED_HEADERS):
        raise UnreadableMessage("the body is no mail: it has none of the headers that every mail has")
    if identity.is_own(settings, tree.headers):
        return Parsed(ignored=(Remark("mail", "it is our own: its Message-ID or X-Loop says so"),))
    try:
        return Parsed((_event(_read(tree, inbound), inbound.received_at, settings),))
    except ValueError as error:
        raise UnreadableMessage(cut(clean(str(error)), 300)) from None


def _read(tree: Part, inbound: Inbound) -> Mail:
    envelope = people.envelope_sender(tree.headers, inbound)
    author = people.sender(tree.headers, envelope)
    return Mail(
        tree=tree,
        said=content(tree),
        kind=classify(tree, author.address if author else None, envelope),
        author=author,
        recipients=people.recipients(tree.headers, inbound),
        sent=_date(tree.headers),
    )


def _event(mail: Mail, received_at: datetime, settings: Settings) -> Event:
    """What the mail says. Raises ValueError for what `Event` refuses."""
    headers = mail.tree.headers
    source_message_id = cases.source_message_id(mail)
    case_key = f"mail:{source_message_id}"
    answered = cases.references(mail, settings)
    own = cases.own_reference(headers)
    followed = identity.answered_ids(headers) if answered and mail.kind != "bounce" else ()
    ref = identity.case_ref(case_key)
    severity, priority = importance(headers)
    author = mail.author.address if mail.author else None
    automatic = mail.kind in ("bounce", "auto-reply")
    when = mail.sent if mail.sent and mail.sent <= received_at + MAX_CLOCK_AHEAD else received_at
    opened = Opened(
        case_key=case_key,
        source_message_id=source_message_id,
        occurred_at=when,
        started_at=when,
        subject=subject(headers),
        text=_text(mail, settings, strip=bool(answered)),
        content_digest=digest(subject(headers), mail.said.digest),
        severity=severity,
        priority=priority,
        category=settings.category,
        private=settings.private or automatic,
        aliases=_once(*(each.alias for each in own), *map(identity.id_alias, followed), identity.token_alias(ref)),
        references=_once(*answered.before, *own, *answered.after),
        # Nobody becomes a participant by sending what looks automatic: it is let in without being one.
        author=None if automatic else author,
        participants=() if automatic else people.participants(settings, author, headers),
        authority="source" if automatic else "participant",
        attributes=_attributes(mail, author),
    )
    if not answered and not automatic:
        return opened
    return Commented(
        **{each.name: getattr(opened, each.name) for each in fields(opened)},
        unknown="quarantine" if automatic else "open",
        reopens=not automatic,
    )


def _text(mail: Mail, settings: Settings, *, strip: bool) -> str:
    return rendered(
        str(mail.author or ""),
        mail.said,
        report(mail.tree) if mail.kind == "bounce" else "",
        limit=settings.max_text,
        strip=strip and settings.strip_replies and mail.kind == "person",
    )


def _attributes(mail: Mail, author: str | None) -> tuple[tuple[str, str], ...]:
    """What routing sees: `class`, `from`, `to` (addresses with commas between), `list_id`; empty ones left out."""
    pairs = {
        "class": mail.kind,
        "from": author or "",
        "to": ", ".join(mail.recipients),
        "list_id": _list_id(mail.tree.headers.text("list-id")),
    }
    return tuple(sorted((name, cut(one_line(value), MAX_ATTRIBUTE)) for name, value in pairs.items() if value.strip()))


def _list_id(written: str) -> str:
    """`Ops <ops.example.net>` is `ops.example.net`."""
    return (written.partition("<")[2].partition(">")[0] or written).strip().lower()


def _date(headers: Headers) -> datetime | None:
    """The Date in UTC; None where there is none that exists."""
    try:
        parsed = parsedate_tz(headers.first("date")[:MAX_DATE])
        return datetime.fromtimestamp(mktime_tz(parsed), UTC) if parsed else None
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None  # the standard library raises what its arithmetic does for times that no calendar has


def _once(*items: T) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


CONNECTOR = Connector(
    kind="email",
    title="E-mail",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    address=lambda settings: settings.address,
)
