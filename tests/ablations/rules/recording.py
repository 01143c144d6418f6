"""Records: messages, names, waiting comments, mailboxes and intake."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in


ABLATIONS = (
)  # fmt: skip
