"""The order of locks: no transaction waits for one that waits for it."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

CLAIMS = "worker/ledger/queue/claims.py"
SELECTION = "worker/ledger/queue/selection.py"
GATES = "worker/ledger/queue/gates.py"
SETTLES = "worker/ledger/queue/settles.py"
LOAD = "worker/ledger/recording/load.py"
PLANNING = "worker/ledger/recording/planning.py"
ALIASES = "worker/ledger/recording/aliases.py"
WAITING = "worker/ledger/recording/waiting.py"
RECORDER = "worker/ledger/recording/recorder.py"
LOOP_GUARDS = "worker/ledger/recording/loop_guards.py"

ABLATIONS = (
    Ablation(
        "taking back waits for no lock",
        CLAIMS,
        "leased.with_for_update(skip_locked=True)",
        "leased.with_for_update()",
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
    Ablation(
        "planning locks cases in order",
        LOAD,
        ".order_by(cases.c.id).with_for_update()",
        ".order_by(cases.c.id.desc()).with_for_update()",
        tests_in("worker/test_lock_order.py", "test_planning_locks_known_cases_in_the_order_of_their_ids"),
        on_postgresql=True,
    ),
    Ablation(
        "planning locks its cases",
        LOAD,
        ".order_by(cases.c.id).with_for_update()",
        ".order_by(cases.c.id)",
        tests_in("worker/test_lock_order.py", "test_planning_locks_known_cases_in_the_order_of_their_ids"),
        on_postgresql=True,
    ),
    Ablation(
        "new cases are made in order",
        LOAD,
        "tuple)} | storms)",
        "tuple)} | storms, reverse=True)",
        tests_in("worker/test_lock_order.py", "test_new_cases_are_made_in_the_order_of_their_keys"),
        on_postgresql=True,
    ),
    Ablation(
        "pairing locks cases in order",
        PLANNING,
        ".order_by(cases.c.id).with_for_update()",
        ".order_by(cases.c.id.desc()).with_for_update()",
        tests_in(
            "worker/test_lock_order.py",
            "test_pairing_locks_the_cases_of_waiting_comments_in_the_order_of_their_ids",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "names are registered in order",
        ALIASES,
        "in sorted(names.items())",
        "in sorted(names.items(), reverse=True)",  # their own order is that of a set, which may be the right one
        tests_in("worker/test_lock_order.py", "test_the_names_of_a_case_are_registered_in_order"),
        on_postgresql=True,
    ),
    Ablation(
        "people join in order",
        ALIASES,
        'ordered = sorted({(each["case_id"], each["name"]) for each in rows})',
        'ordered = sorted({(each["case_id"], each["name"]) for each in rows}, reverse=True)',
        tests_in("worker/test_lock_order.py", "test_people_join_cases_in_order"),
        on_postgresql=True,
    ),
    Ablation(
        "comments begin to wait in order",
        WAITING,
        'ordered = sorted(rows, key=lambda each: (each["source"], each["digest"]))',
        "ordered = rows",
        tests_in("worker/test_lock_order.py", "test_comments_begin_to_wait_in_the_order_of_their_digests"),
        on_postgresql=True,
    ),
    Ablation(
        "unreadable bytes are counted in order",
        RECORDER,
        "in sorted(_unreadable(deliveries).items())",
        "in _unreadable(deliveries).items()",
        tests_in("worker/test_lock_order.py", "test_unreadable_bytes_are_counted_in_the_order_of_their_digests"),
        on_postgresql=True,
    ),
    Ablation(
        "exchanges are locked in order",
        LOOP_GUARDS,
        "for source, name in sorted(names)\n",
        "for source, name in sorted(names, reverse=True)\n",
        tests_in("worker/test_lock_order.py", "test_exchanges_are_locked_in_the_order_of_their_names"),
        on_postgresql=True,
    ),
)  # fmt: skip
