"""What does the chat say of its ticket? One answer of ours to the message, edited when the ticket's state changes.

The bot's token stands in the URL, so no URL is shown or logged. Telegram says by a status below 500 that nothing was
sent; where it says nothing the message may be there, and it is not sent again.

Source: core.telegram.org/bots/api, "Making requests", "sendMessage", "editMessageText", "ResponseParameters".
"""

from __future__ import annotations

import json
from typing import Any

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Refused, Unclear
from connectors.contract.receipts import CREDENTIALS_S, Answered, Outcome, Told, text
from connectors.telegram.settings import Settings
from connectors.toolbox.answers import document, reason, seconds
from connectors.toolbox.strict_json import text_at

NOT_MODIFIED = "message is not modified"
"""In the description of the error where an edit would change nothing."""
GENERAL = "1"
"""The topic of a forum that has no id where one writes to it."""


def target(chat: str, message: str, topic: str | None = None) -> str:
    """Which message is answered, as the event carries it."""
    return json.dumps({"chat": chat, "message": message} | ({"topic": topic} if topic not in (None, GENERAL) else {}))


def is_on(settings: Settings) -> bool:
    return settings.receipts and settings.bot_token is not None


def write(about: Answered, settings: Settings) -> HttpCall:
    """`sendMessage` as an answer, or `editMessageText` of what stands there."""
    body: dict[str, Any] = {"text": text(about), "link_preview_options": {"is_disabled": True}}
    if about.place is not None:
        method, (chat, _, message) = "editMessageText", about.place.partition(":")
        body |= {"chat_id": int(chat), "message_id": int(message)}
    else:
        method, where = "sendMessage", json.loads(about.target)
        answered = {"message_id": int(where["message"]), "allow_sending_without_reply": True}
        body |= {"chat_id": int(where["chat"]), "reply_parameters": answered}
        if "topic" in where:
            body["message_thread_id"] = int(where["topic"])
    token = settings.bot_token.get_secret_value() if settings.bot_token is not None else ""
    url = f"{str(settings.api_url).rstrip('/')}/bot{token}/{method}"
    headers = {"Content-Type": "application/json"}
    return HttpCall(url, json.dumps(body).encode(), headers, repeatable=about.place is not None)


def read(about: Answered, answer: HttpAnswer) -> Outcome:
    """Telegram answers with `ok`, and a `result` or a `description`; 4xx before anything was done."""
    said = document(answer)
    if answer.status == 200 and said.get("ok") is True:
        return _told(about, said.get("result"))
    description, parameters = text_at(said, "description"), said.get("parameters")
    more = parameters if isinstance(parameters, dict) else {}
    because = reason("Telegram", answer.status, description)
    if answer.status == 429:
        # Telegram does not say whether the limit of the chat or of the bot was met.
        return Later(seconds(more.get("retry_after")), because, for_all=True)
    if answer.status == 401:
        return Later(CREDENTIALS_S, because, for_all=True)
    if about.place is not None and NOT_MODIFIED in description:
        return Told(about.place)
    if "migrate_to_chat_id" in more:
        return Refused("the group became a supergroup: its messages have other numbers there")
    return Refused(because) if 400 <= answer.status < 500 else Unclear(because)


def _told(about: Answered, result: object) -> Outcome:
    message = result if isinstance(result, dict) else {}
    chat = message.get("chat")
    ids = (chat.get("id") if isinstance(chat, dict) else None, message.get("message_id"))
    if all(isinstance(each, int) and not isinstance(each, bool) for each in ids):
        name = f"{ids[0]}:{ids[1]}"
        return Told(name, (name,))
    return Told(about.place)
