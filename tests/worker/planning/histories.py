"""Histories for the rules of `worker.planning`, one for each rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.contract.events import Event, Exchange, Reference
from worker.planning.decide import USED_AGAIN
from worker.planning.grouping import PREFIX
from worker.planning.model import Group, Policy

from ..builders import changed, commented, minute, opened, resolved
from ..conversations import ADA, EVE, mail, name_of
from .lives import LIFECYCLE
from .rules import CREATED, NONE, Rule, once

TEAM = Group(f"{PREFIX}team", "team=db")
KNOWN = "a repeat: this message is known"
WAITS = "the comment waits for its case"


def looping(number: int, **more: Any) -> Event:
    """Build one of many automatic mails with the same sender and subject."""
    return mail(f"loop{number}", exchange=Exchange("ada: away", 2, 600), at=number, **more)


RECOGNISING = (
    Rule(
        "A message that is told again has no second effect, whenever that is",
        [once(0, opened()), once(1, opened()), once(900, resolved()), once(2000, opened())],
        {"disk": [CREATED, "close_ticket all well"]},
        [NONE, KNOWN, NONE, KNOWN],
    ),
    Rule(
        "A message that comes twice in one delivery counts once",
        [once(0, opened(), opened())],
        {"disk": [CREATED]},
        [NONE, KNOWN],
    ),
    Rule(
        "A repeat that comes twice in one delivery is noted once",
        [once(0, opened()), once(5, opened(), opened(), policy=Policy(note_on_repeat=True))],
        {"disk": [CREATED, "add_note This goes on: prom repeated the message at 2026-02-20T12:05:00+00:00."]},
        [NONE, NONE, KNOWN],
    ),
    Rule(
        "A known message with other content is a note, once for each content",
        [once(0, opened()), once(1, opened(text="1% free")), once(2, opened(text="1% free")), once(3, opened())],
        {"disk": [CREATED, "add_note Changed at prom."]},
        [NONE, NONE, KNOWN, KNOWN],
    ),
    Rule(
        "A message stays in the case in which it was recorded first",
        [once(0, opened("disk", message="m1")), once(1, opened("cpu", message="m1", text="other"))],
        {"disk": [CREATED, "add_note Changed at prom."]},
    ),
    Rule(
        "A mail whose id its sender used for another one is a message of its own, on the case of the first",
        [
            once(0, mail("m", other_words="message")),
            once(1, mail("m", other_words="message", text="another mail", content_digest="0f" * 32)),
        ],
        {"mail:m": ["create_ticket medium mail:m is full", "add_note another mail"]},
        [NONE, USED_AGAIN],
    ),
    Rule(
        "Copies of a mail whose words differ are one message",
        [
            once(0, mail("m", other_words="copy")),
            once(1, mail("m", other_words="message", text="with a footer", content_digest="0f" * 32)),
        ],
        {"mail:m": ["create_ticket medium mail:m is full"]},
        [NONE, KNOWN],
    ),
)

CORRELATING = (
    Rule(
        "A reply is a note on the case that it refers to",
        [once(0, mail("a")), once(1, mail("b", to="a"))],
        {"mail:a": ["create_ticket medium mail:a is full", "add_note b"]},
    ),
    Rule(
        "A stranger who knows a name opens a ticket of their own",
        [once(0, mail("a")), once(1, mail("b", to="a", author=EVE))],
        {
            "mail:a": ["create_ticket medium mail:a is full"],
            "mail:b": ["create_ticket medium mail:b is full"],
        },
    ),
    Rule(
        "A proven reference lets anybody in, and in they stay",
        [
            once(0, mail("a")),
            once(1, mail("b", to="a", author=EVE, proven=True)),
            once(2, mail("c", to="a", author=EVE)),
        ],
        {"mail:a": ["create_ticket medium mail:a is full", "add_note b", "add_note c"]},
    ),
    Rule(
        "Who was copied takes part from then on, unless the message lets nobody in",
        [
            once(0, mail("a", cc=[EVE])),
            once(1, mail("b", to="a", author=EVE)),
            once(2, mail("x", cc=[EVE], joins=False)),
            once(3, mail("y", to="x", author=EVE)),
        ],
        {
            "mail:a": ["create_ticket medium mail:a is full", "add_note b"],
            "mail:x": ["create_ticket medium mail:x is full"],
            "mail:y": ["create_ticket medium mail:y is full"],
        },
    ),
    Rule(
        "Who did not open a case does not close it where only the opener may",
        [
            once(0, opened(author=ADA)),
            once(1, resolved(end=1, author=EVE, authority="opener")),
            once(2, resolved(end=2, author=ADA, authority="opener")),
        ],
        {"disk": [CREATED, "close_ticket all well"]},
        [NONE, "the author may not close the case: only its opener may, and people whom the settings name", NONE],
    ),
    Rule(
        "A comment whose case is not known is left to a person where it says so",
        [once(0, commented(unknown="quarantine"))],
        {},
        ["the case is not known"],
    ),
)

WAITING = (
    Rule(
        "A comment waits for its case, and is planned right after its opening",
        [once(0, commented(text="mine too")), once(1, opened(), resolved())],
        {"disk": [CREATED, "add_note mine too", "close_ticket all well"]},
        [WAITS, NONE, NONE],
    ),
    Rule(
        "Comments that waited are planned in the order in which they were made",
        [
            once(0, commented(message="c2", text="second", occurred_at=minute(0.5))),
            once(0, commented(message="c1", text="first", occurred_at=minute(0.1))),
            once(1, opened()),
        ],
        {"disk": [CREATED, "add_note first", "add_note second"]},
    ),
    Rule(
        "A comment that waits is not waiting twice",
        [once(0, commented()), once(0, commented()), once(1, opened())],
        {"disk": [CREATED, "add_note looking"]},
        [WAITS, WAITS, NONE],
    ),
    Rule(
        "A comment that precedes its opening in one delivery is planned after it",
        [once(0, commented(), opened())],
        {"disk": [CREATED, "add_note looking"]},
        [WAITS, NONE],
    ),
    Rule(
        "A comment that waited for ten minutes is dropped",
        [once(0, commented()), once(11, opened())],
        {"disk": [CREATED]},
    ),
    Rule(
        "A comment waits for the best name that it looks for",
        [
            once(0, commented("other", references=(Reference(name_of("a")),))),
            once(1, mail("a")),
        ],
        {"mail:a": ["create_ticket medium mail:a is full", "add_note looking"]},
    ),
    Rule(
        "A comment that waited for an alert is a note on the ticket of its group",
        [once(0, commented("cpu"), group=TEAM), once(1, opened("cpu"), group=TEAM)],
        {TEAM.key: ["create_ticket medium team=db: cpu is full", "add_note looking"]},
    ),
)

DELAY = Policy(damping=timedelta(minutes=2))
DELAY_ANEW = Policy(damping=timedelta(minutes=2), reopen_window=timedelta(0))
DELAYING = (
    Rule(
        "What ends while its opening waits costs no call",
        [once(0, opened(), policy=DELAY), once(1, resolved(end=1), policy=DELAY)],
        {},
    ),
    Rule(
        "The opening after one that was taken back waits out its own delay",
        [
            once(0, opened(), policy=DELAY),
            once(1, resolved(end=1), policy=DELAY),
            once(1.5, opened(start=1.5), policy=DELAY),
            once(3, resolved(end=3), policy=DELAY),
        ],
        {},
    ),
    Rule(
        "An opening is sent when it has waited",
        [once(0, opened(), policy=DELAY), once(3, resolved(end=3), policy=DELAY)],
        {"disk": [CREATED, "close_ticket all well"]},
    ),
    Rule(
        "A comment ends the wait",
        [once(0, opened(), policy=DELAY), once(0.5, commented(), policy=DELAY), once(1, resolved(end=1), policy=DELAY)],
        {"disk": [CREATED, "add_note looking", "close_ticket all well"]},
    ),
    Rule(
        "After a comment ended the wait, the next opening is the first in its queue, and waits",
        [
            once(0, opened(), policy=DELAY_ANEW),
            once(0.5, commented(), policy=DELAY_ANEW),
            once(1, resolved(end=1), policy=DELAY_ANEW),
            once(1.5, opened(start=1.5), policy=DELAY_ANEW),
            once(1.9, resolved(end=1.9), policy=DELAY_ANEW),
        ],
        {"disk": [CREATED, "add_note looking", "close_ticket all well"]},
    ),
    Rule(
        "The opening after one that was taken back gets a ticket of its own",
        [
            once(0, opened(), policy=DELAY),
            once(1, resolved(end=1), policy=DELAY),
            once(5, opened(start=5), policy=DELAY),
            once(9, changed(priority="high", text="3% free", occurred_at=minute(9)), policy=DELAY),
        ],
        {"disk": [CREATED, "update_ticket high", "add_note 3% free"]},
    ),
    Rule(
        "An opening behind another call of its case does not wait longer, and is not taken back",
        [
            once(0, opened()),
            once(10, resolved()),
            once(200, commented(reopens=False), opened(start=199), resolved(end=200), policy=DELAY),
        ],
        {"disk": [CREATED, "close_ticket all well", "add_note looking", CREATED, "close_ticket all well"]},
    ),
)

GROUPING = (
    Rule(
        "Alerts of a group share its ticket, and the last end closes it",
        [
            once(0, opened("cpu"), group=TEAM),
            once(1, opened("disk"), group=TEAM),
            once(10, resolved("cpu"), group=TEAM),
            once(11, resolved("disk"), group=TEAM),
        ],
        {
            TEAM.key: [
                "create_ticket medium team=db: cpu is full",
                "add_note disk is full joined the group. Open now: 2.",
                "add_note cpu is full left the group: it is resolved, says prom. Still open: 1.",
                "close_ticket No member of the group is open any more; the last one was disk is full.",
            ]
        },
    ),
    Rule(
        "An alert that is open by itself keeps its ticket when the routes begin to group",
        [once(0, opened()), once(10, resolved(), group=TEAM)],
        {"disk": [CREATED, "close_ticket all well"]},
    ),
    Rule(
        "An alert that is open in a group stays there when the routes stop to group",
        [once(0, opened(), group=TEAM), once(10, resolved())],
        {
            TEAM.key: [
                "create_ticket medium team=db: disk is full",
                "close_ticket No member of the group is open any more; the last one was disk is full.",
            ]
        },
    ),
    Rule(
        "An alert ends in the group that it was opened in by the same delivery, wherever the routes lead its end",
        [once(0, opened(), resolved(end=0), groups=[TEAM, None])],
        {
            TEAM.key: [
                "create_ticket medium team=db: disk is full",
                "close_ticket No member of the group is open any more; the last one was disk is full.",
            ]
        },
    ),
    Rule(
        "An alert that left its group may open a ticket of its own",
        [once(0, opened(), group=TEAM), once(10, resolved(), opened(start=11), groups=[TEAM, None])],
        {
            TEAM.key: [
                "create_ticket medium team=db: disk is full",
                "close_ticket No member of the group is open any more; the last one was disk is full.",
            ],
            "disk": [CREATED],
        },
    ),
    Rule(
        "A comment goes to the group in which its alert is",
        [once(0, opened(), group=TEAM), once(1, commented())],
        {TEAM.key: ["create_ticket medium team=db: disk is full", "add_note looking"]},
    ),
    Rule(
        "A group is as urgent as its most urgent member",
        [once(0, opened("cpu"), group=TEAM), once(1, opened("disk", priority="urgent"), group=TEAM)],
        {
            TEAM.key: [
                "create_ticket medium team=db: cpu is full",
                "update_ticket urgent",
                "add_note disk is full joined the group. Open now: 2.",
            ]
        },
    ),
)

STORM_KEY = f"{PREFIX}storm:"
STORMS = (
    Rule(
        "Above the rate, new incidents share a ticket; each ends there",
        [
            once(0, opened("a"), opened("b"), opened("c"), opened("d"), storm=2),
            once(0.5, resolved("c", end=0.5), resolved("d", end=0.5), resolved("a", end=0.5), storm=2),
        ],
        {
            "a": ["create_ticket medium a is full", "close_ticket all well"],
            "b": ["create_ticket medium b is full"],
            STORM_KEY: [
                "create_ticket medium storm of prom: c is full",
                "add_note d is full joined the group. Open now: 2.",
                "add_note c is full left the group: it is resolved, says prom. Still open: 1.",
                "close_ticket No member of the group is open any more; the last one was d is full.",
            ],
        },
    ),
    Rule(
        "Repeats and urgent incidents are not counted",
        [
            once(0, opened("a"), opened("a"), opened("a"), opened("b", priority="urgent"), storm=1),
            once(0.1, opened("c"), storm=1),
        ],
        {
            "a": ["create_ticket medium a is full"],
            "b": ["create_ticket urgent b is full"],
            STORM_KEY: ["create_ticket medium storm of prom: c is full"],
        },
    ),
    Rule(
        "A change and an end are not counted",
        [
            once(0, opened("a"), storm=2),
            once(0.1, opened("a", text="1% free"), storm=2),
            once(0.2, resolved("a", end=0.2), storm=2),
            once(0.3, opened("b"), storm=2),
        ],
        {
            "a": ["create_ticket medium a is full", "add_note Changed at prom.", "close_ticket all well"],
            "b": ["create_ticket medium b is full"],
        },
    ),
    Rule(
        "A storm is over with the first minute that holds no more than the rate",
        [
            once(0, opened("a"), opened("b"), storm=1),
            once(1.5, opened("c"), storm=1),
            once(4, opened("d"), storm=1),
        ],
        {
            "a": ["create_ticket medium a is full"],
            STORM_KEY: [
                "create_ticket medium storm of prom: b is full",
                "add_note c is full joined the group. Open now: 2.",
            ],
            "d": ["create_ticket medium d is full"],
        },
    ),
)

BREAKER = "the loop breaker: more than 2 messages of one sender and one subject in 10 minutes"
LOOPS = (
    Rule(
        "Of one exchange so many messages pass; the next is one private note, and those behind it nothing",
        [once(number, looping(number)) for number in range(1, 6)],
        {
            "mail:loop1": ["create_ticket medium mail:loop1 is full"],
            "mail:loop2": [
                "create_ticket medium mail:loop2 is full",
                "add_note private More than 2 messages with this sender and subject came in 10 minutes, "
                "as when two automatic answers face each other. This message and those that follow are only recorded.",
            ],
        },
        [NONE, NONE, BREAKER, BREAKER, BREAKER],
    ),
    Rule(
        "A message that was stopped is known afterwards, and lets nobody in",
        [
            once(1, looping(1)),
            once(2, looping(2)),
            once(3, looping(3, cc=[EVE])),
            once(30, looping(3, cc=[EVE])),
            once(31, mail("y", to=["loop2"], author=EVE)),
        ],
        {
            "mail:loop1": ["create_ticket medium mail:loop1 is full"],
            "mail:loop2": [
                "create_ticket medium mail:loop2 is full",
                "add_note private More than 2 messages with this sender and subject came in 10 minutes, "
                "as when two automatic answers face each other. This message and those that follow are only recorded.",
            ],
            "mail:y": ["create_ticket medium mail:y is full"],
        },
    ),
    Rule(
        "A known message with other content does not count in a loop",
        [once(1, looping(1)), once(2, looping(1, text="other words")), once(3, looping(2))],
        {
            "mail:loop1": ["create_ticket medium mail:loop1 is full", "add_note Changed at prom."],
            "mail:loop2": ["create_ticket medium mail:loop2 is full"],
        },
    ),
    Rule(
        "After the window messages of the exchange pass again",
        [once(1, looping(1)), once(2, looping(2)), once(30, looping(3))],
        {f"mail:loop{number}": [f"create_ticket medium mail:loop{number} is full"] for number in (1, 2, 3)},
    ),
)

RULES = (*RECOGNISING, *CORRELATING, *WAITING, *LIFECYCLE, *DELAYING, *GROUPING, *STORMS, *LOOPS)
