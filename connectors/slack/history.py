"""What was said while Slack could not reach us? The history of the channels that the bot is in is asked for it.

A round asks who we are, which channels there are, for the history of each, and for the replies of every thread that
grew. History names roots, latest first, and of each the time of its latest reply; so it is asked for a day more than is
missing, for threads that are older than the gap. Of what else is open, the worker names a few cases in each round.

What is found becomes the delivery that Slack would have made of it, so that it has the same keys.

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
from connectors.contract.calls import HttpAnswer, HttpCall, Later, Memory, Refused, Unclear
from connectors.slack import web
from connectors.slack.envelope import ASKED_FOR, maybe_id, maybe_ts, moment
from connectors.slack.settings import Settings
from connectors.toolbox.strict_json import objects_in

OVERLAP = timedelta(minutes=10)
"""Asked for once more: Slack's last attempt to deliver is 6 minutes after the first, and clocks differ."""
BACK_FOR_THREADS = timedelta(days=1)
MOST_BACK = timedelta(days=7)
PAGE = "200"

OF_THE_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required"}
)
"""Errors after which nothing else can be asked either."""

GONE = frozenset({"thread_not_found", "message_not_found", "channel_not_found", "not_in_channel"})
"""Errors of a thread, not of its channel: its root was deleted, or it is an old case where the bot is no more."""

