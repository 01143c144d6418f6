"""Receipts and jobs: leases, epochs and posts that are not repeated."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in


ABLATIONS = (
)  # fmt: skip
