"""The order of locks: no transaction waits for one that waits for it."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

CLAIMS = "worker/ledger/queue/claims.py"
SELECTION = "worker/ledger/queue/selection.py"
GATES = "worker/ledger/queue/gates.py"
SETTLES = "worker/ledger/queue/settles.py"

ABLATIONS = (
    Ablation(
        "taking back waits for no lock",
        CLAIMS,
        "in_order.with_for_update(skip_locked=True)",
        "in_order.with_for_update()",
        tests_in("worker/test_lock_order.py", "test_a_claim_and_a_take_back_pass_over_cases_that_are_locked"),
        on_postgresql=True,
    ),
    Ablation(
        "a claim waits for no lock of a case",
        SELECTION,
        "where(*of_kind).order_by(*order).limit(limit).with_for_update(skip_locked=True)",
        "where(*of_kind).order_by(*order).limit(limit).with_for_update()",
        tests_in("worker/test_lock_order.py", "test_a_claim_and_a_take_back_pass_over_cases_that_are_locked"),
        on_postgresql=True,
    ),
    Ablation(
        "claims under a limit come one after the other",
        GATES,
        "this_one if limits.are_none else this_one.with_for_update()",
        "this_one",
        tests_in(
            "worker/test_lock_order.py",
            "test_claims_wait_for_each_other_where_there_is_a_limit_and_nowhere_else",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "a settle locks its cases in order",
        SETTLES,
        ".order_by(cases.c.id).with_for_update()",
        ".order_by(cases.c.id.desc()).with_for_update()",
        tests_in("worker/test_lock_order.py", "test_a_settle_locks_its_cases_in_the_order_of_their_ids"),
        on_postgresql=True,
    ),
    Ablation(
        "a settle locks its cases",
        SETTLES,
        ".order_by(cases.c.id).with_for_update()",
        ".order_by(cases.c.id)",
        tests_in("worker/test_lock_order.py", "test_a_settle_locks_its_cases_in_the_order_of_their_ids"),
        on_postgresql=True,
    ),
)  # fmt: skip
