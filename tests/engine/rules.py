"""Switches that turn off single rules from outside: the product has no switches, so its surroundings change.

The numbers are those of the section "Exactly one effect" of the design.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from worker.ledger import Claim, Limits, Terms
from worker.settings import TimingSettings

FOR_EVER = timedelta(days=10_000)


@dataclass(frozen=True, slots=True)
class Rules:
    """Switches of the rules; all True is the engine as it is."""

    same_key: bool = True
    """1: off, every attempt has a different key."""
    frozen_bytes: bool = True
    """1: off, every attempt is rendered anew, with other bytes."""
    intent_first: bool = True
    """2: off, killing a worker rolls its claim back, as if the claim had not been committed before the send."""
    self_fence: bool = True
    """3: off, the worker's own clock stands still."""
    epoch: bool = True
    """3: off, a settle uses the case's current epoch, whichever worker holds the lease."""
    ghost_wait: bool = True
    """4: off, there is no wait after an attempt of unknown outcome."""
    key_window: bool = True
    """5: off, a key is trusted forever."""
    absence_settles: bool = True
    """5: off, a missing search result counts as proof of absence at once."""
    ask_state: bool = True
    """5: off, close and reopen are repeated without asking for the ticket's state."""


def timing_of(rules: Rules) -> TimingSettings:
    """Return the default timing, less the rules that are off; unvalidated, because validation would refuse that."""
    fields = TimingSettings().model_dump()
    if not rules.ghost_wait:
        fields["ghost_wait"] = 0.0
    if not rules.absence_settles:
        fields |= {"request_life": 0.0, "search_settles": 0.0}
    return TimingSettings.model_construct(**fields)


UNLIMITED = Limits(None, None)


def terms_of(rules: Rules, timing: TimingSettings, limits: Limits = UNLIMITED) -> Terms:
    return Terms(
        lease=timedelta(seconds=timing.lease),
        key_window=timedelta(seconds=timing.key_window) if rules.key_window else FOR_EVER,
        probe_interval=timedelta(seconds=timing.probe_interval),
        limits=limits,
    )


def as_claimed(rules: Rules, claim: Claim) -> Claim:
    """Return the claim as a worker uses it under these rules."""
    if not rules.ask_state and claim.mode == "look_up" and claim.kind in ("close_ticket", "reopen_ticket"):
        return replace(claim, mode="send")
    return claim
