"""Stand-in for Telegram's Bot API: `sendMessage` and `editMessageText`, with its errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..web_stand_in import Platform, Request, served

TOKEN = "7000001:AAE-of_the_tests"


@dataclass
class Telegram(Platform):
    """Messages as Telegram stores them, by chat and number."""

    messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    migrated: dict[int, int] = field(default_factory=dict)
    """Groups that became supergroups."""

    def do(self, request: Request) -> tuple[int, dict[str, Any]]:
        bot, _, method = request.path.removeprefix("/bot").partition("/")
        if bot != TOKEN:
            return error(401, "Unauthorized")
        sent = request.json
        chat = sent["chat_id"]
        if chat in self.migrated:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            return error(400, said, migrate_to_chat_id=self.migrated[chat])
        if method == "sendMessage":
            key = (chat, 9000 + len(self.messages))
        elif method == "editMessageText":
            key = (chat, sent["message_id"])
            if key not in self.messages:
                return error(400, "Bad Request: message to edit not found")
            if self.messages[key]["text"] == sent["text"]:
                same = (
                    "Bad Request: message is not modified: specified new message content and reply markup are exactly"
                )
                return error(400, f"{same} the same as a current content and reply markup of the message")
        else:
            return error(404, "Not Found")
        self.messages[key] = self.messages.get(key, {}) | sent
        return 200, {"ok": True, "result": {"message_id": key[1], "chat": {"id": chat}, "text": sent["text"]}}

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.messages.values()]


def error(status: int, description: str, **parameters: int) -> tuple[int, dict[str, Any]]:
    more = {"parameters": parameters} if parameters else {}
    return status, {"ok": False, "error_code": status, "description": description} | more


def refusal(status: int, description: str, **parameters: int) -> tuple[int, dict[str, str], bytes, bool]:
    """An error answer to put into `ahead`; the call is not executed."""
    return status, {}, json.dumps(error(status, description, **parameters)[1]).encode(), False


@contextmanager
def telegram() -> Iterator[Telegram]:
    """Serve until the end of the context."""
    made = Telegram()
    with served(made.answer) as url:
        made.url = url
        yield made
