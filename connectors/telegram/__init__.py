"""Telegram's Bot API over a webhook: a private chat, a thread, a topic, or a message with its replies is a case.

Messages are identified by `chat:message`, never by the update. An edit is the same message with other content, so a
preview that Telegram adds later changes nothing.

Source: core.telegram.org/bots/api, "setWebhook" and "Update".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.messages import Parsed, Remark, UnreadableMessage, Unverified, Verified
from connectors.contract.receipts import ReceiptCalls
from connectors.telegram import messages, reactions, receipts
from connectors.telegram.settings import Settings
from connectors.toolbox.proofs import Token
from connectors.toolbox.reading import Said, parsed
from connectors.toolbox.rendering import reason
from connectors.toolbox.strict_json import read_object, within

__all__ = ["CONNECTOR", "Settings", "parse"]

TOKEN = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 — the header's name
"""The header with the `secret_token` that the webhook was set with."""


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event; two if one reaction replaced another.

    Raises UnreadableMessage if the subject of an update is missing: no chat, no message id, no time.
    """
    update = read_object(message.inbound.body)
    kind = next((each for each in _UPDATES if each in update), None)
    if kind is None:
        others = ", ".join(sorted(each for each in update if each != "update_id")) or "nothing but update_id"
        return Parsed(ignored=(Remark("update", reason(f"an update with {others} has no effect")),))
    try:
        said = _UPDATES[kind](within(update, kind), settings)
    except ValueError as error:
        raise UnreadableMessage(reason(error)) from None
    return parsed(said)


def _one(read: Callable[[Mapping[str, Any], Settings], Said]) -> Callable[[Mapping[str, Any], Settings], tuple[Said]]:
    return lambda update, settings: (read(update, settings),)


_UPDATES: dict[str, Callable[[Mapping[str, Any], Settings], tuple[Said, ...]]] = {
    "message": _one(messages.written),
    "edited_message": _one(messages.edited),
    "channel_post": _one(messages.written),
    "edited_channel_post": _one(messages.edited),
    "message_reaction": reactions.reacted,
}

CONNECTOR = Connector(
    kind="telegram",
    title="Telegram",
    settings=Settings,
    proof=Token(TOKEN),
    parse=parse,
    receipts=ReceiptCalls(receipts.is_on, receipts.write, receipts.read, receipts.target_of_channel),
    attributes={
        "channel": "the chat's id",
        "chat_type": "private, group, supergroup or channel",
        "thread": "the id of the topic of a forum",
        "user": "the id of who said or did it",
        "reaction": "the emoji, where the event is a reaction that came or went",
    },
)
