"""Settles: epochs, doubts, tickets and heads of cases."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

SETTLES = "worker/ledger/queue/settles.py"

ABLATIONS = (
    Ablation(
        "only the holder of the lease settles",
        SETTLES,
        "leased = {(row.id, row.epoch): row",
        "leased = {(row.id, dict(by_claim)[row.id]): row",
        tests_in("worker/test_delivery_statements.py", "test_one_operation_of_a_case_is_under_way_at_a_time"),
    ),
    Ablation(
        "a claim is settled once",
        SETTLES,
        "if row.state == DeliveryState.LEASED}",
        "}",
        tests_in("worker/test_delivery_statements.py", "test_a_settle_with_an_old_epoch_is_refused"),
    ),
    Ablation(
        "a settle changes nothing that was ended meanwhile",
        SETTLES,
        "rows, IS_OPEN)",
        "rows)",
        tests_in(
            "worker/test_restored.py",
            "test_an_operation_that_was_ended_while_its_call_was_under_way_stays_ended",
        ),
    ),
)  # fmt: skip
