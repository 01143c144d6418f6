"""Postmark's inbound webhook: the raw mail in `RawEmail`, or a mail that is rebuilt from the other fields.

Postmark signs no deliveries: the secret is the password of Basic authentication in the webhook's URL.

Source: postmarkapp.com/developer, "Inbound webhook".
"""

from __future__ import annotations

from connectors.contract.connector import Connector
from connectors.contract.messages import Parsed, UnreadableMessage, Unverified, Verified
from connectors.email import handed_over
from connectors.postmark.fields import headers_of, rebuilt, recipients_of
from connectors.toolbox.proofs import Basic
from connectors.toolbox.reasons import missing
from connectors.toolbox.strict_json import read_object, text_at


class Settings(handed_over.MailSettings):
    """A source of kind `postmark`."""

    max_body: int | None = 50 * 1024 * 1024
    """Maximum bytes of one delivery: Postmark takes mails of 35 MB, and escapes them."""


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event, or one remark for a mail of our own; and a remark for each malformed header.

    Raises UnreadableMessage, and OverLimit for more headers than `max_items`.
    """
    if handed_over.is_enveloped(message):
        return handed_over.read_enveloped(message, settings)
    fields = read_object(message.inbound.body)
    headers, broken = headers_of(fields, settings.max_items)
    raw = text_at(fields, "RawEmail")
    if not raw and not any(text_at(fields, name) for name in ("From", "TextBody", "HtmlBody", "Subject")):
        raise UnreadableMessage(str(missing("RawEmail", "the raw mail, or From, Subject, TextBody or HtmlBody")))
    body = raw.encode("utf-8", "replace") if raw else rebuilt(fields, headers)
    parsed = handed_over.read(message, settings, body, _sender(headers), recipients_of(fields))
    return Parsed(parsed.events, parsed.ignored, (*parsed.unreadable, *broken))


def _sender(headers: list[tuple[str, str]]) -> str | None:
    """Return the envelope's sender if Postmark kept it, else None. The null sender is ""."""
    said = [value for name, value in headers if name.lower() == "return-path"]
    return said[0].strip().strip("<>") if said else None


CONNECTOR = Connector(
    kind="postmark",
    title="Postmark",
    settings=Settings,
    proof=Basic(in_url=True),
    parse=parse,
    mailboxes=handed_over.MAILBOXES,
    attributes=handed_over.ATTRIBUTES,
)
