"""Receipts in Telegram: one reply to the message, edited when the ticket's state changes.

The bot's token is part of the URL, so URLs are never shown or logged. With a status below 500, Telegram confirms that
the message was not sent. Without an answer the message may be there, and it is not sent again.

Source: core.telegram.org/bots/api, "Making requests", "sendMessage", "editMessageText", "ResponseParameters".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.contract.calls import CallLater, CallRejected, HttpAnswer, HttpCall
from connectors.contract.receipts import CREDENTIALS_S, Outcome, Posted, ReceiptContent, text
from connectors.telegram.settings import Settings
from connectors.toolbox.json_calls import Meaning, document, failure, json_call, reason, seconds
from connectors.toolbox.strict_json import object_at, text_at

NOT_MODIFIED = "message is not modified"
"""Part of the error's description if an edit would change nothing."""
GENERAL = "1"
"""The General topic of a forum; messages to it carry no topic id."""


def target(chat: str, message: str, topic: str | None = None) -> str:
    """Return the receipt target for an event: the message to reply to."""
    return json.dumps({"chat": chat, "message": message} | ({"topic": topic} if topic not in (None, GENERAL) else {}))


def target_of_channel(chat: str) -> str:
    """Return the receipt target for a message into a chat. Raises ValueError: the id of a chat is a number."""
    return json.dumps({"chat": str(int(chat))})


def is_on(settings: Settings) -> bool:
    return settings.receipts and settings.bot_token is not None


def write(about: ReceiptContent, settings: Settings) -> HttpCall:
    """Write `sendMessage` as a reply, or `editMessageText` for an existing receipt."""
    body: dict[str, Any] = {"text": text(about), "link_preview_options": {"is_disabled": True}}
    if about.place is not None:
        method, (chat, _, message) = "editMessageText", about.place.partition(":")
        body |= {"chat_id": int(chat), "message_id": int(message)}
    else:
        method, where = "sendMessage", json.loads(about.target)
        body["chat_id"] = int(where["chat"])
        if "message" in where:
            answered = {"message_id": int(where["message"]), "allow_sending_without_reply": True}
            body["reply_parameters"] = answered
        if "topic" in where:
            body["message_thread_id"] = int(where["topic"])
    token = settings.bot_token.get_secret_value() if settings.bot_token is not None else ""
    url = f"{str(settings.api_url).rstrip('/')}/bot{token}/{method}"
    return json_call(url, body, repeatable=about.place is not None)


def read(about: ReceiptContent, answer: HttpAnswer) -> Outcome:
    """Read Telegram's answer: `ok` with a `result` or a `description`; 4xx before executing the call."""
    said = document(answer)
    if answer.status == 200 and said.get("ok") is True:
        return _posted(about, said.get("result"))
    description = text_at(said, "description")
    if answer.status not in FAILURES:
        if about.place is not None and NOT_MODIFIED in description:
            return Posted(about.place)
        if "migrate_to_chat_id" in object_at(said, "parameters"):
            return CallRejected("the group became a supergroup, where the message has another number")
    return failure(answer, reason("Telegram", answer.status, description), FAILURES)


def _limited(answer: HttpAnswer, because: str) -> CallLater:
    # Telegram does not report whether the limit of the chat or of the bot was met.
    return CallLater(seconds(object_at(document(answer), "parameters").get("retry_after")), because, for_all=True)


def _credentials(_answer: HttpAnswer, because: str) -> CallLater:
    return CallLater(CREDENTIALS_S, because, for_all=True)


FAILURES: Mapping[int | str, Meaning] = {401: _credentials, 429: _limited}


def _posted(about: ReceiptContent, result: object) -> Outcome:
    message = result if isinstance(result, dict) else {}
    ids = (object_at(message, "chat").get("id"), message.get("message_id"))
    if all(isinstance(each, int) and not isinstance(each, bool) for each in ids):
        name = f"{ids[0]}:{ids[1]}"
        return Posted(name, (name,))
    return Posted(about.place)
