"""Restores from a backup, and repairs by people."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in


ABLATIONS = (
)  # fmt: skip
