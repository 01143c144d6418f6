"""Private messages on every platform, with a unique word in each place that a person can write in.

Each word is planted once. `noted` words must be in a private note, or the check would prove nothing. Words addressed to
nobody or to a bot, and words in unreadable messages, are noted nowhere. `public` words may be seen by anyone.
"""

from __future__ import annotations

import base64
import hmac
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.connectors.discord import builders as discord
from tests.connectors.slack import builders as slack
from tests.connectors.teams import test_teams as teams
from tests.connectors.telegram import builders as telegram

PRIVATE_WORD, PUBLIC_WORD = "!private", "!public"
SLACK_PUBLIC, TELEGRAM_PUBLIC, DISCORD_PUBLIC = "C0OPEN0001", -1001000000077, "400000000000000077"
TEAMS_PUBLIC = "19:fedcba9876543210@thread.tacv2"

_numbers = itertools.count(1)


def timestamp() -> str:
    """Return a Slack `ts` that no message has yet."""
    return f"1773453600.{next(_numbers):06}"


@dataclass
class Planted:
    """The planted words, and the deliveries that hold them: kind and body."""

    noted: dict[str, str] = field(default_factory=dict)
    unnoted: dict[str, str] = field(default_factory=dict)
    public: dict[str, str] = field(default_factory=dict)
    deliveries: list[tuple[str, bytes]] = field(default_factory=list)

    def _word(self, bed: dict[str, str], where: str) -> str:
        word = f"zq{next(_numbers):04}plant"
        bed[word] = where
        return word

    def note(self, where: str) -> str:
        return self._word(self.noted, where)

    def nowhere(self, where: str) -> str:
        return self._word(self.unnoted, where)

    def open(self, where: str) -> str:
        return self._word(self.public, where)

    def send(self, kind: str, payload: Any) -> None:
        self.deliveries.append((kind, json.dumps(payload).encode()))


def plant() -> Planted:
    """Plant all words, on all platforms."""
    planted = Planted()
    for each in (_slack, _slack_marked, _slack_gestures, _teams, _telegram, _discord):
        each(planted)
    return planted


def _slack(into: Planted) -> None:
    note, nowhere, at = into.note, into.nowhere, f"<@{slack.BOT}>"
    root, answered = timestamp(), timestamp()
    private: dict[str, Any] = {"channel": "C0HIDDEN01", "channel_type": "group"}
    profile = {"display_name": note("slack user name")}

    def say(event: dict[str, Any]) -> None:
        into.send("slack", slack.envelope(event, event_id=f"Ev{next(_numbers):08}"))

    text = f"{at} {note('slack mention')} <#C0HIDDEN01|{note('slack channel name')}>"
    text += f" <https://intra.example/{note('slack link')}|{note('slack link label')}>"
    more: dict[str, Any] = {
        "files": [{"name": f"{note('slack file name')}.pdf", "permalink": f"https://x.example/{note('slack file')}"}],
        "attachments": [{"is_share": True, "author_name": note("slack passed on by"), "text": note("slack passed on")}],
        "subtype": "file_share",
        "user_profile": profile,
    }
    say(slack.message(text, root, **private | more))
    say(slack.reply(note("slack reply"), answered, thread_ts=root, **private))
    new = slack.reply(note("slack edit, new"), answered, thread_ts=root, **private)
    say(slack.edit(new, slack.reply(note("slack edit, old"), answered, thread_ts=root, **private), **private))
    say(slack.deletion(slack.reply(nowhere("slack deletion"), answered, thread_ts=root), answered, **private))
    say(slack.reaction(nowhere("slack reaction"), root, item={"type": "message", "ts": root} | private))
    say(slack.message(note("slack direct message"), timestamp(), channel="D0ADA0001", channel_type="im"))
    say(slack.message(nowhere("slack message to nobody"), timestamp(), **private))
    say(slack.message(nowhere("slack bot"), timestamp(), bot_id="B1", username=nowhere("slack bot name"), **private))
    say(slack.message(nowhere("slack subtype"), timestamp(), subtype="channel_name", **private))
    say(slack.message(nowhere("slack unreadable"), 7.5e20, **private))
    say(slack.message([nowhere("slack text that is a list")], timestamp(), **private))
    say(slack.reply(f"close {nowhere('slack close')}", timestamp(), thread_ts=root, **private))
    into.deliveries.append(("slack", f'{{"type": "event_callback", "event": "{nowhere("slack cut off")}'.encode()))
    twice = json.dumps({"type": 1, "text": nowhere("slack twice"), "TYPE": 2}).lower()
    into.deliveries.append(("slack", twice.encode()))


