"""An outgoing webhook of Microsoft Teams: a mention in a channel opens a ticket, or adds to that of its thread.

Teams signs the body with the webhook's security token, without a time. A replayed request is a repeat, since the
message has an id. The reply is shown below the message, and must arrive within 5 seconds.

Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, Reply, Verified
from connectors.teams import messages
from connectors.teams.settings import Settings
from connectors.toolbox.reading import of_object
from connectors.toolbox.reasons import without_effect
from connectors.toolbox.signatures import MAX_HEADER, absent, hmac_sha256, is_one_of, mismatch, too_long
from connectors.toolbox.strict_json import read_word

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]

AUTHORIZATION, SCHEME = "Authorization", "HMAC"

ANSWERS = {
    "Opened": "Received: a ticket will be opened.",
    "Commented": "Received: your message becomes a note on the ticket of this thread, or opens a ticket.",
    "Resolved": "Received: the ticket will be closed if you opened it, or if you may close any ticket.",
}
"""Replies by kind of event. The reply is sent before the ticket exists, so it holds no number."""


def verify(inbound: Inbound, settings: Settings, _now: datetime, _keys: Keys) -> Verified | Denied:
    """Check `Authorization: HMAC` with the Base64 of the HMAC-SHA256 of the raw body."""
    header = inbound.header(AUTHORIZATION)
    if header is None:
        return absent(AUTHORIZATION)
    if len(header) > MAX_HEADER:
        return too_long(AUTHORIZATION)
    scheme, _, offered = header.strip().partition(" ")
    if scheme.upper() != SCHEME:
        return Denied(f"the header {AUTHORIZATION} has another scheme: expected {SCHEME}")
    try:
        signature = offered.strip().encode("ascii")
    except UnicodeEncodeError:
        return Denied(f"the header {AUTHORIZATION} is not Base64: expected {SCHEME} and a signature in Base64")
    # Texts are compared, not bytes: several spellings of Base64 stand for the same bytes.
    genuine = [_signature(secret, inbound.body) for secret in settings.secrets]
    return (
        Verified(inbound) if is_one_of(signature, genuine) else mismatch(f"the signature in the header {AUTHORIZATION}")
    )


def sign(body: bytes, settings: Settings, _now: datetime) -> dict[str, str]:
    """Return the header, as Teams would send it."""
    return {AUTHORIZATION: f"{SCHEME} {_signature(settings.secrets[0], body).decode()}"}


def _signature(secret: bytes, body: bytes) -> bytes:
    return base64.b64encode(hmac_sha256(_key(secret), body))


def _key(secret: bytes) -> bytes:
    """Return the bytes of the security token. A secret that is not Base64 is not from Teams and is used unchanged."""
    try:
        return base64.b64decode(secret, validate=True) or secret
    except binascii.Error:
        return secret


@of_object
def parse(activity: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """Return at most one event, and a reply.

    Raises UnreadableMessage if the subject of an activity is missing: no conversation, no id, no time.
    """
    kind = read_word(activity, "type", "the type of an activity")
    if kind != "message":
        ignored = without_effect("type", kind)
        return Parsed(ignored=(ignored,), reply=_answer("This has no effect here."))
    said = messages.message(activity, settings)
    if isinstance(said, Remark):
        return Parsed(ignored=(said,), reply=_answer(f"This has no effect: {said.reason}."))
    return Parsed(events=(said,), reply=_answer(ANSWERS[said.kind]))


def _answer(text: str) -> Reply:
    return Reply(json.dumps({"type": "message", "text": text}).encode())


CONNECTOR = Connector(
    kind="teams",
    title="Microsoft Teams",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    attributes={
        "channel": "the id of the channel's conversation",
        "team": "the team's id",
        "user": "the id of who said it",
    },
)
