"""Sends a test message to the targets of alarms, and asks the URL of the ping."""

from __future__ import annotations

from datetime import datetime

from worker.actions.errors import WrongInput
from worker.documents.status import AlarmsTested, TargetTested
from worker.jobs import ping
from worker.jobs.notify import Message, deliver, trial_message
from worker.settings import Settings


def send_test(settings: Settings, names: tuple[str, ...], now: datetime) -> AlarmsTested:
    """Send a test message to these targets, or to all. Raises WrongInput for an unknown one, or without any.

    The name `ping` stands for the URL of the ping, unless a target has that name.
    """
    targets = settings.alarms.notify
    pinged = () if settings.alarms.ping_url is None else (ping.NAME,)
    known = sorted({*targets, *pinged})
    if not known:
        raise WrongInput("no target is configured: set alarms.notify (TICKETRELAY_ALARMS__NOTIFY__<NAME>__URL_FILE)")
    if unknown := [each for each in names if each not in known]:
        raise WrongInput(f"there is no target {unknown[0]!r}; there are: {', '.join(known)}")
    about = trial_message(settings.alarms, now)
    return AlarmsTested(tuple(_tested(each, settings, about, now) for each in names or (*sorted(targets), *pinged)))


def _tested(name: str, settings: Settings, about: Message, now: datetime) -> TargetTested:
    target, url = settings.alarms.notify.get(name), settings.alarms.ping_url
    if target is not None:
        problem, _ = deliver(target, about, settings, now)
        return TargetTested(name, problem is None, problem or "the message was taken")
    problem = None if url is None else ping.ask(url.get_secret_value())
    return TargetTested(name, problem is None, problem or "the ping was taken")
