"""Restores from a backup, and repairs by people."""

from __future__ import annotations

ABLATIONS = (
)  # fmt: skip
