"""Histories for the rules about strangers, and about authors who are not verified."""

from __future__ import annotations

from typing import Any

from worker.planning.reused_ids import USED_AGAIN
from worker.planning.senders import NOT_LET_IN, REPEATED

from ..builders import changed, commented, opened, resolved
from ..conversations import ADA, BOB, EVE, mail
from .rules import CREATED, NONE, Rule, once

OTHER: dict[str, Any] = {"text": "another mail", "content_digest": "0f" * 32}
DOUBT = "Not verified."


def created(message: str) -> str:
    return f"create_ticket medium mail:{message} is full"


STRANGERS = (
    Rule(
        "Strangers for one case share one case of theirs",
        [
            once(0, mail("a")),
            once(1, mail("b", to="a", author=EVE)),
            once(2, mail("c", to="a", author="mallory@elsewhere.example")),
            once(3, mail("d", to="c", author="trudy@elsewhere.example")),
            once(4, mail("e", to="a")),
        ],
        {"mail:a": [created("a"), "add_note e"], "mail:b": [created("b"), "add_note c", "add_note d"]},
    ),
    Rule(
        "Strangers of one delivery share a case, and the strangers of that case, too",
        [once(0, mail("a"), mail("b", to="a", author=EVE), mail("c", to="b", stranger=True), mail("d", to="a"))],
        {"mail:a": [created("a"), "add_note d"], "mail:b": [created("b"), "add_note c"]},
    ),
    Rule(
        "A stranger takes part in no case, whoever the message names",
        [
            once(0, mail("a")),
            once(1, mail("b", to="a", stranger=True)),
            once(2, mail("c", to="b", stranger=True)),
            once(3, mail("d", to="a")),
        ],
        {"mail:a": [created("a"), "add_note d"], "mail:b": [created("b"), "add_note c"]},
    ),
    Rule(
        "Nobody joins by the message of a stranger",
        [
            once(0, mail("a", cc=[EVE], stranger=True)),
            once(1, mail("b", to="a", author=EVE)),
            once(2, mail("c", to="a")),
        ],
        {"mail:a": [created("a")], "mail:b": [created("b"), "add_note c"]},
    ),
    Rule(
        "A proven reference lets a stranger into its own case only, and there the author joins",
        [
            once(0, mail("a")),
            once(1, mail("b", author=EVE)),
            once(2, mail("c", to="b", proven=True, stranger=True, doubt=DOUBT)),
            once(3, mail("d", to="b")),
        ],
        {"mail:a": [created("a")], "mail:b": [created("b"), "add_note c", "add_note d"]},
    ),
    Rule(
        "A stranger changes no alert",
        [
            once(0, opened()),
            once(1, resolved(stranger=True)),
            once(2, changed(stranger=True, priority="urgent")),
            once(3, commented(stranger=True, unknown="open")),
            once(4, opened(start=4, stranger=True)),
            once(5, opened(text="1% free", stranger=True)),
            once(6, opened(stranger=True)),
        ],
        {"disk": [CREATED]},
        [NONE, *[NOT_LET_IN] * 5, REPEATED],
    ),
    Rule(
        "A stranger's comment waits for no case",
        [once(0, commented(stranger=True)), once(1, opened())],
        {"disk": [CREATED]},
        ["the case is not known", NONE],
    ),
    Rule(
        "A stranger's end comes before no opening",
        [once(0, resolved(end=10, stranger=True)), once(1, opened(start=1))],
        {"disk": [CREATED]},
        [NOT_LET_IN, NONE],
    ),
    Rule(
        "A stranger's repeat is not noted",
        [once(0, opened()), once(1, opened(stranger=True))],
        {"disk": [CREATED]},
        [NONE, REPEATED],
    ),
    Rule(
        "A stranger is not the sender who used an id before",
        [
            once(0, mail("a", other_words="message")),
            once(1, mail("a", other_words="message", stranger=True, **OTHER)),
            once(2, mail("a", other_words="message", stranger=True)),
        ],
        {"mail:a": [created("a")]},
        [NONE, NOT_LET_IN, REPEATED],
    ),
    Rule(
        "A stranger with the id of a note is not led to the case of the note",
        [
            once(0, mail("a")),
            once(1, mail("b", to="a", other_words="message")),
            once(2, mail("b", to="a", other_words="message", stranger=True, **OTHER)),
        ],
        {"mail:a": [created("a"), "add_note b"]},
        [NONE, NONE, NOT_LET_IN],
    ),
    Rule(
        "A stranger with a token and the id of a known message is led to the case of the token",
        [
            once(0, mail("a", other_words="message")),
            once(1, mail("b", author=EVE)),
            once(2, mail("a", to="b", proven=True, other_words="message", stranger=True, **OTHER)),
        ],
        {"mail:a": [created("a")], "mail:b": [created("b"), "add_note another mail"]},
        [NONE, NONE, USED_AGAIN],
    ),
    Rule(
        "A stranger does not change a note",
        [
            once(0, mail("a")),
            once(1, mail("b", to="a")),
            once(2, mail("b", to="a", stranger=True, **OTHER)),
        ],
        {"mail:a": [created("a"), "add_note b"]},
        [NONE, NONE, NOT_LET_IN],
    ),
    Rule(
        "A stranger's copy does not hide the message that it copies",
        [
            once(0, mail("a", other_words="copy", stranger=True)),
            once(1, mail("a", other_words="message", **OTHER)),
        ],
        {"mail:a": [created("a"), "add_note another mail"]},
        [NONE, USED_AGAIN],
    ),
)

DOUBTED = (
    Rule(
        "A ticket says once for each author that the author is not verified",
        [
            once(0, mail("a", cc=[BOB], doubt=DOUBT)),
            once(1, mail("b", to="a", doubt=DOUBT)),
            once(2, mail("c", to="a", author=BOB)),
            once(3, mail("d", to="a", author=BOB, doubt=DOUBT)),
            once(4, mail("e", to="a", author=BOB, doubt=DOUBT), mail("f", to="a", author=BOB, doubt=DOUBT)),
        ],
        {"mail:a": [created("a"), "add_note b", "add_note c", f"add_note {DOUBT}", "add_note e", "add_note f"]},
    ),
    Rule(
        "It says so in a note of the first delivery alone",
        [once(0, mail("a")), once(1, mail("b", to="a", doubt=DOUBT), mail("c", to="a", doubt=DOUBT))],
        {"mail:a": [created("a"), f"add_note {DOUBT}", "add_note c"]},
    ),
    Rule(
        "A private ticket says so in its private note",
        [once(0, mail("a", private=True, doubt=DOUBT)), once(1, mail("b", to="a", doubt=DOUBT, author=ADA))],
        {
            "mail:a": [
                "create_ticket medium A private message from prom",
                f"add_note private {DOUBT}",
                "add_note b",
            ]
        },
    ),
    Rule(
        "Of an author for whom a token vouches it says nothing",
        [once(0, mail("a")), once(1, mail("b", to="a", author=EVE, proven=True, doubt=DOUBT))],
        {"mail:a": [created("a"), "add_note b"]},
    ),
)
