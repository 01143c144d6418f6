"""Discord's interactions over HTTP: slash commands, commands on messages, buttons and forms, each answered at once.

Source: discord.com/developers/docs, "Interactions: Receiving and Responding". Discord tests now and then
whether a wrong signature is refused with 401, and takes the address away where it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, Verified
from connectors.contract.receipts import Answering
from connectors.discord import answers, receipts
from connectors.discord.envelope import read_interaction
from connectors.discord.interactions import HANDLERS
from connectors.discord.keys import is_signed, read_signature, signature
from connectors.discord.settings import Settings
from connectors.toolbox.reading import of_object
from connectors.toolbox.signatures import stale
from connectors.toolbox.strict_json import UnreadableItem, found, found_at

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]

SIGNATURE, TIMESTAMP = "X-Signature-Ed25519", "X-Signature-Timestamp"
LEEWAY = 300
"""Seconds, both ways. Discord waits 3 s for an answer: what is older is a recording."""
PING, AUTOCOMPLETE = 1, 4
"""Types of interactions that say nothing."""


def verify(inbound: Inbound, settings: Settings, now: datetime, _keys: Keys) -> Verified | Denied:
    """The signature of timestamp and raw body by the application's key, at most 300 s old or early."""
    timestamp, signed = inbound.header(TIMESTAMP), inbound.header(SIGNATURE)
    if timestamp is None or signed is None:
        return Denied(f"{TIMESTAMP if timestamp is None else SIGNATURE} is missing or repeated")
    # That it is digits only also keeps its end from being moved into the body, or the body's beginning into it.
    if denied := stale(timestamp, now, LEEWAY):
        return denied
    offered = read_signature(signed)
    if offered is None:
        return Denied(f"{SIGNATURE} is not 128 hex digits")
    if not is_signed(offered, settings.secrets, timestamp.encode() + inbound.body):
        return Denied("the signature is wrong")
    return Verified(inbound)


def sign(body: bytes, settings: Settings, now: datetime) -> dict[str, str]:
    """Both headers, as Discord would send them. Raises NoPrivateKey where the secret is Discord's public key."""
    timestamp = str(int(now.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(settings.secrets[0], timestamp.encode() + body).hex()}


@of_object
def parse(payload: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """At most one event, and an answer to whatever was asked.

    Raises UnreadableMessage where what it is about cannot be told: no type, no id, no channel, no user.
    """
    kind = payload.get("type")
    if not isinstance(kind, int) or isinstance(kind, bool):
        raise UnreadableItem(f"type: {found_at(payload, 'type')} is no type of an interaction")
    if kind == PING and isinstance(payload.get("event"), dict):
        return Parsed(ignored=(Remark("event", "it is an event of Discord's webhooks, which is no interaction"),))
    if kind == PING:
        return Parsed(reply=answers.pong())
    if kind == AUTOCOMPLETE:
        return Parsed(reply=answers.no_choices())
    handler = HANDLERS.get(kind)
    if handler is None:
        return Parsed(ignored=(Remark("type", f"nothing is done about an interaction of type {found(kind)}"),))
    return handler(payload, read_interaction(payload), settings)


CONNECTOR = Connector(
    kind="discord",
    title="Discord",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    answering=Answering(receipts.is_on, receipts.write, receipts.read),
    attributes={
        "channel": "the channel's id",
        "team": "the server's (guild's) id; none in a direct message",
        "user": "the id of who did it",
    },
)
