"""Histories of one alert's life: opening, end, late messages and repeats."""

from __future__ import annotations

from worker.planning.model import Policy

from ..builders import changed, opened, resolved
from .rules import CREATED, REOPENED, Rule, once

LIFECYCLE = (
    Rule(
        "An end before its opening keeps the opening from making a ticket",
        [once(0, resolved(end=10)), once(1, opened(start=0))],
        {},
        ["the case was never opened", "the end arrived before the opening"],
    ),
    Rule(
        "An end closes the ticket, and an opening soon after reopens it",
        [once(0, opened()), once(10, resolved()), once(20, opened(start=20))],
        {"disk": [CREATED, "close_ticket all well", *REOPENED]},
    ),
    Rule(
        "After the reopening window another ticket is created",
        [once(0, opened()), once(10, resolved()), once(100, opened(start=100))],
        {"disk": [CREATED, "close_ticket all well", CREATED]},
    ),
    Rule(
        "An end that a wrong clock puts into the future ends the alert now",
        [once(0, opened()), once(10, resolved(end=5000)), once(80, opened(start=80))],
        {"disk": [CREATED, "close_ticket all well", CREATED]},
    ),
    Rule(
        "A change of priority updates the ticket",
        [once(0, opened()), once(1, changed(priority="urgent", text="3% free"))],
        {"disk": [CREATED, "update_ticket urgent", "add_note 3% free"]},
    ),
    Rule(
        "A repeat of what goes on is a note where the policy asks for that",
        [once(0, opened(), policy=Policy(note_on_repeat=True)), once(5, opened(), policy=Policy(note_on_repeat=True))],
        {"disk": [CREATED, "add_note This goes on: prom repeated the message at 2026-02-20T12:05:00+00:00."]},
    ),
)
