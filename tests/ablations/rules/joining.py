"""Joining operations, taking them apart, and planning again after a death."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in


ABLATIONS = (
)  # fmt: skip