def _slack_marked(into: Planted) -> None:
    """Plant words in a public channel, and one from a private channel that was made public."""
    note, nowhere, at = into.note, into.nowhere, f"<@{slack.BOT}>"
    root, answered = timestamp(), timestamp()
    public: dict[str, Any] = {"channel": SLACK_PUBLIC, "channel_type": "channel"}

    def say(event: dict[str, Any]) -> None:
        into.send("slack", slack.envelope(event, event_id=f"Ev{next(_numbers):08}"))

    say(slack.mention(f"{at} {into.open('slack public mention')}", root, channel=SLACK_PUBLIC))
    say(slack.reply(into.open("slack public reply"), timestamp(), thread_ts=root, **public))
    hidden = f"{PRIVATE_WORD} {note('slack marked reply')}"
    say(slack.reply(hidden, answered, thread_ts=root, **public))
    was = slack.reply(f"{PRIVATE_WORD}: {note('slack marked edit, old')}", answered, thread_ts=root, **public)
    became = slack.reply(note("slack marked edit, without the word"), answered, thread_ts=root, **public)
    say(slack.edit(became, was, **public))
    again = slack.reply(note("slack edit after that"), answered, thread_ts=root, **public)
    say(slack.edit(again | {"edited": {"user": slack.ADA, "ts": "1773453999.000001"}}, became, **public))
    say(slack.deletion(slack.reply(nowhere("slack marked deletion"), answered, thread_ts=root), answered, **public))
    say(slack.mention(f"{at} *{PRIVATE_WORD}* {note('slack marked mention')}", timestamp(), channel=SLACK_PUBLIC))
    private: dict[str, Any] = {"channel": "C0HIDDEN02", "channel_type": "group"}
    thread = timestamp()
    say(slack.message(f"{at} {note('slack thread with a public note')}", thread, **private))
    said = f"{PUBLIC_WORD} {into.open('slack public note')}"
    say(
        slack.reply(
            said, timestamp(), thread_ts=thread, user_profile={"real_name": nowhere("slack publisher")}, **private
        )
    )
    said = f"{PUBLIC_WORD} {note('slack public word, broadcast')}"
    say(slack.reply(said, timestamp(), thread_ts=thread, subtype="thread_broadcast", **private))
    say(
        slack.reply(
            f"{PUBLIC_WORD} {note('slack public word of another')}",
            timestamp(),
            thread_ts=thread,
            user=slack.BOB,
            **private,
        )
    )


def _slack_gestures(into: Planted) -> None:
    """Plant words in commands, shortcuts and forms."""
    note, nowhere = into.note, into.nowhere
    where = {"channel_id": "C0HIDDEN03", "channel_name": "privategroup"}

    def typed(text: str, **changes: Any) -> None:
        into.deliveries.append(
            ("slack", slack.form(slack.slash(text, **{"trigger_id": f"{next(_numbers)}.1.a"} | changes)))
        )

    def did(payload: dict[str, Any]) -> None:
        into.deliveries.append(("slack", slack.acted(payload)))

    typed(note("slack command"), user_name=note("slack command, user name"), **where)
    typed(nowhere("slack another command"), command=f"/{nowhere('slack its name')}", **where)
    typed(into.open("slack public command"), channel_id=SLACK_PUBLIC, channel_name="open")
    typed(f"{PRIVATE_WORD} {note('slack marked command')}", channel_id=SLACK_PUBLIC, channel_name="open")
    hidden = {"id": "C0HIDDEN03", "name": "privategroup"}
    did(slack.shortcut(slack.message(note("slack shortcut"), timestamp()), channel=hidden))
    did(
        slack.shortcut(slack.message(nowhere("slack other shortcut"), timestamp()), nowhere("its name"), channel=hidden)
    )
    fields = {
        "subject": note("slack form, subject"),
        "text": note("slack form, text"),
        "category": note("slack category"),
    }
    did(slack.submission(fields, {"id": f"V{next(_numbers):08}"}))
    did(slack.submission({"text": nowhere("slack form without a subject")}, {"id": f"V{next(_numbers):08}"}))


