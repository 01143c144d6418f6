"""Replies to interactions, due within 3 seconds: a text for the user, a form to fill in, or a bare acknowledgement.

The reply is sent when the delivery is in the database, before a ticket exists: it reports what will be done and repeats
no words of the message.

Source: discord.com/developers/docs, "Interaction Response Object", "Component Reference".
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from connectors.contract.messages import Reply

PONG, MESSAGE, CHOICES, FORM = 1, 4, 8, 9
"""Types of responses."""
ROW, BUTTON, TEXT_INPUT, LABEL = 1, 2, 4, 18
"""Types of components."""
GREY, RED = 2, 4
"""Styles of buttons."""
ONLY_FOR_YOU = 1 << 6

Action = Literal["open", "note", "close"]

OURS = re.compile(r"ticketrelay:(open|note|close)(?::([1-9][0-9]{0,18}))?")
"""The custom id of our buttons and forms: the action, and its case."""

OPENED = "Received: a ticket will be opened."
NOTED = "Received: your text becomes a note on the ticket, if there is one."
IN_THREAD = "Received: your text becomes a note on the ticket of this thread, or opens a ticket."
TURNED_AWAY = "You may not open tickets here."
OFF = "This action is switched off here."
CLOSING = "Received: the ticket will be closed if you opened it, or if you may close any ticket."


def pong() -> Reply:
    return _reply({"type": PONG})


def no_choices() -> Reply:
    return _reply({"type": CHOICES, "data": {"choices": []}})


def told(text: str, *, private: bool, case: str | None = None) -> Reply:
    """Return a text message. With a case, it has buttons that add a note and close the ticket."""
    data: dict[str, Any] = {"content": text, "allowed_mentions": {"parse": []}}
    if private:
        data["flags"] = ONLY_FOR_YOU
    if case is not None:
        buttons = [_button("Add a note", GREY, f"ticketrelay:note:{case}")]
        buttons.append(_button("Close", RED, f"ticketrelay:close:{case}"))
        data["components"] = [{"type": ROW, "components": buttons}]
    return _reply({"type": MESSAGE, "data": data})


def form(action: Action, case: str | None = None) -> Reply:
    """Return a form for a new ticket, or for a note on a case."""
    inputs = [_input("What is it about?", "text", long=True)]
    if action == "open":
        inputs.insert(0, _input("Subject", "subject", long=False))
    title = "Open a ticket" if action == "open" else "Add a note"
    custom_id = f"ticketrelay:{action}" + (f":{case}" if case else "")
    return _reply({"type": FORM, "data": {"custom_id": custom_id, "title": title, "components": inputs}})


def _button(label: str, style: int, custom_id: str) -> dict[str, Any]:
    return {"type": BUTTON, "style": style, "label": label, "custom_id": custom_id}


def _input(label: str, custom_id: str, *, long: bool) -> dict[str, Any]:
    field = {"type": TEXT_INPUT, "custom_id": custom_id, "style": 2 if long else 1, "max_length": 4000 if long else 200}
    return {"type": LABEL, "label": label, "component": field | {"required": True}}


def _reply(answer: dict[str, Any]) -> Reply:
    return Reply(json.dumps(answer).encode())
