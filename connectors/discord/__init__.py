"""Discord's interactions over HTTP: slash commands, message commands, buttons and forms, each answered at once.

Discord regularly sends a wrong signature, and removes the address unless it is refused with 401.

Source: discord.com/developers/docs, "Interactions: Receiving and Responding".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, Verified
from connectors.contract.receipts import ReceiptCalls
from connectors.discord import receipts, replies
from connectors.discord.envelope import read_interaction
from connectors.discord.interactions import HANDLERS
from connectors.discord.keys import is_signed, read_signature, signature
from connectors.discord.settings import Settings
from connectors.toolbox.reading import of_object
from connectors.toolbox.reasons import unexpected, without_effect
from connectors.toolbox.signatures import absent, stale

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]

SIGNATURE, TIMESTAMP = "X-Signature-Ed25519", "X-Signature-Timestamp"
LEEWAY = 300
"""Seconds, in both directions. Discord waits 3 s for an answer, so an older request is a replay."""
PING, AUTOCOMPLETE = 1, 4
"""Types of interactions without a message."""


def verify(inbound: Inbound, settings: Settings, now: datetime, _keys: Keys) -> Verified | Denied:
    """Check the signature of timestamp and raw body by the application's key, at most 300 s old or early."""
    timestamp, signed = inbound.header(TIMESTAMP), inbound.header(SIGNATURE)
    if timestamp is None or signed is None:
        return absent(TIMESTAMP if timestamp is None else SIGNATURE)
    # Requiring digits only also prevents moving bytes between the timestamp and the body.
    if denied := stale(timestamp, now, LEEWAY):
        return denied
    offered = read_signature(signed)
    if offered is None:
        return Denied(f"the header {SIGNATURE} is malformed: expected 128 hex digits")
    if not is_signed(offered, settings.secrets, timestamp.encode() + inbound.body):
        return Denied(f"the signature in the header {SIGNATURE} does not match: compare the secret with the Public Key")
    return Verified(inbound)


def sign(body: bytes, settings: Settings, now: datetime) -> dict[str, str]:
    """Return both headers, as Discord would send them. Raises NoPrivateKey if the secret is Discord's public key."""
    timestamp = str(int(now.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(settings.secrets[0], timestamp.encode() + body).hex()}


@of_object
def parse(payload: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """Return at most one event, and a reply to every interaction.

    Raises UnreadableMessage if the subject of an interaction is missing: no type, no id, no channel, no user.
    """
    kind = payload.get("type")
    if not isinstance(kind, int) or isinstance(kind, bool):
        raise unexpected(payload, "type", "the type of an interaction (a whole number)")
    if kind == PING and isinstance(payload.get("event"), dict):
        return Parsed(ignored=(Remark("event", "an event of Discord's webhooks has no effect: expected interactions"),))
    if kind == PING:
        return Parsed(reply=replies.pong())
    if kind == AUTOCOMPLETE:
        return Parsed(reply=replies.no_choices())
    handler = HANDLERS.get(kind)
    if handler is None:
        return Parsed(ignored=(without_effect("type", kind),))
    return handler(payload, read_interaction(payload), settings)


CONNECTOR = Connector(
    kind="discord",
    title="Discord",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    credentials=lambda _settings: (SIGNATURE,),
    receipts=ReceiptCalls(receipts.is_on, receipts.write, receipts.read),
    attributes={
        "channel": "the channel's id",
        "team": "the server's (guild's) id; none in a direct message",
        "user": "the id of who did it",
    },
)