def _teams(into: Planted) -> None:
    note, nowhere, at = into.note, into.nowhere, teams.AT
    who = {"id": "29:1ada", "name": note("teams user name"), "aadObjectId": teams.ADA}
    data = {"channel": {"name": note("teams channel name")}}
    file = {
        "contentType": "x",
        "name": note("teams file name"),
        "contentUrl": f"https://x.example/{note('teams file')}",
    }
    hidden: dict[str, Any] = {"channelData": data, "from": who}
    into.send("teams", teams.activity(f"{at} {note('teams mention')}", attachments=[file], **hidden))
    html = f"<div><at>Tickets</at> <a href='https://x.example/'>{note('teams link label')}</a></div>"
    into.send("teams", teams.reply(html, textFormat="html", **hidden))
    into.send("teams", teams.activity(f"{at} {note('teams edit')}", **hidden))
    into.send("teams", teams.activity(f"{at} close {nowhere('teams close')}", "1773453600777", **hidden))
    into.send("teams", teams.activity(nowhere("teams other type"), type="messageReaction", **hidden))
    into.send("teams", teams.activity(nowhere("teams unreadable"), timestamp="noon", **hidden))
    into.send("teams", teams.activity(nowhere("teams bot"), **hidden | {"from": {"id": "28:x", "name": nowhere("teams bot name")}}))  # fmt: skip  # noqa: E501
    public: dict[str, Any] = {"id": f"{TEAMS_PUBLIC};messageid=1773453600500", "conversationType": "channel"}
    into.send("teams", teams.activity(f"{at} {into.open('teams public')}", "1773453600500", conversation=public))
    into.send(
        "teams", teams.activity(f"{at} {PRIVATE_WORD} {note('teams marked')}", "1773453600501", conversation=public)
    )
    into.send("teams", teams.activity(f"{at} {note('teams marked edit')}", "1773453600501", conversation=public))


def _telegram(into: Planted) -> None:
    note, nowhere = into.note, into.nowhere
    ada = telegram.ADA | {"first_name": note("telegram user name")}
    group = telegram.CHAT | {"title": note("telegram group title")}
    hidden: dict[str, Any] = {"from": ada, "chat": group}

    def say(content: Any, kind: str = "message") -> None:
        into.send("telegram", {"update_id": next(_numbers), kind: content})

    label = note("telegram link label")
    words = f"/ticket {note('telegram command')} {label}"
    link = {
        "type": "text_link",
        "offset": len(words) - len(label),
        "length": len(label),
        "url": f"https://x.example/{note('telegram link')}",
    }
    say(telegram.message(words, 10, entities=[link], **hidden))
    say(telegram.message(..., 11, caption=note("telegram caption"), reply_to_message={"message_id": 10}, document={"file_name": note("telegram file name"), "file_size": 5}, **hidden))  # fmt: skip  # noqa: E501
    origin = {"type": "hidden_user", "sender_user_name": note("telegram passed on by")}
    say(
        telegram.message(
            note("telegram reply"), 12, reply_to_message={"message_id": 10}, forward_origin=origin, **hidden
        )
    )
    say(telegram.message(f"/ticket {note('telegram edit')}", 10, edit_date=1773453700, **hidden), "edited_message")
    quoted = telegram.message(note("telegram quoted"), 19, **hidden)
    say(telegram.message("/ticket", 20, reply_to_message=quoted, **hidden))
    say(
        telegram.message(
            ..., 21, poll={"question": note("telegram poll")}, reply_to_message={"message_id": 20}, **hidden
        )
    )
    say(telegram.reaction([], ["✍"], message_id=99, user=ada, chat=group))
    say(telegram.reaction([], [nowhere("telegram reaction")], chat=group), "message_reaction")
    say(telegram.message(note("telegram private chat"), 5, chat=telegram.DIRECT))
    say(telegram.message(f"/{nowhere('telegram other command')} {nowhere('telegram its text')}", 22, **hidden))
    say(telegram.message(nowhere("telegram bot"), 23, **hidden | {"from": {"id": 9, "is_bot": True, "username": nowhere("telegram bot name")}}))  # fmt: skip  # noqa: E501
    say(telegram.message(nowhere("telegram to nobody"), 24, **hidden))
    say(telegram.message(nowhere("telegram unreadable"), 25, date="noon", **hidden))
    say({"data": nowhere("telegram callback")}, "callback_query")
    say({"data": nowhere("telegram update")}, "business_message")
    public = telegram.CHAT | {"id": TELEGRAM_PUBLIC}
    say(telegram.message(f"/ticket {into.open('telegram public')}", 40, chat=public))
    say(telegram.message(f"/ticket {PRIVATE_WORD} {note('telegram marked')}", 41, chat=public))
    say(
        telegram.message(f"/ticket {note('telegram marked edit')}", 41, edit_date=1773453700, chat=public),
        "edited_message",
    )


