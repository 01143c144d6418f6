"""Slack: a thread is a case, opened by a mention, a direct message, a reaction or a shortcut; so is a slash command.

Messages are identified by `team:channel:ts`, never by the delivery: one message came under 11 event ids. The retry
headers are not read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract.backfill import Backfilling
from connectors.contract.connector import Connector
from connectors.contract.directory import DisplayNames
from connectors.contract.messages import (
    Denied,
    Inbound,
    Keys,
    Parsed,
    Remark,
    Reply,
    UnreadableMessage,
    Unverified,
    Verified,
)
from connectors.contract.receipts import ReceiptCalls
from connectors.slack import display_names, history, messages, reactions, receipts, socket_mode
from connectors.slack.deliveries import INTERACTIONS, is_connection_test, kind_of, read_payload
from connectors.slack.envelope import Envelope, read_envelope
from connectors.slack.gestures import ACKNOWLEDGED, ignored
from connectors.slack.settings import Settings
from connectors.toolbox.reading import Said, parsed
from connectors.toolbox.reasons import unexpected, without_effect
from connectors.toolbox.rendering import reason
from connectors.toolbox.signatures import absent, hmac_sha256, is_hmac, mismatch, read_hex, stale
from connectors.toolbox.strict_json import read_word, within
from connectors.toolbox.text import readable

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]

SIGNATURE, TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
VERSION = "v0"
LEEWAY = 300  # seconds, in both directions
MAX_CHALLENGE = 1_000  # characters


def verify(inbound: Inbound, settings: Settings, now: datetime, _keys: Keys) -> Verified | Denied:
    """Check `X-Slack-Signature`: the HMAC-SHA256 of version, timestamp and raw body, at most 300 s old or early."""
    timestamp, signature = inbound.header(TIMESTAMP), inbound.header(SIGNATURE)
    if timestamp is None or signature is None:
        return absent(TIMESTAMP if timestamp is None else SIGNATURE)
    if denied := stale(timestamp, now, LEEWAY):
        return denied
    version, _, digits = signature.partition("=")
    offered = read_hex(digits)
    if version != VERSION or offered is None:
        return Denied(f"the header {SIGNATURE} is malformed: expected {VERSION}=HEX, an HMAC-SHA256")
    if not is_hmac(offered, settings.secrets, *_signed(timestamp, inbound.body)):
        return mismatch(f"the signature in the header {SIGNATURE}")
    return Verified(inbound)


def unproven(inbound: Inbound) -> Reply | None:
    """Return the answer to a connection test of Slack's, which has no signature and is not a delivery."""
    is_signed = any(inbound.header(each) is not None for each in (SIGNATURE, TIMESTAMP))
    return ACKNOWLEDGED if not is_signed and is_connection_test(inbound.body) else None


def sign(body: bytes, settings: Settings, now: datetime) -> dict[str, str]:
    """Return both headers, as Slack would send them."""
    timestamp = str(int(now.timestamp()))
    signature = hmac_sha256(settings.secrets[0], *_signed(timestamp, body)).hex()
    return {TIMESTAMP: timestamp, SIGNATURE: f"{VERSION}={signature}"}


def _signed(timestamp: str, body: bytes) -> tuple[bytes, ...]:
    return (f"{VERSION}:{timestamp}:".encode(), body)


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return at most one event, with the display names that came with the delivery.

    Raises UnreadableMessage if the subject of the delivery is missing: no channel, no `ts`, or no user.
    """
    payload = read_payload(message.inbound.body)
    kind = kind_of(payload)
    handler = _DELIVERIES.get(kind) if isinstance(kind, str) else None
    interaction = INTERACTIONS.get(kind) if isinstance(kind, str) else None
    try:
        if interaction is not None:
            said = interaction(payload, message.inbound.received_at.astimezone(UTC), settings)
            return display_names.applied(said, message.inbound)
        if handler is not None:
            return display_names.applied(handler(payload, settings), message.inbound)
        read_word(payload, "type", "the type of a delivery")
    except ValueError as error:
        raise UnreadableMessage(reason(error)) from None
    return ignored(without_effect("type", kind))


def _event(payload: Mapping[str, Any], settings: Settings) -> Parsed:
    event = within(payload, "event")
    kind = read_word(event, "type", "the type of an event")
    handler = _EVENTS.get(kind)
    if handler is None:
        return Parsed(ignored=(without_effect("event.type", kind),))
    said = handler(event, read_envelope(payload, settings), settings)
    return parsed((said,))


def _challenge(payload: Mapping[str, Any], _settings: Settings) -> Parsed:
    challenge, expected = payload.get("challenge"), f"text of 1 to {MAX_CHALLENGE} characters"
    if not isinstance(challenge, str) or not 0 < len(challenge) <= MAX_CHALLENGE:
        raise unexpected(payload, "challenge", expected)
    return Parsed(reply=Reply(json.dumps({"challenge": challenge}).encode()))


def _rate_limited(payload: Mapping[str, Any], _settings: Settings) -> Parsed:
    minute = payload.get("minute_rate_limited")
    when = "of an unknown minute"
    if isinstance(minute, int) and not isinstance(minute, bool) and 0 <= minute < 10**11:
        when = f"of the minute from {readable(datetime.fromtimestamp(minute, UTC))}"
    held = f"Slack held back events {when}, after more than 30,000 within an hour"
    return Parsed(ignored=(Remark("minute_rate_limited", held),))


_DELIVERIES: dict[str, Callable[[Mapping[str, Any], Settings], Parsed]] = {
    "event_callback": _event,
    "url_verification": _challenge,
    "app_rate_limited": _rate_limited,
}

_EVENTS: dict[str, Callable[[Mapping[str, Any], Envelope, Settings], Said]] = {
    "message": messages.message,
    "app_mention": messages.mention,
    "reaction_added": reactions.added,
    "reaction_removed": reactions.removed,
}

CONNECTOR = Connector(
    kind="slack",
    title="Slack",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    unproven=unproven,
    credentials=lambda _settings: (SIGNATURE,),
    body_credentials=lambda _settings: ("token",),  # the verification token, which Slack has replaced by signatures
    receipts=ReceiptCalls(receipts.is_on, receipts.write, receipts.read, receipts.target_of_channel),
    backfilling=Backfilling(
        lambda settings: settings.backfill_every,
        lambda settings: settings.with_tokens,
        history.begin,
        history.ask,
        history.read,
    ),
    display_names=DisplayNames(
        display_names.workspaces, display_names.begin, display_names.ask, display_names.read, display_names.ids
    ),
    socket=socket_mode.SOCKET,
    attributes={
        "channel": "the channel's id",
        "team": "the workspace's id",
        "user": "the id of who said or did it",
        "reaction": "the emoji, without colons, where the event is a reaction that came or went",
    },
)
