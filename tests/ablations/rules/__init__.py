"""The rules, by area."""

from __future__ import annotations

from tests.ablations.rules import claiming, joining, locking, posting, recording, restoring, sending, settling

ABLATIONS = (
    *claiming.ABLATIONS,
    *sending.ABLATIONS,
    *settling.ABLATIONS,
    *joining.ABLATIONS,
    *restoring.ABLATIONS,
    *recording.ABLATIONS,
    *locking.ABLATIONS,
    *posting.ABLATIONS,
)