def _discord(into: Planted) -> None:
    note, nowhere, ids = into.note, into.nowhere, (str(1482196573487104001 + n) for n in itertools.count())
    user = {"id": discord.ADA, "username": note("discord user name")}
    hidden: dict[str, Any] = {"member": {"user": user, "nick": note("discord nick"), "roles": []}}

    def say(make: Callable[..., Any], *what: Any, **more: Any) -> str:
        number = next(ids)
        into.send("discord", make(*what, id=number, **hidden | more))
        return number

    case = say(discord.slash, note("discord slash"))
    files = {
        "9": {"id": "9", "filename": note("discord file name"), "url": f"https://x.example/{note('discord file')}"}
    }
    options = [{"type": 3, "name": note("discord option"), "value": "x"}, {"type": 11, "name": "file", "value": "9"}]
    data = {"name": "ticket", "type": 1, "options": options, "resolved": {"attachments": files}}
    say(discord.interaction, 2, data)
    embed = {"type": "rich", "title": note("discord embed"), "fields": [{"name": "f", "value": note("discord field")}]}
    writer = {"id": discord.BOB, "username": note("discord author")}
    said = discord.message(content=note("discord message"), embeds=[embed], author=writer)
    say(discord.on_message, target=said)
    say(discord.on_message, target=said | {"content": note("discord message, edited")})
    say(discord.form, f"ticketrelay:note:{case}", discord.label("text", note("discord form")))
    say(discord.form, "ticketrelay:open", discord.label("subject", note("discord form, subject")))
    say(discord.slash, nowhere("discord note of nothing"), "note")
    say(
        discord.interaction,
        2,
        {
            "name": "other",
            "type": 1,
            "options": [{"type": 3, "name": "text", "value": nowhere("discord text of another command")}],
        },
    )
    say(discord.form, nowhere("discord other form"), discord.label("text", nowhere("discord its text")))
    say(discord.pressed, nowhere("discord other button"))
    into.send("discord", discord.slash(nowhere("discord unreadable"), id="x", **hidden))
    public: dict[str, Any] = {
        "channel_id": DISCORD_PUBLIC,
        "channel": {"id": DISCORD_PUBLIC, "type": 0},
        "member": {"user": {"id": discord.BOB}},
    }
    say(discord.slash, into.open("discord public"), **public)
    say(discord.slash, f"{PRIVATE_WORD} {note('discord marked')}", **public)


DISCORD_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SECRETS = {
    "slack": "5ec2e7015ec2e7015ec2e7015ec2e701",
    "teams": base64.b64encode(b"planted as a token for Teams ...").decode(),
    "telegram": "planted_as_a_token_for_telegram",
    "discord": DISCORD_KEY.public_key().public_bytes_raw().hex(),
    "token": slack.TOKEN,
    "telegram bot": "70000017:planted_AAE-for_the_bot_of_telegram",
    "bearer": "planted-as-a-bearer",
    "url": "planted-as-a-token-in-a-url",
    "hmac": "planted-as-a-key-of-an-hmac",
    "body": "planted-as-the-proof-of-a-body",
    "routing key": "plantedasaroutingkeyr0123456789",
    "imap": "planted imap word",
    "smtp": "planted smtp word",
    "control": "planted-as-a-token-of-control",
}
"""The secrets of the process, by place. Those of a fleet are in `OF_A_FLEET`."""
OF_A_FLEET = {
    "api key": "ak_planted_as_a_key",
    "broker": "planted-broker-word",
    "broker url": "planted-broker-url",
    "database url": "planted-database-url",
}
ODD_HEADER, ODD_COPY = "X-Proof-Of-Nobody-Else", "X-Forwarded-Credential"


