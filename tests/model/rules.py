"""Rules of exactly-once delivery as switches, so that the model shows the effect of leaving one out.

The numbers are those of the rules in docs/explanation/exactly-once.md. `World` holds assumptions about machines and
the service: the engine cannot switch them, but the model shows the promises that depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Switches of the rules; all on is the engine as it is."""

    same_key: bool = True
    """1: every attempt of an operation carries the same key."""
    frozen_bytes: bool = True
    """1: every attempt also carries the same bytes."""
    intent_first: bool = True
    """2: the claim is committed before anything is sent."""
    self_fence: bool = True
    """3: a worker sends only while its lease outlasts the call, by its own clock."""
    epoch: bool = True
    """3: only the holder of the case's current lease may settle."""
    ghost_wait_after_failure: bool = True
    """4: wait after an attempt of unknown outcome, as long as a request can live."""
    ghost_wait_after_lease: bool = True
    """4: wait equally long after a lease that ran out, counted from its end."""
    look_up_before_create: bool = True
    """5: beyond the key window a create is looked for by its marker, and adopted."""
    absence_settles: bool = True
    """5: absence counts only if the last send is longer ago than the life of a request and the search's lag."""
    marked_repeat: bool = True
    """5: beyond the key window a note is sent as a new request that is marked as a possible repeat."""
    ask_state: bool = True
    """5: close and reopen ask for the ticket's state before every re-send."""
    window_ends_early: bool = True
    """5: the window ends well before the service forgets the key."""
    edit_needs_proof: bool = True
    """7: a person's edit of a create in doubt has a new key; it is sent only once the first create is proven absent."""
    closed_is_done: bool = True
    """6: 404 or 409 on the close of a closed ticket is done."""
    person_wins: bool = True
    """6: a close of unknown outcome is not sent again once a person is recorded to have reopened the ticket."""
    look_up_keeps_doubt: bool = True
    """6: also if a look-up found the ticket open before that was recorded, and the close was to be sent."""
    webhook_is_dated: bool = True
    """6: only a webhook about a time after the close's first send counts: our own reopening is announced too."""
    dead_create_blocks: bool = True
    """7: operations after a dead create wait for a person."""
    new_episode_goes_on: bool = True
    """7: the create of a later episode does not wait."""
    replan_after_dead_close: bool = True
    """7: an opening that follows a dead close becomes a note on the ticket that is still open."""
    restored_in_doubt: bool = True
    """8: after a restore every unfinished operation starts in the mode of rule 5."""
    epochs_jump: bool = True
    """8: no epoch from before the restore is ever current again."""
    restore_waits: bool = True
    """8: no request is sent until leases from before the restore have ended and requests from before have died."""
    restore_joins: bool = True
    """8: of unfinished closes and reopens only the last one is executed."""


@dataclass(frozen=True, slots=True)
class World:
    """Assumptions of the rules; True: the assumption holds."""

    fence_is_atomic: bool = True
    """No worker stops between the check of its clock and the send, and goes on later."""
    requests_die: bool = True
    """No request takes effect later than its life after the send."""
    refusal_is_true: bool = True
    """A request answered 503 was not executed."""


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in ticks of 30 s, rounded to our disadvantage.

    The rules use only the order of these durations, and whether a limit has been reached, so that whole ticks lose
    no order of events. A day is one jump: past everything (25 h), or to one tick before the end of the key window of
    all earlier sends.
    """

    deadline: int = 1
    """20 s for a call and 5 s of margin."""
    lease: int = 2
    life: int = 2
    """Life of a request, from its send."""
    ghost_wait: int = 2
    search: int = 3
    """Until search certainly finds a new ticket: 5 min, cut to the shortest time longer than all of the above."""
    key_margin: int = 4
    """From the end of the key window to the end of the service's memory: 1 h, cut likewise."""


RULES = Rules()
WORLD = World()
TIMES = Times()
