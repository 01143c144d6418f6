"""Stand-in for Discord's API: edits of responses by the token of an interaction, and edits of messages by the bot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.discord.envelope import moment

from ..web_stand_in import Platform, Request, served

BOT_TOKEN = "bot-of-the-tests"
APPLICATION = "100000000000000001"
ONLY_FOR_YOU = 64

_BY_TOKEN = re.compile(r"/api/v10/webhooks/([0-9]+)/([^/]+)/messages/@original")
_AGENT = re.compile(r"DiscordBot \(https://[^ ,]+, [0-9.]+\)")
_BY_BOT = re.compile(r"/api/v10/channels/([0-9]+)/messages/([0-9]+)")


@dataclass
class Message:
    """A response of ours."""

    channel: str
    content: str
    interaction: str
    id: str
    flags: int = 0
    components: tuple[str, ...] = ("buttons",)


@dataclass
class Discord(Platform):
    """Responses by the token of their interaction; a token is void 15 minutes after the interaction."""

    now: Callable[[], datetime] = datetime.now
    answers: dict[str, Message] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)

    def name_of(self, request: Request) -> str:
        return f"{request.method} {'@original' if request.path.endswith('/@original') else 'message'}"

    def do(self, request: Request) -> tuple[int, dict[str, Any]]:
        if not _AGENT.fullmatch(request.headers.get("user-agent", "")):
            return 403, {"message": "internal network error", "code": 40333}
        if by_token := _BY_TOKEN.fullmatch(request.path):
            found = self.answers.get(by_token[2]) if by_token[1] == APPLICATION else None
            if found is None:
                return 404, {"message": "Unknown Webhook", "code": 10015}
            if self.now() > moment(found.interaction) + timedelta(minutes=15):
                return 401, {"message": "Invalid Webhook Token", "code": 50027}
        elif by_bot := _BY_BOT.fullmatch(request.path):
            if request.headers.get("authorization") != f"Bot {BOT_TOKEN}":
                return 401, {"message": "401: Unauthorized", "code": 0}
            shown = [each for each in self.answers.values() if each.flags != ONLY_FOR_YOU]
            found = next((each for each in shown if (each.channel, each.id) == by_bot.groups()), None)
            if found is None:
                return 404, {"message": "Unknown Message", "code": 10008}
        else:
            return 404, {"message": "404: Not Found", "code": 0}
        sent = request.json
        self.seen.append(sent)
        found.content = sent["content"]
        if "components" in sent:
            found.components = tuple(sent["components"])
        return 200, {"id": found.id, "channel_id": found.channel, "flags": found.flags}


@contextmanager
def discord(now: Callable[[], datetime]) -> Iterator[Discord]:
    """Serve until the end of the context; `now` gives the time against which an interaction's age is measured."""
    made = Discord(now=now)
    with served(made.answer) as url:
        made.url = f"{url}/api/v10"
        yield made
