"""Which rule is switched off, and how, from outside? The product has no switches; what stands around it has.

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
    """All True: the engine as it is."""

    same_key: bool = True
    """1: off, every attempt carries a key of its own."""
    frozen_bytes: bool = True
    """1: off, every attempt is rendered anew, with other bytes."""
    intent_first: bool = True
    """2: off, a claim is rolled back when its worker is killed, as if it had not been committed before the send."""
    self_fence: bool = True
    """3: off, the clock that a worker looks at stands still."""
    epoch: bool = True
    """3: off, a settle bears the case's current epoch, whoever holds the lease."""
    ghost_wait: bool = True
    """4: off, nothing is waited for after an attempt of unknown outcome."""
    key_window: bool = True
    """5: off, a key is trusted for ever."""
    absence_settles: bool = True
    """5: off, what a search does not find is believed to be absent at once."""
    ask_state: bool = True
    """5: off, close and reopen are repeated without a question."""


def timing_of(rules: Rules) -> TimingSettings:
    """The default timing, less the rules that are off; those it would refuse, hence `model_construct`."""
    fields = TimingSettings().model_dump()
    if not rules.ghost_wait:
        fields["ghost_wait"] = 0.0
    if not rules.absence_settles:
        fields |= {"request_life": 0.0, "search_settles": 0.0}
    return TimingSettings.model_construct(**fields)


def terms_of(rules: Rules, timing: TimingSettings) -> Terms:
    return Terms(
        lease=timedelta(seconds=timing.lease),
        key_window=timedelta(seconds=timing.key_window) if rules.key_window else FOR_EVER,
        probe_interval=timedelta(seconds=timing.probe_interval),
        limits=Limits(None, None),
    )


def as_claimed(rules: Rules, claim: Claim) -> Claim:
    """The claim as a worker uses it."""
    if not rules.ask_state and claim.mode == "look" and claim.kind in ("close_ticket", "reopen_ticket"):
        return replace(claim, mode="send")
    return claim
