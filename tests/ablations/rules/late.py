"""Late calls: until when a token is good and counts, the late bound, and what a call that did not leave gives back."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

BUDGET = "worker/ledger/queue/budget.py"
CLAIMS = "worker/ledger/queue/claims.py"
GATES = "worker/ledger/queue/gates.py"
SETTLES = "worker/ledger/queue/settles.py"
SENDING = "worker/delivery/sending.py"

SLOW_COMMITS = "engine/test_slow_commits.py"
UNSENT = "worker/test_unsent.py"
ALLOWANCE = "worker/test_allowance.py"
FALLS = "test_the_late_bound_falls_within_its_limits"
COUNTS = "test_each_token_counts_until_its_own_late_bound_and_the_window_are_over"
NOT_MADE = "test_a_call_that_the_sender_does_not_make_is_settled_as_one_that_did_not_leave"
GIVES_BACK = "test_a_claim_that_came_too_late_gives_its_token_back_and_keeps_its_place"

ABLATIONS = (
    Ablation(
        "a token counts from the moment until which it is good",
        BUDGET,
        "if each.good_until > now - window]",
        "if each.at > now - window]",
        tests_in(ALLOWANCE, "test_tokens_come_back_when_no_delay_can_bring_their_call_into_the_same_window"),
    ),
    Ablation(
        "each token has the late bound of its own time",
        BUDGET,
        "return self.at + self.late",
        "return self.at + LEAST_LATE",
        tests_in(ALLOWANCE, COUNTS),
    ),
    Ablation(
        "the late bound falls",
        BUDGET,
        "/ MINUTE * LATE_FALLS",
        "/ MINUTE * timedelta(0)",
        tests_in(ALLOWANCE, FALLS),
    ),
    Ablation(
        "the late bound falls no further than to its least",
        BUDGET,
        "max(timedelta(seconds=stored) - fallen, LEAST_LATE)",
        "(timedelta(seconds=stored) - fallen)",
        tests_in(ALLOWANCE, FALLS),
    ),
    Ablation(
        "the lease limits the late bound",
        BUDGET,
        "LEAST_LATE), most)",
        "LEAST_LATE), MOST_LATE)",
        tests_in(ALLOWANCE, FALLS),
    ),
    Ablation(
        "the lease limits the first late bound",
        BUDGET,
        "return min(LEAST_LATE, most)",
        "return LEAST_LATE",
        tests_in(ALLOWANCE, FALLS),
    ),
    Ablation(
        "a clock that was set back raises no late bound",
        BUDGET,
        "fallen = max(now - at, timedelta(0))",
        "fallen = (now - at)",
        tests_in(ALLOWANCE, FALLS),
    ),
    Ablation(
        "a late call raises the late bound",
        SETTLES,
        "gates.raise_late_bound(connection, max(late), now)",
        "pass",
        tests_in(SLOW_COMMITS, GIVES_BACK),
    ),
    Ablation(
        "the late bound has room for a call that takes longer",
        GATES,
        "took * LATE_ROOM",
        "took",
        tests_in(SLOW_COMMITS, GIVES_BACK),
    ),
    Ablation(
        "a late call never lowers the late bound",
        GATES,
        "max(bound, took * LATE_ROOM)",
        "took * LATE_ROOM",
        tests_in(UNSENT, "test_a_call_that_is_late_by_less_lowers_the_late_bound_by_nothing"),
    ),
    Ablation(
        "the late bound has a limit",
        GATES,
        "min(max(bound, took * LATE_ROOM), MOST_LATE)",
        "max(bound, took * LATE_ROOM)",
        tests_in(UNSENT, "test_the_late_bound_has_a_limit_and_falls_from_there"),
    ),
    Ablation(
        "a token is stored with its late bound",
        GATES,
        '"good_until": now + late,',
        '"good_until": now + LEAST_LATE,',
        tests_in(SLOW_COMMITS, "test_a_call_leaves_within_ten_seconds_and_no_window_holds_more_than_the_limit"),
    ),
    Ablation(
        "a token of the version before is as good as it was there",
        GATES,
        "return LEAST_LATE if token.good_until is None else token.good_until - token.at",
        "return timedelta(0) if token.good_until is None else token.good_until - token.at",
        tests_in(UNSENT, "test_a_token_of_the_version_before_counts_with_the_least_late_bound"),
    ),
    Ablation(
        "a claim says until when its tokens are good",
        CLAIMS,
        "passage.counted + passage.late.total_seconds()",
        "passage.counted + 60.0",
        tests_in(
            "worker/test_claim_before_send.py", "test_a_claim_that_took_longer_than_its_token_is_good_is_not_sent"
        ),
    ),
    Ablation(
        "a call that did not leave gives its token back",
        SETTLES,
        "gates.give_tokens_back(connection, [(each.case_id, each.epoch) for each, _ in unsent])",
        "pass",
        tests_in(UNSENT, "test_a_call_that_did_not_leave_gives_its_token_back_and_no_other"),
    ),
    Ablation(
        "a call that may have left keeps its token",
        SETTLES,
        "for _, each, outcome in current if outcome.unsent]",
        "for _, each, outcome in current]",
        tests_in(UNSENT, "test_a_call_that_did_not_leave_gives_its_token_back_and_no_other"),
    ),
    Ablation(
        "only the token of the claim that did not leave is given back",
        GATES,
        "connection.execute(delete(budget).where(is_theirs), given)",
        "connection.execute(delete(budget).where(budget.c.case_id.in_([case_id for case_id, _ in claims])))",
        tests_in(UNSENT, "test_a_call_that_did_not_leave_keeps_the_token_of_the_call_before_it"),
    ),
    Ablation(
        "tokens are given back under the lock of the gate",
        GATES,
        "    connection.execute(select(gate.c.id).where(gate.c.id == ALL).with_for_update())\n",
        "",
        tests_in(
            "worker/test_lock_order.py",
            "test_tokens_are_given_back_under_the_lock_under_which_they_are_counted",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "what needs no call gives its token back",
        SENDING,
        "return replace(decided, unsent=True)",
        "return decided",
        tests_in(UNSENT, NOT_MADE),
    ),
    Ablation(
        "what comes too late in its lease gives its token back",
        SENDING,
        "error=error, unsent=True)",
        "error=error)",
        tests_in(UNSENT, NOT_MADE),
    ),
    Ablation(
        "a probe that did not leave frees the probe",
        SETTLES,
        "gates.free_probe(connection, each.case_id, each.probes, now)",
        "pass",
        tests_in(UNSENT, "test_a_probe_that_did_not_leave_frees_the_probe"),
    ),
    Ablation(
        "a probe that did not leave opens no other gate",
        GATES,
        "ours = (gate.c.id == ALL, gate.c.reason == reason, gate.c.probed_case == case_id)",
        "ours = (gate.c.id == ALL,)",
        tests_in(UNSENT, "test_a_probe_that_did_not_leave_opens_no_gate_that_was_closed_meanwhile"),
    ),
    Ablation(
        "a late call keeps its place in the queue",
        SETTLES,
        "row.run_at if outcome.unsent and outcome.state == \"again\" else ",
        "",
        tests_in(SLOW_COMMITS, GIVES_BACK),
    ),
)  # fmt: skip
