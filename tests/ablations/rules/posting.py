"""Receipts and jobs: leases, epochs and posts that are not repeated."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

RECEIPTS = "worker/ledger/receipts.py"

ABLATIONS = (
    Ablation(
        "the time of a first post is stored before it",
        RECEIPTS,
        'posting = {"posting_at": now} if row.place is None else {}',
        "posting: dict[str, Any] = {}",
        tests_in("worker/receipts/test_on_slack.py", "test_a_process_that_ends_while_it_posts_leaves_one_post"),
    ),
    Ablation(
        "a receipt whose process ended is taken over",
        RECEIPTS,
        "is_due | is_lost)",
        "is_due)",
        tests_in("worker/receipts/test_on_slack.py", "test_a_process_that_ends_while_it_posts_leaves_one_post"),
    ),
)  # fmt: skip
