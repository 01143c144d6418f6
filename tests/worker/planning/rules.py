"""Rules of planning, each as a short history: the deliveries, and the calls that follow.

Each history is played twice: by the planner over values (`played_in_memory`), as in a rehearsal, and by a ledger
(`played_by_ledger`). Both must give the same calls and the same reasons.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed
from tickets.markers import without_marker
from tickets.models import encode
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, operations
from worker.planning.arrival import Effect
from worker.planning.grouping import storm_of
from worker.planning.model import Group, Policy, Request, Treatment
from worker.rehearsal.memory import Memory

from ..builders import NOON, ManualClock, deliver_all, rows

SOURCE = "prom"
NONE = "-"
"""The reason of an event that has an effect."""


CREATED = "create_ticket medium disk is full"
REOPENED = ["reopen_ticket open", "add_note Opened again at 2026-02-20 12:20:00 UTC."]


@dataclass(frozen=True)
class Step:
    """One delivery, some minutes after noon."""

    at: float
    events: Sequence[Event]
    policy: Policy = field(default_factory=Policy)
    group: Group | None = None
    """The group to which the routes lead every event."""
    groups: Sequence[Group | None] = ()
    """The group of each event, if they differ."""
    storm: int | None = None
    """The number of new incidents in a minute above which the others are gathered as a storm."""
    again: bool = False
    """The delivery repeats an earlier one: both are the same observation."""

    def delivery(self, number: int) -> Delivery:
        at = NOON + timedelta(minutes=self.at)
        body = b"the same" if self.again else str(number).encode()
        storms = [storm_of(each, SOURCE, self.storm, "") for each in self.events]
        groups = self.groups or [self.group] * len(self.events)
        pairs = zip(groups, storms, strict=True)
        treatments = tuple(Treatment(self.policy, group=group, storm=storm) for group, storm in pairs)
        return Delivery(Inbound(SOURCE, at, body), Parsed(tuple(self.events)), treatments=treatments)


@dataclass(frozen=True)
class Rule:
    """A rule of planning, with a history in which the rule decides."""

    name: str
    """The rule as a sentence."""
    steps: Sequence[Step]
    calls: dict[str, list[str]]
    """The calls about each case, in their order, by case key."""
    reasons: Sequence[str] = ()
    """Why each event has no effect of its own, in their order; `NONE` if the event has one. Empty: not compared."""


def once(at: float, *events: Event, **more: object) -> Step:
    return Step(at, events, **more)  # type: ignore[arg-type]  # the fields of a step


def said(kind: str, request: dict[str, Any]) -> str:
    """Describe a call in one line: its kind, the values that it sets, and the first line of its text.

    For a close, the second line of its text is used, because the first holds the time.
    """
    words = [kind]
    words += [str(request[name]) for name in ("priority", "status") if request.get(name)]
    words += ["private"] if request.get("private") else []
    text = request.get("subject") or request.get("body") or request.get("resolution_notes") or ""
    lines = [line for line in without_marker(str(text)).splitlines() if line]
    words += lines[1:2] if kind == "close_ticket" else lines[:1]
    return " ".join(words)


def played_in_memory(rule: Rule) -> tuple[dict[str, list[str]], list[str]]:
    """Return the calls of each case and the reason of each event, as a rehearsal plans them."""
    memory = Memory()
    calls: dict[str, list[str]] = {}
    latest: dict[str, int] = {}
    reasons = []
    for number, step in enumerate(rule.steps):
        delivery = step.delivery(number)
        for effect in memory.take(delivery.arrivals(number + 1, delivery.observation), delivery.inbound.received_at):
            _add(calls, latest, effect)
            if not effect.waited:
                reasons.append(effect.reason or NONE)
    return {key: made for key, made in calls.items() if made}, reasons


def _add(calls: dict[str, list[str]], latest: dict[str, int], effect: Effect) -> None:
    made = calls.setdefault(effect.case_key, [])
    if effect.takes_back:
        del made[latest[effect.case_key] :]
    for intent in effect.intents:
        if intent.kind == "create_ticket":
            latest[effect.case_key] = len(made)
        made.append(said(intent.kind, _plain(intent.request)))


def _plain(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode(request, "A"))
    return found


def played_by_ledger(rule: Rule, ledger: Ledger, clock: ManualClock) -> tuple[dict[str, list[str]], list[str]]:
    """Return the calls of each case and the reason of each event, as a ledger plans and a worker makes them."""
    reasons = []
    for number, step in enumerate(rule.steps):
        clock.now = NOON + timedelta(minutes=step.at)
        ledger.pair_waiting()
        deliver_all(ledger)
        (recorded,), _ = ledger.record([step.delivery(number)])
        reasons += [effect.reason or NONE for effect in recorded.effects]
        ledger.pair_waiting()
        deliver_all(ledger)
    keys = {each["id"]: each["key"] for each in rows(ledger, cases)}
    calls: dict[str, list[str]] = {}
    for each in rows(ledger, operations):
        if each["state"] != "skipped":
            made = calls.setdefault(keys[each["case_id"]], [])
            made.append(said(each["kind"], json.loads(each["request"])))
    return calls, reasons
