"""Backfill from Slack: asks the channels of the bot for messages that Slack did not deliver.

A round asks for the bot's identity, the list of channels, the history of each channel, and the replies of every thread
that grew. A history lists the roots of threads, latest first, each with the time of its latest reply. So the request
covers a day more than is missing, for threads older than the gap. For other open cases, the worker adds a few threads
to each round.

Every message found becomes the delivery that Slack would have made of it, so that the message has the same keys.

Source: docs.slack.dev, `auth.test`, `users.conversations`, `conversations.info`, `.history`, `.replies`, and "OAuth
scopes" (`X-OAuth-Scopes`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from connectors.contract.backfill import Missed, Occasion, Progress
from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall, Memory
from connectors.slack import web
from connectors.slack.envelope import ASKED_FOR, maybe_id, maybe_ts, moment
from connectors.slack.settings import Settings
from connectors.toolbox.strict_json import objects_in

OVERLAP = timedelta(minutes=10)
"""Time asked for once more: Slack's last attempt to deliver is 6 minutes after the first, and clocks differ."""
BACK_FOR_THREADS = timedelta(days=1)
MOST_BACK = timedelta(days=7)
PAGE = "200"

OF_THE_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required"}
)
"""Errors after which every other request would fail too."""

GONE = frozenset({"thread_not_found", "message_not_found", "channel_not_found", "not_in_channel"})
"""Errors of a thread, not of its channel: the root was deleted, or the bot has left the channel of an old case."""

TYPES: Mapping[str, tuple[str, str]] = {
    "public_channel": ("channels:read", "channels:history"),
    "private_channel": ("groups:read", "groups:history"),
    "mpim": ("mpim:read", "mpim:history"),
    "im": ("im:read", "im:history"),
}
"""The kinds of conversation, with the scopes needed to list and to read them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)

_ROOT = re.compile(r"[0-9]{1,11}\.[0-9]{6,9}")
"""The last part of the case key of a thread. Slash commands and modals make other keys."""

Step = Mapping[str, Any]
"""A request to make: its method, and its arguments."""


def begin(memory: Memory, occasion: Occasion) -> Memory:
    """Start a new round. The very first round starts at the current time: older messages are not imported."""
    now = ts(occasion.now)
    since = occasion.cases_since
    step = {
        "method": "auth.test",
        "cases": list(occasion.cases) if since is not None else [],
        "cases_since": ts(since) if since is not None else now,
        "opened": list(occasion.opened),
    }
    return {
        "first": memory.get("first", now),
        "until": now,
        "since": memory.get("until", now),
        "behind": memory.get("behind", {}),
        "types": {},
        "team": memory.get("team"),
        "bot": memory.get("bot"),
        "todo": [step],
    }


def ask(memory: Memory, workspace: str, settings: Settings) -> HttpCall | None:
    """Return the first open request."""
    todo, token = memory.get("todo"), settings.token(workspace)
    if not todo or token is None:
        return None
    step: Step = todo[0]
    return web.form(settings, step["method"], token, dict(_arguments(step)))


def _arguments(step: Step) -> Iterator[tuple[str, str]]:
    for name in ("types", "channel", "ts", "oldest", "latest", "cursor"):
        if step.get(name):
            yield name, step[name]
    if step["method"] in ("users.conversations", "conversations.history", "conversations.replies"):
        yield "limit", PAGE
    if step["method"] == "users.conversations":
        yield "exclude_archived", "true"


def read(memory: Memory, answer: HttpAnswer, settings: Settings) -> Progress | CallLater | CallUnknown | CallRejected:
    """Read the answer to the first open request."""
    said = web.answered(answer)
    step: Step = memory["todo"][0]
    rest = {**memory, "todo": memory["todo"][1:]}
    if isinstance(said, CallRejected):
        if step["method"] == "auth.test" or web.names_one(said.reason, OF_THE_TOKEN):
            return said
        return _refused(rest, step, said.reason)
    if not isinstance(said, Mapping):
        return said
    if step["method"] == "auth.test":
        return _who(rest, step, said, answer.headers.get("x-oauth-scopes"), settings)
    return _READERS[step["method"]](rest, step, said)


def _refused(memory: Memory, step: Step, reason: str) -> Progress:
    """Record that one channel or thread could not be read: the next round asks for the missing part of the channel."""
    if step["method"] == "conversations.replies" and web.names_one(reason, GONE):
        return Progress(memory)
    behind = dict(memory["behind"])
    channel = step.get("channel")
    # The part of a thread before its case was opened is asked for in that thread only.
    if channel and not step.get("whole"):
        behind[channel] = min(behind.get(channel, step["since"]), step["since"])
    about = f" of {channel}" if channel else ""
    return Progress({**memory, "behind": behind}, trouble=f"{step['method']}{about}: {reason}")


def _who(
    memory: Memory, step: Step, said: Mapping[str, Any], scopes: str | None, settings: Settings
) -> Progress | CallUnknown:
    """Read the answer of `auth.test`, and plan all other requests of the round."""
    team, bot = maybe_id(said.get("team_id")), maybe_id(said.get("user_id"))
    if team is None:
        return CallUnknown("Slack answered auth.test without team_id: expected the workspace's id")
    if memory["team"] not in (None, team):
        # The token is now another workspace's: the memory does not apply to it.
        memory = {**memory, "first": memory["until"], "since": memory["until"], "behind": {}}
        step = {**step, "cases": [], "opened": []}
    types, trouble = _granted(scopes)
    channels: list[Step] = [
        {"method": "conversations.info", "channel": each, "since": _since(memory, each)}
        for each in settings.backfill_channels
    ]
    if types and (not channels or settings.workspaces):
        # With several workspaces, the settings do not name a channel's workspace: list the channels to find it.
        only = list(settings.backfill_channels)
        channels = [{"method": "users.conversations", "types": ",".join(types), "only": only}]
    since = _floor(memory, _before(step["cases_since"], OVERLAP))
    threads = [_thread(memory, *place, since) for place in _places(step["cases"], team, settings)]
    opened = [_whole(memory, *place) for place in _places(step["opened"], team, settings)]
    # Whole threads come last, so that missing messages of a channel keep their order, and each is asked for once.
    todo = [*channels, *_without({"todo": threads}, opened)["todo"], *opened]
    return Progress({**memory, "team": team, "bot": bot, "todo": todo}, trouble=trouble)


def _granted(scopes: str | None) -> tuple[tuple[str, ...], str | None]:
    """Return the kinds of conversation that the scopes allow, all if the scopes are unknown; and a problem or None."""
    if scopes is None:
        return tuple(TYPES), None
    held = {each.strip() for each in scopes.split(",")}
    granted = tuple(name for name, both in TYPES.items() if held.issuperset(both))
    lacking = [
        f"{list_}, which {read_} needs" for list_, read_ in TYPES.values() if read_ in held and list_ not in held
    ]
    if lacking:
        return granted, f"the scope is missing: {', '.join(lacking)}"
    return granted, None if granted else "the scopes are missing: channels:read and channels:history"


def _places(cases: Iterable[str], team: str, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield channel and root of the cases that are threads of this workspace, in channels with backfill."""
    for key in cases:
        home, channel, root = (*key.split(":"), "", "")[:3]
        is_wanted = not settings.backfill_channels or channel in settings.backfill_channels
        if home == team and is_wanted and _ROOT.fullmatch(root):
            yield channel, root


