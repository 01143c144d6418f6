"""Mailgun's routes: the raw mail, in the field `body-mime` of a form, signed with the account's key.

Mailgun signs a time and a token, not the mail. So the secret is required as well, in the URL. A replayed request
carries the same mail and has no second effect.

Unless the URL ends in `mime`, Mailgun posts fields that it extracted from the mail. The ids and dates of attachments,
and the mails that the mail answers, would have to be guessed. Such a delivery is refused.

Source: documentation.mailgun.com, "Receiving HTTP messages through a forward action" and "Securing webhooks".
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field

from connectors.contract.connector import Connector
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, UnreadableMessage, Unverified, Verified
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret
from connectors.email import handed_over
from connectors.toolbox.forms import read_form
from connectors.toolbox.proofs import Basic
from connectors.toolbox.reasons import missing
from connectors.toolbox.signatures import authorize_by_url, is_hmac, late, read_hex, seconds, stale

SIGNING_KEY = Issued(
    re.compile(r"(key-)?[0-9a-f]{32}"), "the HTTP webhook signing key, 32 hex digits, perhaps after key-"
)
MAX_TOKEN = 200  # characters; Mailgun's have 50


class Settings(handed_over.MailSettings):
    """A source of kind `mailgun`; its `secret` is part of the URL and makes thread addresses."""

    signing_key: Annotated[Secret, SIGNING_KEY] | None = None
    """Mailgun's "HTTP webhook signing key". None: only the secret is checked."""
    max_age: float = Field(default=12 * 3600, gt=0)
    """Seconds for which a signature is accepted. A mail with an older one goes into quarantine. Mailgun retries for 8
    hours: a lower value would leave mail to a person after an outage."""


def verify(inbound: Inbound, settings: Settings, now: datetime, _keys: Keys) -> Verified | Denied:
    """Check the secret in the URL or as password; with a `signing_key`, also the signature.

    The signature is the HMAC-SHA256 of `timestamp` and `token`.
    """
    passed = authorize_by_url(inbound, settings.secrets, settings.username)
    if isinstance(passed, Denied):
        return passed
    if settings.signing_key is None:
        return Verified(passed)
    try:
        form = read_form(inbound.body)
    except UnreadableMessage as error:
        return Denied(str(error))
    timestamp, token, signature = (form.get(name, b"") for name in ("timestamp", "token", "signature"))
    offered = read_hex(signature.decode("latin-1"))
    if offered is None or not 0 < len(token) <= MAX_TOKEN:
        return Denied(
            "timestamp, token or signature is missing, repeated or malformed: expected each once, as Mailgun sends"
        )
    if not is_hmac(offered, [settings.signing_key.get_secret_value().encode()], timestamp, token):
        return Denied("signature does not match: compare signing_key with Mailgun's HTTP webhook signing key")
    sent = seconds(timestamp.decode("latin-1"))
    if sent is None or sent > now:
        return stale(timestamp.decode("latin-1"), now, settings.max_age) or Verified(passed)
    return Verified(passed, late=late(sent, now, settings.max_age, "timestamp"))


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event, or one remark for a mail of our own. Raises UnreadableMessage."""
    if handed_over.is_enveloped(message):
        return handed_over.read_enveloped(message, settings)
    form = read_form(message.inbound.body)
    if "body-mime" not in form:
        if "body-plain" in form or "stripped-text" in form:
            todo = "let the URL of the route's forward action end with /mime"
            raise UnreadableMessage(str(missing("body-mime", f"the raw mail; {todo}")))
        raise UnreadableMessage(str(missing("body-mime", "the raw mail")))
    sender, recipient = (form[name].decode("utf-8", "replace") if name in form else None for name in _ENVELOPE)
    return handed_over.read(message, settings, form["body-mime"], sender, [recipient] if recipient else [])


_ENVELOPE = ("sender", "recipient")

CONNECTOR = Connector(
    kind="mailgun",
    title="Mailgun",
    settings=Settings,
    proof=Basic(in_url=True),  # for `sign`: the signature is in the body, and Mailgun makes it
    verify=verify,
    parse=parse,
    mailboxes=handed_over.MAILBOXES,
    attributes=handed_over.ATTRIBUTES,
)
