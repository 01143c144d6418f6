"""The rules, by area."""

from __future__ import annotations

from tests.ablations.rules import (
    answering,
    claiming,
    clocks,
    joining,
    late,
    locking,
    posting,
    recording,
    restoring,
    sending,
    settling,
)

ABLATIONS = (
    *claiming.ABLATIONS,
    *late.ABLATIONS,
    *clocks.ABLATIONS,
    *sending.ABLATIONS,
    *settling.ABLATIONS,
    *answering.ABLATIONS,
    *joining.ABLATIONS,
    *restoring.ABLATIONS,
    *recording.ABLATIONS,
    *locking.ABLATIONS,
    *posting.ABLATIONS,
)
