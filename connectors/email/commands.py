"""Commands in mail: the first lines may be `#close` and `#priority high`, from permitted senders.

Only lines above all other text are read, so a quoted command is never carried out. The lines stay in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from connectors.contract.events import Priority
from connectors.email.authentication import Verdict
from connectors.email.settings import Settings
from connectors.toolbox.patterns import fits

MAX_COMMANDS = 5

_CLOSE = re.compile(r"#close", re.IGNORECASE)
_PRIORITY = re.compile(r"#priority[ \t:=]+(low|medium|high|urgent)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one mail."""

    close: bool = False
    priority: Priority | None = None

    def __bool__(self) -> bool:
        return self.close or self.priority is not None


def commands(text: str) -> Commands:
    """Return the commands in the first lines; the first other line ends them."""
    found = Commands()
    for line in [each.strip() for each in text[:2_000].split("\n") if each.strip()][:MAX_COMMANDS]:
        if _CLOSE.fullmatch(line):
            found = Commands(close=True, priority=found.priority)
        elif match := _PRIORITY.fullmatch(line):
            found = Commands(close=found.close, priority=cast(Priority, match[1].lower()))
        else:
            break
    return found


def why_not_allowed(verdict: Verdict, author: str | None, settings: Settings) -> str | None:
    """Return why the sender may not give commands; None if they may. An unknown sender may not, nor one for whom
    somebody else vouches."""
    if author is None or not any(fits(each, author) for each in settings.commands_from):
        return "the sender is not among commands_from"
    return verdict.why_not_authentic
