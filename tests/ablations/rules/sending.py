"""Sends: the fence, the answers and errors of calls, look-ups, the breaker, dispatch."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in


ABLATIONS = (
)  # fmt: skip
