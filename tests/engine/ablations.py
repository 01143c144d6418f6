"""For every switch of a rule, the steps that break a promise when the rule is off.

Steps and promises are those of the machine: with the rule on, the same steps break no promise.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.engine.machine import HOUR, UNTIL_DUE, Step
from tests.engine.rules import Rules

OPENED: tuple[Step, ...] = (("tell", "disk", "opening"), ("deliver", "A", 0, "answered"))
RAISED: tuple[Step, ...] = (*OPENED, ("tell", "disk", "change to high"), ("tell", "disk", "change to low"))
"""Four operations wait: the priority high and a note, then low and a note."""
LEASE_PASSES: tuple[Step, ...] = (("wait", 61.0, True), ("wait", 61.0, True))
B_DELIVERS_THREE: tuple[Step, ...] = (("deliver", "B", 0, "answered"),) * 3
GO_ON: Step = ("go on", 0, "answered", False)


@dataclass(frozen=True, slots=True)
class Ablation:
    """One switch that is turned off."""

    rule: str
    """Number of the rule in the design."""
    name: str
    switch: str
    """A field of `Rules`."""
    without: str
    """Behaviour without the rule."""
    steps: tuple[Step, ...]
    breaks: str
    """The broken promise: the first word of the violation."""

    @property
    def rules(self) -> Rules:
        return Rules(**{self.switch: False})


ABLATIONS = (
    Ablation(
        "1", "same key", "same_key", "a new key for every attempt",
        (("tell", "disk", "opening"), ("deliver", "A", 0, "answer lost"), ("wait", UNTIL_DUE, True),
         ("deliver", "B", 0, "answered")),
        "once",
    ),
    Ablation(
        "1", "frozen bytes", "frozen_bytes", "rendered anew for every attempt",
        (("tell", "disk", "opening"), ("deliver", "A", 0, "answer lost")),
        "dead",
    ),
    Ablation(
        "2", "intent before send", "intent_first", "the claim is committed after the send",
        (("tell", "disk", "opening"), ("begin", "A", 0, True), ("arrive", 0), ("kill", 0), ("wait", 25 * HOUR, True),
         ("deliver", "B", 0, "answered")),
        "once",
    ),
    Ablation(
        "3", "self-fence", "self_fence", "the worker's clock stands still",
        (*RAISED, ("begin", "A", 0, False), ("freeze or wake", 0), *LEASE_PASSES, *B_DELIVERS_THREE,
         ("freeze or wake", 0), GO_ON, GO_ON),
        "once",
    ),
    Ablation(
        "3", "epoch", "epoch", "a settle bears the current epoch",
        (*RAISED, ("begin", "A", 0, True), GO_ON, ("freeze or wake", 0), *LEASE_PASSES, ("begin", "B", 0, True),
         ("freeze or wake", 0), GO_ON, *(("deliver", "A", 0, "answered"),) * 2, ("arrive", 0)),
        "once",
    ),
    Ablation(
        "4", "ghost wait after a failure", "ghost_wait", "repeated at once",
        (*RAISED, ("deliver", "A", 0, "late"), *B_DELIVERS_THREE, ("arrive", 0)),
        "once",
    ),
    Ablation(
        "4", "ghost wait after a lease", "ghost_wait", "taken over at once",
        (*RAISED, ("begin", "A", 0, False), ("wait", 30.0, False), GO_ON, ("kill", 0), ("wait", 31.0, True),
         *B_DELIVERS_THREE, ("arrive", 0)),
        "once",
    ),
    Ablation(
        "5", "key window: create", "key_window", "a key is trusted forever",
        (("tell", "disk", "opening"), ("deliver", "A", 0, "answer lost"), ("wait", 25 * HOUR, True),
         ("deliver", "B", 0, "answered")),
        "once",
    ),
    Ablation(
        "5", "key window: note", "key_window", "a key is trusted forever",
        (*OPENED, ("tell", "disk", "comment"), ("deliver", "A", 0, "answer lost"), ("wait", 25 * HOUR, True),
         ("deliver", "B", 0, "answered")),
        "once",
    ),
    Ablation(
        "5", "absence settles", "absence_settles", "not found is absent",
        (("tell", "disk", "opening"), ("deliver", "A", 0, "answer lost"), ("wait", UNTIL_DUE, True),
         ("deliver", "B", 0, "422"), ("decide", 0, "edit"), ("wait", UNTIL_DUE, True),
         ("deliver", "B", 0, "answered"), ("deliver", "B", 0, "answered")),
        "once",
    ),
    Ablation(
        "5", "ask for the state", "ask_state", "a reopening is just repeated",
        (*OPENED, ("tell", "disk", "end"), ("deliver", "A", 0, "answered"), ("wait", 1.0, True),
         ("tell", "disk", "opening"), ("deliver", "A", 0, "answer lost"), ("set pending", 0), ("wait", UNTIL_DUE, True),
         ("deliver", "B", 0, "answered")),
        "once",
    ),
)  # fmt: skip

A_DELIVERS: Step = ("deliver", "A", 0, "answered")
CLOSED: tuple[Step, ...] = (*OPENED, ("wait", 10.0, True), ("tell", "disk", "end"), ("wait", 10.0, True))
MENDED: dict[str, tuple[Step, ...]] = {
    "the backup knows a close and a reopening, both of which were executed": (
        *CLOSED, ("tell", "disk", "opening"), ("back up",), *(A_DELIVERS,) * 3, ("wait", 25 * HOUR, True),
        ("restore", False),
    ),
    "a reopening of the lost ledger is under way and lands late": (
        *CLOSED, A_DELIVERS, ("wait", 10.0, True), ("back up",), ("tell", "disk", "opening"), ("begin", "A", 0, True),
        ("restore", True), ("wait", 1.0, True), *(A_DELIVERS,) * 2, ("wait", 1.0, True), ("tell", "disk", "end"),
        *(A_DELIVERS,) * 2, ("arrive", 0),
    ),
    "the backup is older than the ticket, and its source sends again": (
        ("back up",), ("tell", "disk", "opening"), A_DELIVERS, ("wait", 25 * HOUR, True), ("restore", True),
        ("wait", UNTIL_DUE, True), A_DELIVERS, A_DELIVERS,
    ),
    "the same backup comes back twice, and a note is marked as a repeat each time": (
        *OPENED, ("back up",), ("tell", "disk", "comment"), ("restore", True), ("wait", HOUR, True), A_DELIVERS,
        ("restore", True),
    ),
    "the question whether a close was executed is rejected": (
        *OPENED, ("tell", "disk", "end"), ("deliver", "A", 0, "500 after"), ("wait", UNTIL_DUE, True),
        ("deliver", "A", 0, "422"), ("tell", "disk", "end"),
    ),
}  # fmt: skip
"""Steps about rules without a switch: they broke a promise in an earlier engine, or would without rule 8."""
