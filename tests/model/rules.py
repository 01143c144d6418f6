"""Which rules make one effect of one operation? Each is a switch here, so that the model shows what breaks without it.

The numbers are those of the section "Exactly one effect" of the design. `World` holds what is taken for granted about
machines and the service: not ours to switch, but worth knowing what hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """All on: what the engine does."""

    same_key: bool = True
    """1: every attempt of an operation carries the same key."""
    frozen_bytes: bool = True
    """1: and the same bytes."""
    intent_first: bool = True
    """2: the claim is committed before anything is sent."""
    self_fence: bool = True
    """3: a worker sends only while its lease outlasts the call, by its own clock."""
    epoch: bool = True
    """3: only who holds the case's lease now may settle."""
    ghost_wait_after_failure: bool = True
    """4: after an attempt of unknown outcome, as long as a request can live."""
    ghost_wait_after_lease: bool = True
    """4: the same after a lease that ran out, counted from its end."""
    look_before_create: bool = True
    """5: beyond the key window a create is looked for by its marker, and adopted."""
    absence_settles: bool = True
    """5: absence counts only when the last send is longer ago than a request lives and search lags."""
    marked_repeat: bool = True
    """5: beyond the key window a note is sent as a new request that says it may be a repeat."""
    ask_state: bool = True
    """5: close and reopen ask for the ticket's state before every re-send."""
    window_ends_early: bool = True
    """5: the window ends well before the service forgets the key."""
    edit_needs_proof: bool = True
    """7: a person's edit of a create in doubt, hence a new key, is sent only once the first one is proven absent."""
    closed_is_done: bool = True
    """6: 404 or 409 on the close of a closed ticket is done."""
    person_wins: bool = True
    """6: a close of unknown outcome is not sent again once a person is recorded to have reopened the ticket."""
    look_keeps_doubt: bool = True
    """6: also when a look found the ticket open before that was recorded, and the close was to be sent."""
    webhook_is_dated: bool = True
    """6: and only a webhook counts that is about a time after the close was first sent: ours is announced too."""
    dead_create_blocks: bool = True
    """7: what follows a dead create waits for a person."""
    new_episode_goes_on: bool = True
    """7: but the create of a later episode does not."""
    replan_after_dead_close: bool = True
    """7: an opening that follows a dead close becomes a note on the ticket that is still open."""
    restored_in_doubt: bool = True
    """8: after a restore every unfinished operation starts in the mode of rule 5."""
    epochs_jump: bool = True
    """8: and no epoch of before is ever current again."""
    restore_waits: bool = True
    """8: and nothing is sent until leases of before have ended and requests of before have died."""
    restore_folds: bool = True
    """8: and of unfinished closes and reopens only the last one is made true."""


@dataclass(frozen=True, slots=True)
class World:
    """What the rules rest on; True: it holds."""

    fence_is_atomic: bool = True
    """No worker stops between the look at its clock and the request's way out, and goes on later."""
    requests_die: bool = True
    """No request takes effect later than its life after it was sent."""
    refusal_is_true: bool = True
    """What was answered 503 was not executed."""


@dataclass(frozen=True, slots=True)
class Times:
    """In ticks of 30 s; what is rounded is rounded against us.

    The rules use only the order of these durations, and whether a limit has been reached, so that whole ticks lose
    no order of events. A day is one jump: past everything (25 h), or to one tick before the key window ends of all that
    was sent earlier.
    """

    deadline: int = 1
    """20 s for a call and 5 s of margin."""
    lease: int = 2
    life: int = 2
    """Of a request, from when it left."""
    ghost_wait: int = 2
    search: int = 3
    """Until search surely sees a new ticket: 5 min, cut to the shortest that is longer than all of the above."""
    key_margin: int = 4
    """From the end of the key window to the end of the service's memory: 1 h, likewise."""


RULES = Rules()
WORLD = World()
TIMES = Times()