def _listed(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """Read a page of `users.conversations`."""
    found = [each for each in objects_in(said.get("channels")) if maybe_id(each.get("id"))]
    return _with(memory, [each for each in found if not step["only"] or each["id"] in step["only"]], step, said)


def _one(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """Read the answer of `conversations.info`."""
    channel = said.get("channel")
    if not isinstance(channel, dict) or channel.get("id") != step["channel"]:
        return _refused(memory, step, "Slack answered without the channel")
    if not channel.get("is_im") and channel.get("is_member") is False:
        return _refused(memory, step, "the bot is not a member of the channel; invite it")
    return _with(memory, [channel], step, {})


def _with(memory: Memory, channels: Iterable[Mapping[str, Any]], step: Step, said: Mapping[str, Any]) -> Progress:
    """Add the history of these channels to the open requests."""
    known = {str(each["id"]): _type(each) for each in channels}
    memory = {**memory, "types": {**memory["types"], **known}}
    return _next(memory, [_history(memory, each) for each in known], step, said)


def _history(memory: Memory, channel: str) -> Step:
    since = _since(memory, channel)
    return {
        "method": "conversations.history",
        "channel": channel,
        "since": since,
        "oldest": min(since, _before(memory["until"], BACK_FOR_THREADS)),
        "latest": memory["until"],
    }


def _type(channel: Mapping[str, Any]) -> str:
    """Return the channel's `channel_type`, as in events. A channel is public only if that is certain."""
    if channel.get("is_im"):
        return "im"
    if channel.get("is_mpim"):
        return "mpim"
    return "channel" if channel.get("is_channel") and not channel.get("is_private") else "group"


def _said(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """Read a page of `conversations.history`: missing roots, and threads that grew."""
    since = step["since"]
    missed = []
    grown: dict[str, None] = {}
    for when, message in _stamped(said):
        root = _time(message, "thread_ts") or when
        if root != when:  # a reply that was shown in the channel too
            grown |= {root: None} if when > since else {}
            continue
        if when > since:
            missed.append(_missed(memory, step, when, message))
        if (_time(message, "latest_reply") or "") > since:
            grown[root] = None
    wholes = {each["ts"] for each in memory["todo"] if each.get("whole") and each["channel"] == step["channel"]}
    threads = [_thread(memory, step["channel"], root, since) for root in grown if root not in wholes]
    return _next(_without(memory, threads), threads, step, said, missed)


def _replied(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """Read a page of `conversations.replies`, which begins with the root."""
    missed = [
        _missed(memory, step, when, message)
        for when, message in _stamped(said)
        if when > step["since"] and (when != step["ts"] or step.get("whole"))
    ]
    return _next(memory, [], step, said, missed)


def _thread(memory: Memory, channel: str, root: str, since: str) -> dict[str, Any]:
    return {
        "method": "conversations.replies",
        "channel": channel,
        "ts": root,
        "since": since,
        "oldest": since,
        "latest": memory["until"],
    }


def _whole(memory: Memory, channel: str, root: str) -> Step:
    """Return the request for a thread from its root on, for a ticket that was opened in the thread later."""
    return _thread(memory, channel, root, _before(root, _INSTANT)) | {"whole": True}


def _without(memory: Memory, threads: Iterable[Step]) -> Memory:
    """Return the memory without open requests for these threads."""
    now = {(each["channel"], each["ts"]) for each in threads}
    return {**memory, "todo": [each for each in memory["todo"] if (each.get("channel"), each.get("ts")) not in now]}


def _next(
    memory: Memory, steps: Iterable[Step], step: Step, said: Mapping[str, Any], missed: Iterable[Missed] = ()
) -> Progress:
    """Put `steps`, then the answer's next page, before the other open requests."""
    cursor = web.cursor(said)
    page = [{**step, "cursor": cursor}] if cursor is not None else []
    behind = memory["behind"]
    if step["method"] == "conversations.history" and not page:
        behind = {channel: since for channel, since in behind.items() if channel != step["channel"]}
    return Progress({**memory, "behind": behind, "todo": [*steps, *page, *memory["todo"]]}, tuple(missed))


def _missed(memory: Memory, step: Step, when: str, message: Mapping[str, Any]) -> Missed:
    """Make the delivery that Slack would have sent.

    An edited message has its current text, and may be known by its edit.
    """
    type_ = memory["types"].get(step["channel"])
    place = {"channel": step["channel"], "event_ts": when} | ({"channel_type": type_} if type_ else {})
    bot = {"team_id": memory["team"], "user_id": memory["bot"], "is_bot": True}
    body = {
        "type": "event_callback",
        "team_id": memory["team"],
        "authorizations": [bot],
        ASKED_FOR: True,
        "event": {**message, **place, "type": "message"},
    }
    mark = message.get("edited")
    edited = _time(mark, "ts") if isinstance(mark, dict) else None
    also = (f"{memory['team']}:{step['channel']}:{when}:edited:{edited}",) if edited else ()
    return Missed(json.dumps(body).encode(), also)


def _since(memory: Memory, channel: str) -> str:
    """Return the time from which a channel's messages are to be asked for."""
    return _floor(memory, memory["behind"].get(channel) or _before(memory["since"], OVERLAP))


def _floor(memory: Memory, since: str) -> str:
    first: str = memory["first"]
    return max(since, first, _before(memory["until"], MOST_BACK))


def _stamped(said: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return an answer's messages with their times, oldest first. Messages without a time have no id and are left
    out."""
    timed = ((_time(each, "ts"), each) for each in objects_in(said.get("messages")))
    return sorted(((when, each) for when, each in timed if when), key=itemgetter(0))


def _time(message: Mapping[str, Any], field: str) -> str | None:
    try:
        return maybe_ts(message, field)
    except ValueError:
        return None


def ts(when: datetime) -> str:
    """Return a time in Slack's format.

    Until the year 2286 all times have ten digits before the point, so texts sort like times.
    """
    seconds, micros = divmod((when - _EPOCH) // _INSTANT, 10**6)
    return f"{seconds}.{micros:06}"


def _before(when: str, pause: timedelta) -> str:
    return ts(moment(when) - pause)


_READERS: Mapping[str, Callable[[Memory, Step, Mapping[str, Any]], Progress]] = {
    "users.conversations": _listed,
    "conversations.info": _one,
    "conversations.history": _said,
    "conversations.replies": _replied,
}
