"""Tells people of alarms: once when an alarm comes up, and once when it is over. One job for each target.

The memory of the job holds the alarms that its target was told of, so that a restart tells nothing twice. A message
that was not taken is tried again after a growing pause, by the runner of the jobs. One message holds all changes since
the last one. After a message of unknown outcome, the target may be told twice.

After a start, and after the ledger was away, nobody has looked for a while. What is over is told only by a process that
has looked for long enough since then.

An alarm that was up and over again while its target did not answer is not told.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from connectors.contract.calls import CallLater, HttpCall
from connectors.contract.receipts import OutgoingMail, Posted, ReceiptContent
from connectors.toolbox.text import clean, cut, one_line
from worker.jobs.job import Job, JobFailed, Ran, State, Surroundings
from worker.ledger import ALARMS, StandingAlarm
from worker.receipts.sending import hand_in, send
from worker.receipts.tokens import Tokens
from worker.runtime.web import NoAnswer, fetch
from worker.settings import Settings, Source
from worker.settings.alarms import AlarmsSettings, NotifyTarget
from worker.wording import Needs

EVERY = timedelta(seconds=5)
DEADLINE_S = 5.0
MAX_BYTES = 64 * 1024  # of an answer, which nobody reads
TOLD = "told"
"""Key in the memory: name of an alarm to the time since when it was up."""
MOST_TEXT = 1900  # characters; Discord takes 2000
MOST_CHAT = 3900  # Telegram takes 4096
MAX_SUBJECT = 300
MAX_TEXT = 20_000
TOKENS = Tokens()
_ORDER: tuple[Needs, ...] = ("nothing to do", "look", "act")


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm that came up, or is over; times in UTC."""

    name: str
    text: str
    since: datetime
    over_at: datetime | None = None
    """None: it came up."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one target."""

    subject: str
    text: str
    document: Mapping[str, object]
    """The same for programs."""


def jobs_of(settings: Settings, knows_ends: Callable[[datetime], bool] = lambda _: True) -> list[Job]:
    """Return the job of each target. `knows_ends`: at this time, alarms that nobody found up are over."""
    return [_job(name, target, settings, knows_ends) for name, target in settings.alarms.notify.items()]


def _job(name: str, target: NotifyTarget, settings: Settings, knows_ends: Callable[[datetime], bool]) -> Job:
    def run(state: State, around: Surroundings) -> State | Ran:
        told: dict[str, str] = dict(state.get(TOLD, {}))
        found = changes(told, around.job_store.alarms_on_record(), target.least, around.now)
        if not knows_ends(around.now):
            found = [each for each in found if each.over_at is None]
        if not found:
            return state
        problem, pause = deliver(target, message(found, settings.alarms, around.now), settings, around.now)
        if problem is not None and pause is not None:
            return Ran(state, again=timedelta(seconds=pause), problem=problem)
        if problem is not None:
            raise JobFailed(problem)
        for each in found:
            if each.over_at is None:
                told[each.name] = each.since.isoformat()
            else:
                told.pop(each.name, None)
        return {TOLD: told}

    return Job(f"notify:{name}", EVERY, run)


def changes(
    told: Mapping[str, str], on_record: Collection[StandingAlarm], least: Needs, now: datetime
) -> list[AlarmChange]:
    """Return what a target does not know yet; the alarms that came up first."""
    up = {each.name: each for each in on_record if not each.is_over and _concerns(each.name, least)}
    ended_at = {each.name: each.seen_at for each in on_record}
    raised = [
        AlarmChange(name, each.text, each.since)
        for name, each in sorted(up.items())
        if name not in told or each.since > datetime.fromisoformat(told[name])
    ]
    over = [
        AlarmChange(name, "", datetime.fromisoformat(since), min(ended_at.get(name, now), now))
        for name, since in sorted(told.items())
        if name not in up
    ]
    return raised + over


def _concerns(name: str, least: Needs) -> bool:
    """Return True for an alarm that asks for at least so much; a process of another version may have other alarms."""
    declared = ALARMS.get(name)
    return declared is None or _ORDER.index(declared.needs) >= _ORDER.index(least)


def message(found: Collection[AlarmChange], settings: AlarmsSettings, now: datetime) -> Message:
    """Write the message about these changes, for a person who was woken up."""
    host = socket.gethostname()
    where = settings.deployment or host
    lines = [line for each in found for line in (*_lines(each, settings), "")]
    lines.append(f"Deployment: {where} (told by {host} at {_time(now)}). All alarms: ticketrelay status")
    heads = "; ".join(_head(each) for each in found)
    document = {
        "deployment": where, "host": host, "at": now.isoformat(),
        "raised": [_raised(each, settings) for each in found if each.over_at is None],
        "over": [
            {"alarm": each.name, "since": each.since.isoformat(), "over_at": each.over_at.isoformat()}
            for each in found if each.over_at is not None
        ],
    }  # fmt: skip
    return _made(f"[Ticketrelay {where}] {heads}", "\n".join(lines), document)


