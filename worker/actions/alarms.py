"""Sends a test message to the targets of alarms."""

from __future__ import annotations

from datetime import datetime

from worker.actions.errors import WrongInput
from worker.documents.status import AlarmsTested, TargetTested
from worker.jobs.notify import deliver, trial_message
from worker.settings import Settings


def send_test(settings: Settings, names: tuple[str, ...], now: datetime) -> AlarmsTested:
    """Send a test message to these targets, or to all. Raises WrongInput for an unknown one, or without any."""
    known = settings.alarms.notify
    if not known:
        raise WrongInput("no target is configured: set alarms.notify (TICKETRELAY_ALARMS__NOTIFY__<NAME>__URL_FILE)")
    if unknown := [each for each in names if each not in known]:
        raise WrongInput(f"there is no target {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    about = trial_message(settings.alarms, now)
    tested = []
    for name in names or sorted(known):
        problem, _ = deliver(known[name], about, settings, now)
        tested.append(TargetTested(name, problem is None, problem or "the message was taken"))
    return AlarmsTested(tuple(tested))
