"""Amazon SES: receives mail and publishes it through a topic of SNS, raw, in `content`.

SNS signs each message (`connectors/alerts/sns.py`). The verdicts of SES become attributes for routing. Other actions of
SES, such as S3, report a mail without its content: such a delivery is quarantined.

Source: docs.aws.amazon.com/ses, "Contents of notifications for Amazon SES email receiving".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.alerts.sns import HOST, Envelope, Topics, certificates, read_envelope, sign, verify
from connectors.contract.connector import Connector, Outside
from connectors.contract.events import Event
from connectors.contract.messages import Parsed, UnreadableMessage, Unverified, Verified
from connectors.email import handed_over
from connectors.toolbox.reasons import UnreadableItem, missing, path_of, unexpected
from connectors.toolbox.rendering import reason
from connectors.toolbox.strict_json import read_object, text_at, within
from connectors.toolbox.text import cut, one_line

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]

VERDICTS = {
    "spam": "spamVerdict",
    "virus": "virusVerdict",
    "spf": "spfVerdict",
    "dkim": "dkimVerdict",
    "dmarc": "dmarcVerdict",
}
"""Our attributes, and the fields of the receipt that hold them."""

MAX_VERDICT = 20  # characters: PASS, FAIL, GRAY, PROCESSING_FAILED


class Settings(handed_over.MailSettings):
    """A source of kind `ses`; its `secret` is part of the subscription's URL and makes thread addresses."""

    topics: Topics = ()
    """ARNs of the topics whose messages are taken, and whose subscriptions are confirmed. Empty: no message is
    taken."""


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event, one remark for a mail of our own, or the URL that confirms a subscription.

    Raises UnreadableMessage.
    """
    if handed_over.is_enveloped(message):
        return handed_over.read_enveloped(message, settings)
    envelope = Envelope(read_object(message.inbound.body))
    try:
        return read_envelope(envelope, lambda notice: _received(message, settings, notice))
    except ValueError as error:
        raise UnreadableMessage(reason(error)) from None


def _received(message: Verified | Unverified, settings: Settings, notice: Mapping[str, Any]) -> Parsed:
    if text_at(notice, "notificationType") != "Received":
        raise unexpected(notice, "notificationType", "Received")
    receipt, sent = within(notice, "receipt"), within(notice, "mail")
    body = _content(notice, receipt)
    sender = sent.get("source")
    recipients = receipt.get("recipients")
    parsed = handed_over.read(
        message,
        settings,
        body,
        sender if isinstance(sender, str) else None,
        [each for each in recipients if isinstance(each, str)] if isinstance(recipients, list) else [],
    )
    return replace(parsed, events=tuple(_judged(each, receipt) for each in parsed.events))


def _content(notice: Mapping[str, Any], receipt: Mapping[str, Any]) -> bytes:
    """Return the mail's bytes. Raises UnreadableItem if they are missing."""
    content = text_at(notice, "content")
    if not content:
        raise missing(
            path_of(notice, "content"), "the mail; give the rule the action SNS, which takes mails of up to 150 KB"
        )
    if text_at(within(receipt, "action"), "encoding").upper() != "BASE64":
        return content.encode("utf-8", "replace")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        expected = "it, since receipt.action.encoding is BASE64"
        raise UnreadableItem(f"is not Base64: expected {expected}", path_of(notice, "content")) from None


def _judged(event: Event, receipt: Mapping[str, Any]) -> Event:
    """Return the event with the verdicts of SES, in lower case: `pass`, `fail`, `gray`, `processing_failed`."""
    return replace(event, attributes=tuple(sorted((*event.attributes, *_verdicts(receipt)))))


def _verdicts(receipt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, field in VERDICTS.items():
        if verdict := text_at(within(receipt, field), "status"):
            yield name, cut(one_line(verdict).lower(), MAX_VERDICT)


CONNECTOR: Connector[Settings] = Connector(
    kind="ses",
    title="Amazon SES",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    mailboxes=handed_over.MAILBOXES,
    attributes={
        **handed_over.ATTRIBUTES,
        **{name: f"{field} of SES: pass, fail, gray …" for name, field in VERDICTS.items()},
    },
    outside=Outside(hosts=HOST, keys=certificates),
)
