"""Sends: the fence, the answers and errors of calls, look-ups, the breaker, dispatch."""

from __future__ import annotations

ABLATIONS = (
)  # fmt: skip