def secret_requests(now: str) -> list[tuple[str, dict[str, str], bytes]]:
    """Return requests whose proofs stand in unusual places: URL with query, headers, and body."""
    event = {
        "event_action": "trigger",
        "dedup_key": "d",
        "payload": {"summary": "s", "source": "x", "severity": "info"},
    }
    body = json.dumps(event | {"routing_key": SECRETS["routing key"]}).encode()
    signature = hmac.new(SECRETS["hmac"].encode(), body, "sha256").hexdigest()
    bearer = {"Authorization": f"Bearer {SECRETS['bearer']}", ODD_COPY: f"token {SECRETS['bearer']}"}
    alert = {"status": "firing", "labels": {"alertname": "a"}, "startsAt": now, "fingerprint": "f"}
    return [
        ("/in/prom", bearer, json.dumps({"version": "4", "alerts": [alert]}).encode()),
        (f"/in/ping?secret={SECRETS['url']}&again={SECRETS['url']}&a=1", {}, b"{}"),
        ("/in/hook", {ODD_HEADER: signature}, body),
        ("/in/events", {"Authorization": f"Bearer {SECRETS['body']}"}, body),
    ]


def secret_settings(control: str) -> dict[str, str]:
    """Return sources with secrets of every kind, as environment variables; the servers they name are away."""
    mailbox = {"HOST": "127.0.0.1", "PORT": "1", "SECURITY": "none", "USER": "ada", "PASSWORD": SECRETS["imap"]}
    receipts = {"BY": "127.0.0.1:1", "SECURITY": "none", "USERNAME": "ada", "PASSWORD": SECRETS["smtp"]}
    sources = {
        "PROM": {"KIND": "alertmanager", "SECRET": SECRETS["bearer"]},
        "PING": {"KIND": "heartbeat", "SECRET": SECRETS["url"]},
        "HOOK": {"KIND": "generic", "SECRET": SECRETS["hmac"], "PROOF": "hmac", "SIGNATURE_HEADER": ODD_HEADER},
        "EVENTS": {"KIND": "generic", "SECRET": SECRETS["body"]},
        "MAIL": {"KIND": "email", "SECRET": "planted-for-mail-addresses"}
        | {f"IMAP__MAIN__{name}": value for name, value in mailbox.items()}
        | {f"RECEIPTS_{name}": value for name, value in receipts.items()},
        "TELEGRAM": {"BOT_TOKEN": SECRETS["telegram bot"]},
    }
    own = {
        f"TICKETRELAY_SOURCES__{name}__{key}": value for name, each in sources.items() for key, value in each.items()
    }
    return own | {"TICKETRELAY_SERVER__CONTROL": control, "TICKETRELAY_SERVER__CONTROL_TOKEN": SECRETS["control"]}


def fleet_settings() -> dict[str, str]:
    """Return the settings of a fleet whose servers are away, with a password in each URL."""
    return {
        "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
        "TICKETRELAY_API__KEY": OF_A_FLEET["api key"],
        "TICKETRELAY_BROKER__URL": f"redis://relay:{OF_A_FLEET['broker url']}@127.0.0.1:1/0",
        "TICKETRELAY_LEDGER__URL": f"postgresql://relay:{OF_A_FLEET['database url']}@127.0.0.1:1/ledger",
    }


def settings(slack_api: str, secrets: dict[str, str]) -> dict[str, str]:
    """Return the sources as environment variables; `secrets` by kind, and Slack's token."""
    public: dict[str, object] = {
        "slack": SLACK_PUBLIC, "teams": TEAMS_PUBLIC, "telegram": str(TELEGRAM_PUBLIC), "discord": DISCORD_PUBLIC
    }  # fmt: skip
    return {f"TICKETRELAY_SOURCES__{name}": value for name, value in _settings(public, slack_api, secrets)}


def _settings(public: dict[str, object], slack_api: str, secrets: dict[str, str]) -> Iterator[tuple[str, str]]:
    for kind, channel in public.items():
        yield f"{kind.upper()}__SECRET", secrets[kind]
        yield f"{kind.upper()}__CHANNELS", json.dumps({channel: {"private": False}})
        yield f"{kind.upper()}__PRIVATE_WORD", PRIVATE_WORD
    yield "SLACK__PUBLIC_WORD", PUBLIC_WORD
    yield "SLACK__PUBLISHERS", slack.ADA
    yield "SLACK__RECEIPTS", "true"
    yield "SLACK__BOT_TOKEN", secrets["token"]
    yield "SLACK__API_URL", slack_api
    yield "TELEGRAM__BOT_USERNAME", telegram.BOT
