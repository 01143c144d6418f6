"""Joining operations, taking them apart, and planning again after a death."""

from __future__ import annotations

ABLATIONS = (
)  # fmt: skip
