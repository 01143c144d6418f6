"""The words in which the screens show the stored states, and what a person has to do in each: one table for all.

`-o json` and the options of commands keep the stored words (`worker/ledger/schema/words.py`). The glossary has this
table, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker.wording import Needs


@dataclass(frozen=True, slots=True)
class Word:
    """A state as people read it."""

    shown: str
    to_do: Needs = "nothing to do"


PHASES: Mapping[str, Word] = {
    "new": Word("not open"),
    "open": Word("open"),
    "closed": Word("over"),
}
"""The phases of a case, according to its source."""

CASES: Mapping[str, Word] = {
    "idle": Word("nothing to send"),
    "ready": Word("waits to be sent"),
    "leased": Word("being sent"),
    "blocked": Word("blocked: its create is dead", "act"),
}
"""The states of a case in delivery."""

OPERATIONS: Mapping[str, Word] = {
    "open": Word("to be sent"),
    "held": Word("held: its create is dead", "act"),
    "done": Word("done"),
    "folded": Word("sent with another operation"),
    "dead": Word("dead letter", "act"),
    "skipped": Word("given up"),
}

DELIVERIES: Mapping[str, Word] = {
    "accepted": Word("taken in"),
    "quarantined": Word("in quarantine", "act"),
    "skipped": Word("given up"),
}

ATTEMPTS: Mapping[str, Word] = {
    "done": Word("done"),
    "not executed": Word("no effect: again"),
    "unknown": Word("unclear: again"),
    "rejected": Word("rejected", "act"),
    "refused": Word("key refused", "act"),
    "adopted": Word("ticket found"),
    "absent": Word("not there: again"),
    "not found yet": Word("not there yet"),
    "undecided": Word("unclear", "act"),
}
"""The outcomes of an attempt."""

HISTORIES: Mapping[str, Word] = {
    "done": Word("done"),
    "under way": Word("under way"),
    "waiting": Word("waits for its case"),
    "dead": Word("dead letter", "act"),
    "quarantined": Word("in quarantine", "act"),
    "skipped": Word("given up"),
    "no effect": Word("no effect"),
}
"""The outcomes of a message, an operation or a case as a whole (`events show`)."""


def in_words(table: Mapping[str, Word], stored: str) -> str:
    """Return a stored word as people read it; a word of a later version stays as it is."""
    return table[stored].shown if stored in table else stored


def and_what_to_do(table: Mapping[str, Word], stored: str) -> str:
    """Return the same, with what a person has to do if that is something."""
    word = table.get(stored)
    if word is None or word.to_do == "nothing to do":
        return in_words(table, stored)
    return f"{word.shown} ({word.to_do})"
