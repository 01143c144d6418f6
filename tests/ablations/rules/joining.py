"""Joining operations, taking them apart, and planning again after a death."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

JOINING = "worker/ledger/queue/joining.py"
REPLANNING = "worker/ledger/queue/replanning.py"

ABLATIONS = (
    Ablation(
        "what was sent takes no further parts",
        JOINING,
        "if not _never_sent(rows[0]) or",
        "if",
        tests_in("worker/test_joining.py", "test_what_was_sent_and_not_executed_keeps_its_bytes_too"),
    ),
    Ablation(
        "private notes are not joined with public ones",
        JOINING,
        'if body["private"] != whole["private"] or',
        "if",
        tests_in("worker/test_joining.py", "test_notes_are_joined_from_the_first_on"),
    ),
    Ablation(
        "a joined note is not too long",
        JOINING,
        "or len(text) > MAX_TEXT:",
        ":",
        tests_in("worker/test_joining.py", "test_notes_are_joined_from_the_first_on"),
    ),
    Ablation(
        "what was joined is not joined again",
        JOINING,
        "or _own_request(rows[0]) is not None or",
        "or",
        tests_in("worker/test_joining.py", "test_a_rejected_joined_call_is_taken_apart_and_not_joined_again"),
    ),
    Ablation(
        "only calls about one ticket are joined",
        JOINING,
        "and row.target == first.target and",
        "and",
        tests_in("worker/test_joining.py", "test_notes_about_two_tickets_are_not_joined"),
    ),
    Ablation(
        "parts that were taken apart stay apart",
        JOINING,
        '"joined_into": None, **_kept(operations.c.request)}',
        '"joined_into": None}',
        tests_in("worker/test_joining.py", "test_a_rejected_joined_call_is_taken_apart_and_not_joined_again"),
    ),
    Ablation(
        "what is taken apart has a new key",
        JOINING,
        '"idempotency_key": derived_key(head.idempotency_key, head.kind),',
        "",
        tests_in("worker/test_joining.py", "test_a_rejected_joined_call_is_taken_apart_and_not_joined_again"),
    ),
    Ablation(
        "nothing is joined that has not waited",
        JOINING,
        "and now - due_since[each.case_id] >= PATIENCE",
        "",
        tests_in("worker/test_joining.py", "test_nothing_is_joined_that_has_not_waited_for_2_s"),
    ),
    Ablation(
        "parts are not sent by themselves",
        JOINING,
        "connection.execute(gone.values(state=OperationState.JOINED, ended_at=now, why=why, joined_into=claim.seq))",
        "pass",
        tests_in("worker/test_joining.py", "test_notes_that_wait_for_the_budget_become_one_call_and_are_listed"),
    ),
    Ablation(
        "what follows a dead create is held",
        REPLANNING,
        "held.append(replace(each, state=OperationState.HELD))",
        "pass",
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
    Ablation(
        "a reopening behind a dead create becomes a create",
        REPLANNING,
        'if each.kind == "reopen_ticket" and each.instead is not None:',
        "if False:",
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
    Ablation(
        "after a dead close, what follows is planned again",
        REPLANNING,
        'case "close_ticket" if rejected:',
        'case "close_ticket" if False:',
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
    Ablation(
        "after a close of unknown outcome, nothing is planned again",
        REPLANNING,
        'case "close_ticket" if rejected:',
        'case "close_ticket":',
        tests_in("worker/test_replanning.py", "test_what_follows_a_close_that_may_have_been_executed_stays"),
    ),
    Ablation(
        "a reopening that was rejected becomes a create",
        REPLANNING,
        'case "reopen_ticket" if rejected and',
        'case "reopen_ticket" if False and',
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
    Ablation(
        "a reopening that may have been executed becomes no create",
        REPLANNING,
        'case "reopen_ticket" if rejected and',
        'case "reopen_ticket" if',
        tests_in("worker/test_replanning.py", "test_a_reopening_that_may_have_been_executed_is_not_made_a_create"),
    ),
    Ablation(
        "what may have been sent is not replaced",
        REPLANNING,
        "return _waits(each) and not each.in_doubt",
        "return _waits(each)",
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
    Ablation(
        "what takes the place of another has a key of its own",
        REPLANNING,
        'idempotency_key=derived_key(reopening.idempotency_key, "create_ticket"),',
        "",
        tests_in("worker/test_replanning.py", "test_what_takes_the_place_of_another_has_a_key_and_bytes_of_its_own"),
    ),
    Ablation(
        "later calls follow to the new ticket",
        REPLANNING,
        "    moved = _retargeted(followers, old, reopening.seq)",
        "    moved: list[Planned] = []",
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
    Ablation(
        "a doubt about a lost ledger outlives planning again",
        REPLANNING,
        "ambiguous=operations.c.unproven,",
        "ambiguous=False,",
        tests_in(
            "worker/test_replanning.py",
            "test_what_a_lost_ledger_may_have_sent_stays_in_doubt_when_it_is_planned_again",
        ),
    ),
    Ablation(
        "a later close that was done is known",
        REPLANNING,
        'if each.kind == "close_ticket" and each.target == dead.target and each.state != OperationState.DEAD:',
        "if False:",
        tests_in("worker/test_replanning.py", "test_what_follows_is_planned_again"),
    ),
)  # fmt: skip
