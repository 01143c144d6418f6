"""Receipts and jobs: leases, epochs and posts that are not repeated."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

RECEIPTS = "worker/ledger/receipts.py"
JOBS_RECEIPTS = "worker/jobs/receipts.py"
JOBS = "worker/ledger/sources/jobs.py"

ABLATIONS = (
    Ablation(
        "the time of a first post is stored before it",
        RECEIPTS,
        'posting = {"posting_at": now} if row.place is None else {}',
        "posting: dict[str, Any] = {}",
        tests_in("worker/receipts/test_on_slack.py", "test_a_process_that_ends_while_it_posts_leaves_one_post"),
    ),
    Ablation(
        "only the holder of the lease ends a receipt",
        RECEIPTS,
        "ours = (receipts.c.epoch == receipt.epoch, receipts.c.state == ReceiptState.LEASED)",
        "ours = ()",
        tests_in("worker/receipts/test_leases.py", "test_a_post_that_ends_after_its_lease_changes_nothing"),
    ),
    Ablation(
        "a receipt whose process ended is taken over",
        RECEIPTS,
        "is_due | is_lost)",
        "is_due)",
        tests_in("worker/receipts/test_on_slack.py", "test_a_process_that_ends_while_it_posts_leaves_one_post"),
    ),
    Ablation(
        "a change during a post is told too",
        RECEIPTS,
        "case((receipts.c.wanted != receipt.wanted, ReceiptState.DUE), else_=ReceiptState.IDLE)",
        "ReceiptState.IDLE",
        tests_in("worker/receipts/test_on_slack.py", "test_a_state_that_changes_while_it_is_told_is_told_too"),
    ),
    Ablation(
        "a receipt waits for its ticket",
        RECEIPTS,
        ".where(cases.c.ticket_id.is_not(None))",
        "",
        tests_in("worker/receipts/test_leases.py", "test_a_receipt_is_not_posted_before_its_ticket_exists"),
    ),
    Ablation(
        "a receipt that may be there is not posted again",
        JOBS_RECEIPTS,
        "if may_be_there and not repeatable:",
        "if False:",
        tests_in("worker/receipts/test_on_slack.py", "test_a_process_that_ends_while_it_posts_leaves_one_post"),
    ),
    Ablation(
        "a job has one owner",
        JOBS,
        "jobs.c.due_at <= now, free)",
        "jobs.c.due_at <= now)",
        tests_in("worker/test_jobs.py", "test_a_job_that_has_an_owner_is_taken_by_nobody_else"),
    ),
    Ablation(
        "a job is done when it is due",
        JOBS,
        "jobs.c.due_at <= now, free)",
        "free)",
        tests_in("worker/test_jobs.py", "test_a_job_is_not_taken_before_it_is_due"),
    ),
    Ablation(
        "only the owner of a job ends it",
        JOBS,
        "jobs.c.epoch == job.epoch)",
        ")",
        tests_in(
            "worker/test_jobs.py",
            "test_a_job_whose_owner_died_is_taken_over_and_what_that_one_says_later_is_refused",
        ),
    ),
    Ablation(
        "each taking of a job has an epoch of its own",
        JOBS,
        "lease_until=now + lease, epoch=row.epoch + 1)",
        "lease_until=now + lease)",
        tests_in("worker/test_jobs.py", "test_a_new_job_runs_at_once_and_again_after_its_interval"),
    ),
)  # fmt: skip
