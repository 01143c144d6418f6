"""Reads the parts of an `HttpAnswer` that platforms have in common: a pause, a JSON object, a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.contract.calls import HttpAnswer
from connectors.toolbox.text import cut, one_line

PAUSE_S = 30.0  # where a platform does not say how long


MAX_REASON = 300  # characters


_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def pause(answer: HttpAnswer) -> float:
    """Seconds, as `Retry-After` says, at most a day; `PAUSE_S` where it does not."""
    return seconds(answer.headers.get("retry-after"))


def seconds(told: object) -> float:
    """A number of seconds in digits, at most a day; `PAUSE_S` where it is none."""
    written = str(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else ""
    return min(float(written), 86_400.0) if _SECONDS.fullmatch(written) else PAUSE_S


def document(answer: HttpAnswer) -> Mapping[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def reason(platform: str, *said: object) -> str:
    """`Slack said …`, as one line that is not too long."""
    return cut(
        one_line(f"{platform} said {' '.join(str(each) for each in said if each not in (None, ''))}"), MAX_REASON
    )
