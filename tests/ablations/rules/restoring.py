"""Restores from a backup, and repairs by people."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

RESTORING = "worker/ledger/recording/restoring.py"
REPAIR = "worker/ledger/operator/repair.py"

ABLATIONS = (
    Ablation(
        "epochs jump after a restore",
        RESTORING,
        "epoch=cases.c.epoch + EPOCHS_AHEAD",
        "epoch=cases.c.epoch",
        tests_in("worker/test_restored.py", "test_a_worker_of_before_the_restore_can_record_nothing"),
    ),
    Ablation(
        "after a restore, nothing is sent for a while",
        RESTORING,
        "EPOCHS_AHEAD, run_at=run_at)",
        "EPOCHS_AHEAD)",
        tests_in(
            "worker/test_restored.py",
            "test_nothing_is_sent_until_a_request_of_before_the_restore_can_have_no_effect",
        ),
    ),
    Ablation(
        "after a restore, what is unfinished is in doubt",
        RESTORING,
        "operations.c.state.in_(WAITS)).values(in_doubt))",
        'operations.c.state == "").values(in_doubt))',
        tests_in("worker/test_restored.py", "test_of_the_closes_and_reopenings_in_doubt_only_the_last_is_made_true"),
    ),
    Ablation(
        "after a restore, dead operations are in doubt",
        RESTORING,
        "operations.c.state == OperationState.DEAD).values",
        'operations.c.state == "").values',
        tests_in("worker/test_restored.py", "test_a_dead_letter_of_a_backup_may_have_been_mended_since"),
    ),
    Ablation(
        "after a restore, keys are not trusted",
        RESTORING,
        '"unproven": True, ',
        "",
        tests_in("worker/test_restored.py", "test_of_the_closes_and_reopenings_in_doubt_only_the_last_is_made_true"),
    ),
    Ablation(
        "after a restore, leases are over",
        RESTORING,
        "connection.execute(leased.values(state=DeliveryState.READY, owner=None, lease_until=None))",
        "pass",
        tests_in("worker/test_restored.py", "test_leases_of_before_the_restore_are_over"),
    ),
    Ablation(
        "after a restore, only the last close or reopening is sent",
        RESTORING,
        "    skip_superseded(connection, now)\n",
        "    pass\n",
        tests_in("worker/test_restored.py", "test_of_the_closes_and_reopenings_in_doubt_only_the_last_is_made_true"),
    ),
    Ablation(
        "a call under way is not skipped",
        RESTORING,
        ".where(followed, ~under_way)",
        ".where(followed)",
        tests_in("worker/test_restored.py", "test_a_close_in_doubt_that_is_under_way_keeps_its_place"),
    ),
    Ablation(
        "a restore is remembered",
        RESTORING,
        "connection.execute(insert(facts).values(name=RESTORED_AT, value=moment))",
        "pass",
        tests_in(
            "worker/test_restored.py",
            "test_nothing_is_sent_until_a_request_of_before_the_restore_can_have_no_effect",
        ),
    ),
    Ablation(
        "an edited create that may exist is looked up",
        REPAIR,
        '{"unproven": dead.ambiguous}',
        "{}",
        tests_in(
            "worker/test_cli_edits.py",
            "test_an_edited_create_that_may_have_been_executed_is_looked_for_before_it_is_sent",
        ),
    ),
    Ablation(
        "a close that was overtaken is not repeated",
        REPAIR,
        "if dead.kind == OperationKind.CLOSE_TICKET and case.create_seq == dead.target and not _ended_last(case):",
        "if False:",
        tests_in(
            "worker/test_repairs_of_cases.py",
            "test_a_close_is_not_sent_again_by_hand_when_its_case_was_opened_since",
        ),
    ),
    Ablation(
        "a ticket of another case is not bound",
        REPAIR,
        "if bound is not None and",
        "if False and",
        tests_in("worker/test_repairs_of_cases.py", "test_a_ticket_of_one_case_cannot_be_bound_to_another"),
    ),
)  # fmt: skip