TYPES: Mapping[str, tuple[str, str]] = {
    "public_channel": ("channels:read", "channels:history"),
    "private_channel": ("groups:read", "groups:history"),
    "mpim": ("mpim:read", "mpim:history"),
    "im": ("im:read", "im:history"),
}
"""The kinds of conversation, and the scopes without which they cannot be listed and read."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)

_ROOT = re.compile(r"[0-9]{1,11}\.[0-9]{6,9}")
"""What ends the key of a case that is a thread; slash commands and modals make others."""

Step = Mapping[str, Any]
"""A request that is to be made: its method, and what it is about."""


def begin(memory: Memory, occasion: Occasion) -> Memory:
    """A new round. The first one of all begins now: what was said before is not imported."""
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
    """The first of what is left."""
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


def read(memory: Memory, answer: HttpAnswer, settings: Settings) -> Progress | Later | Unclear | Refused:
    """What the answer to the first of what is left means."""
    said = web.answered(answer)
    step: Step = memory["todo"][0]
    rest = {**memory, "todo": memory["todo"][1:]}
    if isinstance(said, Refused):
        if step["method"] == "auth.test" or web.names_one(said.reason, OF_THE_TOKEN):
            return said
        return _refused(rest, step, said.reason)
    if not isinstance(said, Mapping):
        return said
    if step["method"] == "auth.test":
        return _who(rest, step, said, answer.headers.get("x-oauth-scopes"), settings)
    return _READERS[step["method"]](rest, step, said)


def _refused(memory: Memory, step: Step, reason: str) -> Progress:
    """One channel or thread cannot be asked for: what is missing of it is asked for in the next round."""
    if step["method"] == "conversations.replies" and web.names_one(reason, GONE):
        return Progress(memory)
    behind = dict(memory["behind"])
    channel = step.get("channel")
    if channel and not step.get("whole"):  # what a thread said before is wanted of that thread alone
        behind[channel] = min(behind.get(channel, step["since"]), step["since"])
    about = f" of {channel}" if channel else ""
    return Progress({**memory, "behind": behind}, trouble=f"{step['method']}{about}: {reason}")


def _who(
    memory: Memory, step: Step, said: Mapping[str, Any], scopes: str | None, settings: Settings
) -> Progress | Unclear:
    """The answer of `auth.test`: with it, it is known what else there is to ask."""
    team, bot = maybe_id(said.get("team_id")), maybe_id(said.get("user_id"))
    if team is None:
        return Unclear("its answer names no workspace")
    if memory["team"] not in (None, team):
        # The token is another workspace's: what is remembered is of no meaning there.
        memory = {**memory, "first": memory["until"], "since": memory["until"], "behind": {}}
        step = {**step, "cases": [], "opened": []}
    types, trouble = _granted(scopes)
    channels: list[Step] = [
        {"method": "conversations.info", "channel": each, "since": _since(memory, each)}
        for each in settings.backfill_channels
    ]
    if types and (not channels or settings.workspaces):
        # Of several workspaces nobody says which one a channel is in: those that are there are listed.
        only = list(settings.backfill_channels)
        channels = [{"method": "users.conversations", "types": ",".join(types), "only": only}]
    since = _floor(memory, _before(step["cases_since"], OVERLAP))
    threads = [_thread(memory, *place, since) for place in _places(step["cases"], team, settings)]
    opened = [_whole(memory, *place) for place in _places(step["opened"], team, settings)]
    # Last, so that what is missing in a channel comes in its order; and once, as a whole.
    todo = [*channels, *_without({"todo": threads}, opened)["todo"], *opened]
    return Progress({**memory, "team": team, "bot": bot, "todo": todo}, trouble=trouble)


def _granted(scopes: str | None) -> tuple[tuple[str, ...], str | None]:
    """Which kinds of conversation may be asked for, all where that is not told; and what is wrong with that."""
    if scopes is None:
        return tuple(TYPES), None
    held = {each.strip() for each in scopes.split(",")}
    granted = tuple(name for name, both in TYPES.items() if held.issuperset(both))
    lacking = [f"{list_} beside {read_}" for list_, read_ in TYPES.values() if read_ in held and list_ not in held]
    if lacking:
        return granted, f"the scope is missing: {', '.join(lacking)}"
    return granted, None if granted else "the scopes are missing: channels:read and channels:history"


def _places(cases: Iterable[str], team: str, settings: Settings) -> Iterator[tuple[str, str]]:
    """Channel and root of those cases that are threads of this workspace, in channels that are to be asked for."""
    for key in cases:
        home, channel, root = (*key.split(":"), "", "")[:3]
        is_wanted = not settings.backfill_channels or channel in settings.backfill_channels
        if home == team and is_wanted and _ROOT.fullmatch(root):
            yield channel, root


def _listed(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """A page of `users.conversations`."""
    found = [each for each in objects_in(said.get("channels")) if maybe_id(each.get("id"))]
    return _with(memory, [each for each in found if not step["only"] or each["id"] in step["only"]], step, said)


def _one(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """The answer of `conversations.info`."""
    channel = said.get("channel")
    if not isinstance(channel, dict) or channel.get("id") != step["channel"]:
        return _refused(memory, step, "the answer is about no channel")
    if not channel.get("is_im") and channel.get("is_member") is False:
        return _refused(memory, step, "the bot is no member; invite it")
    return _with(memory, [channel], step, {})


def _with(memory: Memory, channels: Iterable[Mapping[str, Any]], step: Step, said: Mapping[str, Any]) -> Progress:
    """These channels are there, and their history is to be asked for."""
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
    """What an event says as `channel_type`: public is only what is surely so."""
    if channel.get("is_im"):
        return "im"
    if channel.get("is_mpim"):
        return "mpim"
    return "channel" if channel.get("is_channel") and not channel.get("is_private") else "group"


def _said(memory: Memory, step: Step, said: Mapping[str, Any]) -> Progress:
    """A page of `conversations.history`: roots that are missing, and threads that grew."""
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
    """A page of `conversations.replies`, which begins with the root."""
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
    """A thread with its root, from before somebody opened a ticket in it."""
    return _thread(memory, channel, root, _before(root, _INSTANT)) | {"whole": True}


def _without(memory: Memory, threads: Iterable[Step]) -> Memory:
    """What is left besides the threads that are asked for now."""
    now = {(each["channel"], each["ts"]) for each in threads}
    return {**memory, "todo": [each for each in memory["todo"] if (each.get("channel"), each.get("ts")) not in now]}


def _next(
    memory: Memory, steps: Iterable[Step], step: Step, said: Mapping[str, Any], missed: Iterable[Missed] = ()
) -> Progress:
    """What follows comes first, and then the next page."""
    cursor = web.cursor(said)
    page = [{**step, "cursor": cursor}] if cursor is not None else []
    behind = memory["behind"]
    if step["method"] == "conversations.history" and not page:
        behind = {channel: since for channel, since in behind.items() if channel != step["channel"]}
    return Progress({**memory, "behind": behind, "todo": [*steps, *page, *memory["todo"]]}, tuple(missed))


def _missed(memory: Memory, step: Step, when: str, message: Mapping[str, Any]) -> Missed:
    """The message as Slack delivers it; an edited one has its text of now, and may be known by its edit alone."""
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
    """From when on a channel is to be asked for."""
    return _floor(memory, memory["behind"].get(channel) or _before(memory["since"], OVERLAP))


def _floor(memory: Memory, since: str) -> str:
    first: str = memory["first"]
    return max(since, first, _before(memory["until"], MOST_BACK))


def _stamped(said: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The messages of an answer with their times, oldest first; without a time there is nothing to know one by."""
    timed = ((_time(each, "ts"), each) for each in objects_in(said.get("messages")))
    return sorted(((when, each) for when, each in timed if when), key=itemgetter(0))


def _time(message: Mapping[str, Any], field: str) -> str | None:
    try:
        return maybe_ts(message, field)
    except ValueError:
        return None


def ts(when: datetime) -> str:
    """A time as Slack writes it; all of them have ten digits before the point until the year 2286."""
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
