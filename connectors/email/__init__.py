"""Mail as it was received (RFC 5322): a new mail opens a case, an answer adds to the case that it answers to.

The subject alone never identifies a case. No mail is dropped because of its class: an automatic answer or a bounce
becomes a private note, a mail of our own is recorded. Two headers of the delivery hold the envelope; without them, the
mail's own headers are used.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import mktime_tz, parsedate_tz

from connectors.contract.connector import Connector
from connectors.contract.messages import Inbound, Parsed, Remark, UnreadableMessage, Unverified, Verified
from connectors.contract.receipts import ReceiptCalls
from connectors.email import identity, people, receipts
from connectors.email.authentication import verdict
from connectors.email.cases import Mail
from connectors.email.classify import classify
from connectors.email.content import content
from connectors.email.identity import own_message_id, thread_address
from connectors.email.mime import Headers, Limits, Part, read_mail
from connectors.email.settings import Settings
from connectors.email.to_events import to_events
from connectors.toolbox.proofs import Basic
from connectors.toolbox.reasons import one_of
from connectors.toolbox.rendering import reason

__all__ = ["CONNECTOR", "Settings", "own_message_id", "thread_address"]

EXPECTED_HEADERS = ("from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "sender")
"""Headers of mail. A body without any of them is not a mail."""

MAX_DATE = 200  # characters


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event and those of the mail's commands, or one remark for a mail of our own.

    Raises UnreadableMessage for a body that is not a mail, and for a mail beyond the limits of headers, depth or parts.
    """
    inbound = message.inbound
    tree = read_mail(inbound.body, Limits(settings.max_depth, settings.max_parts))
    if not any(name in tree.headers for name in EXPECTED_HEADERS):
        raise UnreadableMessage(f"the body has no headers of a mail: expected one of {one_of(EXPECTED_HEADERS)}")
    if identity.is_own(settings, tree.headers):
        return Parsed(ignored=(Remark("mail", "the mail is our own, by its Message-ID or X-Loop"),))
    try:
        return to_events(_read(tree, inbound, settings), inbound.received_at, settings)
    except ValueError as error:
        raise UnreadableMessage(reason(error)) from None


def _read(tree: Part, inbound: Inbound, settings: Settings) -> Mail:
    envelope = people.envelope_sender(tree.headers, inbound)
    author = people.sender(tree.headers, envelope)
    return Mail(
        tree=tree,
        said=content(tree),
        kind=classify(tree, author.address if author else None, envelope),
        author=author,
        recipients=people.recipients(tree.headers, inbound),
        sent=_date(tree.headers),
        verdict=verdict(tree.headers, settings),
        mailbox=people.mailbox(tree.headers, inbound) if settings.per_mailbox else "",
    )


def _date(headers: Headers) -> datetime | None:
    """Return the Date in UTC; None if it is missing or does not exist."""
    try:
        parsed = parsedate_tz(headers.first("date")[:MAX_DATE])
        return datetime.fromtimestamp(mktime_tz(parsed), UTC) if parsed else None
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None  # the standard library lets arithmetic errors through for times that no calendar has


CONNECTOR = Connector(
    kind="email",
    title="E-mail",
    settings=Settings,
    proof=Basic(),
    parse=parse,
    address=lambda settings: settings.address,
    mailboxes=lambda settings: settings.imap,
    receipts=ReceiptCalls(receipts.is_on, receipts.write),
    attributes={
        "class": "person, auto-reply, bulk or bounce",
        "from": "the sender's address",
        "to": "the addresses that it went to, with commas between",
        "list_id": "the mailing list's id",
        "verdict": "of the server in authserv_id on the sender: pass, vouched, unknown or fail",
        "rule": "of an alert: the rule's name",
        "state": "of an alert: firing, repeat or recovery",
        "labels.*": "of an alert: what the named groups of its rule hold",
    },
)
