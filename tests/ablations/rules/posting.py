"""Receipts and jobs: leases, epochs and posts that are not repeated."""

from __future__ import annotations

ABLATIONS = (
)  # fmt: skip
