"""One message per chat platform that opens a ticket, and the time limit in which the platform expects an answer."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors import connector

KEY_OF_DISCORD = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SECRETS = {
    "slack": "0123456789abcdef" * 2,
    "discord": KEY_OF_DISCORD.public_key().public_bytes_raw().hex(),
    "teams": b64encode(bytes(range(32))).decode(),
    "telegram": "secret_of_the_benchmarks",
}
"""The secrets in the forms of their platforms."""
FIRST = 1_773_453_600


@dataclass(frozen=True, slots=True)
class Platform:
    """A chat platform: its kind of source, its deadline in seconds, and the N-th message that opens a ticket there."""

    kind: str
    deadline_s: float
    message: Callable[[int], dict[str, Any]]


def _slack(number: int) -> dict[str, Any]:
    said = {
        "type": "app_mention",
        "user": "U0BENCH01",
        "channel": "C0BENCH01",
        "text": f"<@U0BOT0001> printer {number}",
    }
    event = said | {"ts": f"{FIRST + number}.000100", "event_ts": f"{FIRST + number}.000100"}
    return {"type": "event_callback", "team_id": "T0BENCH01", "event_id": f"Ev{number:09}", "event": event}


def _discord(number: int) -> dict[str, Any]:
    said = {"name": "ticket", "type": 1, "options": [{"type": 3, "name": "text", "value": f"printer {number}"}]}
    who = {"user": {"id": "300000000000000001", "username": "bench"}, "roles": []}
    place = {"channel_id": "400000000000000001", "channel": {"id": "400000000000000001", "type": 0}}
    return {"type": 2, "id": str((FIRST + number) << 32), "member": who, "guild_id": "2", "data": said, **place}


def _telegram(number: int) -> dict[str, Any]:
    who = {"id": 500_000_000 + number, "is_bot": False, "first_name": "Bench"}
    said = {"message_id": number, "date": FIRST, "from": who, "text": f"printer {number}"}
    return {"update_id": number, "message": said | {"chat": {"id": who["id"], "type": "private"}}}


def _teams(number: int) -> dict[str, Any]:
    channel = f"19:bench@thread.tacv2;messageid={FIRST + number}"
    return {
        "type": "message",
        "id": str(FIRST + number),
        "timestamp": "2026-03-14T02:00:00Z",
        "from": {"id": "29:1", "name": "Bench", "aadObjectId": "00000000-0000-4000-8000-000000000001"},
        "conversation": {"id": channel, "conversationType": "channel"},
        "text": f"<at>Tickets</at> printer {number}",
    }


PLATFORMS = (
    Platform("slack", 3.0, _slack),
    Platform("discord", 3.0, _discord),
    Platform("teams", 5.0, _teams),
    Platform("telegram", 60.0, _telegram),
)


def environment() -> dict[str, str]:
    """Return the settings of a source of each kind."""
    return {f"TICKETRELAY_SOURCES__{each.kind.upper()}__SECRET": SECRETS[each.kind] for each in PLATFORMS}


def deliveries(platform: Platform) -> Iterator[tuple[bytes, Mapping[str, str]]]:
    """Yield messages without end as (body, headers), each signed at the moment of the request."""
    code = connector(platform.kind)
    settings = code.settings.model_validate({"secret": SECRETS[platform.kind]})
    for number in count(1):
        body, now = json.dumps(platform.message(number)).encode(), datetime.now(UTC)
        yield body, _signed_by_discord(body, now) if platform.kind == "discord" else code.sign(body, settings, now)


def _signed_by_discord(body: bytes, now: datetime) -> dict[str, str]:
    """Return Discord's headers; the connector has only the public key."""
    at = str(int(now.timestamp()))
    return {"X-Signature-Timestamp": at, "X-Signature-Ed25519": KEY_OF_DISCORD.sign(at.encode() + body).hex()}
