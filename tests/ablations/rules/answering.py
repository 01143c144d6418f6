"""Answers: whether the Tickets API answers write calls, and the alarm when it does not."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

ANSWERS = "worker/ledger/queue/answers.py"
DELIVERY = "worker/ledger/verbs/delivery.py"
RESTORING = "worker/ledger/recording/restoring.py"
OVERVIEW = "worker/ledger/reports/overview.py"
ALARMS = "worker/ledger/reports/alarms.py"

FAILING = "worker/test_delivery_failing.py"
LOOK_UPS = "test_look_ups_count_neither_way"
WITHOUT_A_CALL = "test_attempts_without_a_call_count_neither_way"
GATE_CLOSED = "test_a_look_up_that_closed_the_gate_begins_the_time_anew"
AT_ONCE = "test_work_that_just_arrived_has_not_waited_yet"

ABLATIONS = (
    Ablation(
        "failed calls are counted",
        ANSWERS,
        "connection.execute(_FAILED, one)",
        "pass",
        tests_in(FAILING, "test_two_calls_are_too_few"),
    ),
    Ablation(
        "calls fail since the first one that failed",
        ANSWERS,
        'func.coalesce(answers.c.failing_since, bindparam("now", type_=Instant))',
        'bindparam("now", type_=Instant)',
        tests_in(FAILING, "test_two_calls_are_too_few"),
    ),
    Ablation(
        "an answer ends the failures",
        ANSWERS,
        "_note_answer(connection, new, now)\n    elif",
        "pass\n    elif",
        tests_in(FAILING, "test_a_rejection_in_between_is_an_answer_and_no_success"),
    ),
    Ablation(
        "failures after an answer count anew",
        ANSWERS,
        "_failures(new.failures, now if new.failures else None, new.case_id, new.several, new.in_doubt)",
        "_failures()",
        tests_in(FAILING, "test_a_success_in_between_begins_the_time_anew"),
    ),
    Ablation(
        "a rejection is no success",
        ANSWERS,
        'found.succeeded or outcome.outcome == "done"',
        "True",
        tests_in(FAILING, "test_a_rejection_in_between_is_an_answer_and_no_success"),
    ),
    Ablation(
        "a 4xx is an answer",
        ANSWERS,
        "outcome.outcome in FAILURES and not is_4xx",
        "outcome.outcome in FAILURES",
        tests_in(FAILING, "test_any_4xx_is_an_answer"),
    ),
    Ablation(
        "a look-up is neither an answer nor a failure",
        ANSWERS,
        "if outcome.reads:",
        "if False:",
        tests_in(FAILING, LOOK_UPS),
    ),
    Ablation(
        "an attempt without a call is no failure",
        ANSWERS,
        "elif outcome.latency is not None and _has_failed(outcome):",
        "elif _has_failed(outcome):",
        tests_in(FAILING, WITHOUT_A_CALL),
    ),
    Ablation(
        "an attempt without a call is no answer",
        ANSWERS,
        "elif outcome.latency is not None:",
        "else:",
        tests_in(FAILING, WITHOUT_A_CALL),
    ),
    Ablation(
        "a gate that a look-up closed begins the time of failing anew",
        ANSWERS,
        "if new.shut:",
        "if False:",
        tests_in(FAILING, GATE_CLOSED),
    ),
    Ablation(
        "a settle that is refused is no answer and no failure",
        DELIVERY,
        "[each for each in settled if each[0] not in stale]",
        "settled",
        tests_in(FAILING, "test_a_settle_that_is_refused_counts_neither_way"),
    ),
    Ablation(
        "the end of a pause of everything begins the time of failing anew",
        DELIVERY,
        "if ended and not could_send:",
        "if False:",
        tests_in(FAILING, "test_while_everything_is_paused_it_is_down_and_the_time_begins_anew"),
    ),
    Ablation(
        "the end of a pause of one source does not begin the time of failing anew",
        DELIVERY,
        "if ended and not could_send:",
        "if ended:",
        tests_in(FAILING, "test_the_end_of_a_pause_of_one_source_leaves_it_up_for_the_others"),
    ),
    Ablation(
        "a restore forgets the failures",
        RESTORING,
        "    answers.forget_failures(connection)\n",
        "",
        tests_in(FAILING, "test_a_restore_forgets_what_failed_before_the_backup"),
    ),
    Ablation(
        "few failed calls raise no alarm",
        OVERVIEW,
        "row.failures >= CALLS_THAT_TELL and ",
        "",
        tests_in(FAILING, "test_two_calls_are_too_few"),
    ),
    Ablation(
        "one operation that fails raises no alarm while others can be sent",
        OVERVIEW,
        "(row.several or undelivered.sendable_cases(connection, now) < TWO)",
        "True",
        tests_in(FAILING, "test_one_operation_that_fails_is_too_few_while_another_one_could_be_sent"),
    ),
    Ablation(
        "one operation alone is enough for the alarm",
        OVERVIEW,
        "(row.several or undelivered.sendable_cases(connection, now) < TWO)",
        "row.several",
        tests_in(FAILING, "test_one_operation_alone_is_enough_if_no_other_can_be_sent"),
    ),
    Ablation(
        "work that just arrived has not waited for an answer",
        OVERVIEW,
        "else max(row.failing_since, planned_at)",
        "else row.failing_since",
        tests_in(FAILING, AT_ONCE),
    ),
    Ablation(
        "a ghost wait is no time in which an answer could come",
        OVERVIEW,
        "row.failed_at if is_ghost_wait else now",
        "now",
        tests_in(FAILING, "test_a_ghost_wait_does_not_count_as_time_in_which_work_could_be_sent"),
    ),
    Ablation(
        "a refused key has an alarm of its own",
        ALARMS,
        "seen_now.gate_reason in REFUSALS or ",
        "",
        tests_in(FAILING, GATE_CLOSED),
    ),
)  # fmt: skip
