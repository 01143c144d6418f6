"""Histories for the rules of `worker.planning`, one for each rule."""

from __future__ import annotations

from datetime import timedelta

from connectors.contract.events import Reference
from worker.planning.grouping import PREFIX
from worker.planning.model import Group, Policy
from worker.planning.reused_ids import USED_AGAIN

from ..builders import changed, commented, minute, opened, resolved
from ..conversations import ADA, EVE, mail, name_of
from .floods import LOOPS, STORMS
from .lives import LIFECYCLE
from .rules import CREATED, NONE, Rule, once
from .strangers import DOUBTED, STRANGERS

TEAM = Group(f"{PREFIX}team", "team=db")
KNOWN = "a repeat: this message is known"
WAITS = "the comment waits for its case"


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

RULES = (*RECOGNISING, *CORRELATING, *WAITING, *LIFECYCLE, *DELAYING, *GROUPING, *STORMS, *LOOPS, *STRANGERS, *DOUBTED)