def _made(subject: str, text: str, document: Mapping[str, object]) -> Message:
    """Return a message that every target can carry, whatever the alarms say: a defect would end the loop that tells."""
    return Message(cut(one_line(subject), MAX_SUBJECT), cut(clean(text), MAX_TEXT), document)


def _lines(each: AlarmChange, settings: AlarmsSettings) -> list[str]:
    if each.over_at is not None:
        return [f"{_head(each)} (it was up from {_time(each.since)} to {_time(each.over_at)})."]
    said = [f"{_head(each)}, since {_time(each.since)}", each.text]
    if each.name in ALARMS:
        said.append(f"What to do: {ALARMS[each.name].action}")
    return [*said, f"Runbook: {_page(each.name, settings)}"]


def _head(each: AlarmChange) -> str:
    if each.over_at is not None:
        return f"OVER: {each.name}"
    return f"{ALARMS[each.name].needs.upper() if each.name in ALARMS else 'LOOK'}: {each.name}"


def _raised(each: AlarmChange, settings: AlarmsSettings) -> Mapping[str, object]:
    declared = ALARMS.get(each.name)
    return {
        "alarm": each.name, "text": each.text, "since": each.since.isoformat(),
        "needs": declared.needs if declared else "look", "is_urgent": declared.is_urgent if declared else False,
        "action": declared.action if declared else "", "runbook": _page(each.name, settings),
    }  # fmt: skip


def _page(name: str, settings: AlarmsSettings) -> str:
    if settings.runbook is not None:
        return settings.runbook.replace("{alarm}", name)
    return ALARMS[name].page if name in ALARMS else "docs/operations.md"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def deliver(target: NotifyTarget, about: Message, settings: Settings, now: datetime) -> tuple[str | None, float | None]:
    """Send a message once. Returns why it was not taken (None: it was), and in how many seconds to try again.

    The reason names no URL and no token.
    """
    if target.url is not None:
        return _post(target.url.get_secret_value(), about), None
    if target.mail is not None:
        return _mail(target.mail, about, settings.alarms, now), None
    source, channel = settings.sources.get(target.source or ""), target.channel
    if source is None or channel is None:
        return f"there is no source {target.source!r}", None
    return _say(source, channel, about, now)


def _post(url: str, about: Message) -> str | None:
    """POST the message as JSON. `text` is for the webhooks of Slack, Teams and Mattermost, `content` for Discord's."""
    text = f"{about.subject}\n\n{about.text}"
    body = {"text": text, "content": text[:MOST_TEXT], **about.document}
    call = HttpCall(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        answer = fetch(call, max_bytes=MAX_BYTES, deadline_s=DEADLINE_S)
    except NoAnswer as error:
        return str(error)
    return None if 200 <= answer.status < 300 else f"the URL answered {answer.status}"


def _mail(recipient: str, about: Message, settings: AlarmsSettings, now: datetime) -> str | None:
    """Hand in a mail from the null sender; it is marked as automatic (RFC 3834), so that no program answers it."""
    server = settings.mail_server
    if server is None:
        return "alarms.mail_by is missing"
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, recipient, about.subject
    mail["Date"], mail["Message-ID"] = format_datetime(now), make_msgid(domain=settings.mail_from.rpartition("@")[2])
    mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"] = "auto-generated", "All"
    mail.set_content(about.text)
    outcome = hand_in(OutgoingMail(server, recipient, mail.as_bytes()))
    return None if isinstance(outcome, Posted) else outcome.reason


def _say(source: Source, channel: str, about: Message, now: datetime) -> tuple[str | None, float | None]:
    """Post into a channel, as a receipt with a text of our own."""
    receipts = source.connector.receipts
    if receipts is None or receipts.to_channel is None:
        return f"sources of kind {source.connector.kind} cannot post into a channel", None
    said = cut(f"{about.subject}\n\n{about.text}", MOST_CHAT)
    content = ReceiptContent(receipts.to_channel(channel), None, "", "", "", "", None, now, said)
    call = receipts.write(content, source.settings)
    if not isinstance(call, HttpCall):
        return "the channel cannot be posted to", None
    outcome = send(call, content, receipts, source.settings, TOKENS)
    if isinstance(outcome, Posted):
        return None, None
    return outcome.reason, outcome.seconds if isinstance(outcome, CallLater) else None


def trial_message(settings: AlarmsSettings, now: datetime) -> Message:
    """Return a message that says that it is a test."""
    host = socket.gethostname()
    where = settings.deployment or host
    text = f"This is a test by `ticketrelay alarms test` on {host} at {_time(now)}. No alarm came up. Nothing to do."
    return _made(f"[Ticketrelay {where}] TEST", text, {"deployment": where, "host": host, "at": now.isoformat(),
                 "raised": [], "over": [], "is_test": True})  # fmt: skip
