"""Settles: epochs, doubts, tickets and heads of cases."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

SETTLES = "worker/ledger/queue/settles.py"
HEADS = "worker/ledger/queue/heads.py"
TICKETS = "worker/ledger/queue/tickets.py"

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
    Ablation(
        "a ticket of another case is not adopted",
        SETTLES,
        "_refuse_bound(connection, [(row, each, _rebased(outcome, now)) for row, each, outcome in current])",
        "[(row, each, _rebased(outcome, now)) for row, each, outcome in current]",
        tests_in("worker/test_lookup.py", "test_a_ticket_that_belongs_to_another_case_is_not_adopted"),
    ),
    Ablation(
        "an unknown outcome stays unknown until it is resolved",
        SETTLES,
        "(each.ambiguous or outcome.unknown)",
        "outcome.unknown",
        tests_in("worker/test_delivery_statements.py", "test_a_send_of_unknown_outcome_began_the_life_of_its_key"),
    ),
    Ablation(
        "an unknown outcome is stored",
        SETTLES,
        "(each.ambiguous or outcome.unknown)",
        "each.ambiguous",
        tests_in("worker/test_delivery_statements.py", "test_a_send_of_unknown_outcome_began_the_life_of_its_key"),
    ),
    Ablation(
        "what is proven absent is sent as if for the first time",
        SETTLES,
        "and not outcome.absent\n",
        "\n",
        tests_in("worker/test_delivery_statements.py", "test_what_is_proven_absent_is_sent_as_if_for_the_first_time"),
    ),
    Ablation(
        "a close keeps its first send",
        SETTLES,
        "(over or ambiguous or was_closed)",
        "(over or ambiguous)",
        tests_in(
            "worker/test_lookup_and_people.py",
            "test_a_reopening_that_we_are_told_of_only_after_the_look_up_counts_too",
        ),
    ),
    Ablation(
        "the window of a key begins with a send that may have been executed",
        SETTLES,
        "(over or ambiguous or was_closed) and",
        "",
        tests_in("worker/test_delivery_statements.py", "test_what_was_not_executed_did_not_begin_the_life_of_its_key"),
    ),
    Ablation(
        "a doubt about a lost ledger stays",
        SETTLES,
        '"unproven": each.unproven and ambiguous',
        '"unproven": False',
        tests_in(
            "worker/test_restored.py",
            "test_notes_of_a_restored_ledger_are_left_to_a_person_where_that_is_the_policy",
        ),
    ),
    Ablation(
        "conflicts are counted",
        SETTLES,
        "each.conflicts + outcome.conflict",
        "0",
        tests_in("worker/test_delivery_statements.py", "test_conflicts_are_counted"),
    ),
    Ablation(
        "people can name a ticket by its number",
        SETTLES,
        "bulk.insert_or_ignore(connection, aliases, names)",
        "pass",
        tests_in("worker/test_delivery_statements.py", "test_a_ticket_number_is_a_name_of_its_case"),
    ),
    Ablation(
        "a joined call of unknown outcome is not taken apart",
        SETTLES,
        "surely = rejected and not each.ambiguous",
        "surely = rejected",
        tests_in("worker/test_joining.py", "test_a_joined_call_that_may_have_been_executed_is_never_taken_apart"),
    ),
    Ablation(
        "a rejected look-up proves nothing",
        SETTLES,
        '(not outcome.reads or outcome.ticket_status == "gone")',
        "True",
        tests_in(
            "worker/test_lookup.py",
            "test_a_look_up_that_is_rejected_does_not_make_a_second_ticket_of_a_reopening",
        ),
    ),
    Ablation(
        "a call is made again at its time",
        SETTLES,
        "else outcome.again_at or now\n",
        "else now\n",
        tests_in("worker/test_delivery_statements.py", "test_what_is_not_due_yet_is_not_claimed"),
    ),
    Ablation(
        "every attempt is recorded",
        SETTLES,
        "bulk.insert(connection, attempts,",
        "list(",
        tests_in(
            "worker/test_delivery_statements.py",
            "test_a_done_operation_keeps_what_the_service_said_and_the_case_rests",
        ),
    ),
    Ablation(
        "an accepted call opens the gate for the key",
        SETTLES,
        'gates.open_again(connection, ["credentials"])',
        "pass",
        tests_in("worker/test_budget.py", "test_a_probe_that_succeeds_opens_the_gate_for_all"),
    ),
    Ablation(
        "an answered probe ends the breaker",
        SETTLES,
        'gates.open_again(connection, ["breaker"])',
        "pass",
        tests_in("worker/test_breaker.py", "test_a_probe_that_is_answered_opens_the_gate_for_all"),
    ),
    Ablation(
        "a look-up does not open the gate for sends",
        SETTLES,
        "any(not outcome.reads for outcome in accepted)",
        "accepted",
        tests_in(
            "worker/test_budget.py",
            "test_a_look_up_that_succeeds_does_not_open_the_gate_for_calls_that_the_key_may_not_make",
        ),
    ),
    Ablation(
        "a 429 lowers the share",
        SETTLES,
        "gates.learn(connection, now)",
        "pass",
        tests_in("worker/test_budget.py", "test_a_429_that_our_windows_had_room_for_makes_us_use_less_for_a_while"),
    ),
    Ablation(
        "what waits for a dead create is not sent",
        HEADS,
        "operations.c.state == OperationState.OPEN)",
        "operations.c.state.in_((OperationState.OPEN, OperationState.HELD)))",
        tests_in("worker/test_delivery_statements.py", "test_what_waits_for_a_dead_create_is_not_due"),
    ),
    Ablation(
        "a case with a dead create is blocked",
        HEADS,
        "if create_dead else",
        "if False else",
        tests_in("worker/test_delivery_statements.py", "test_a_dead_create_blocks_its_case_and_no_other"),
    ),
    Ablation(
        "a settled case has no lease",
        HEADS,
        '"owner": None, "lease_until": None}',
        "}",
        tests_in(
            "worker/test_delivery_statements.py",
            "test_a_done_operation_keeps_what_the_service_said_and_the_case_rests",
        ),
    ),
    Ablation(
        "the best rank of a case counts",
        HEADS,
        "select(func.min(operations.c.rank))",
        "select(func.max(operations.c.rank))",
        tests_in(
            "worker/test_fairness.py",
            "test_an_urgent_create_behind_a_hundred_notes_of_its_case_is_served_as_urgent",
        ),
    ),
    Ablation(
        "a report that is older changes nothing",
        TICKETS,
        "newer = tickets.c.told_at.is_(None) | (tickets.c.told_at <= each.at)",
        "newer = tickets.c.told_at.is_(None) | (tickets.c.told_at > each.at) | (tickets.c.told_at <= each.at)",
        tests_in(
            "worker/test_lifecycle_table.py",
            "test_a_ticket_that_a_person_moved_is_so_in_the_order_of_the_services_clock",
        ),
    ),
    Ablation(
        "a person's reopening is stored however late it is told",
        TICKETS,
        "if each.is_reopened:",
        "if False:",
        tests_in(
            "worker/test_lookup_and_people.py",
            "test_a_reopening_that_we_are_told_of_only_after_the_look_up_counts_too",
        ),
    ),
)  # fmt: skip
