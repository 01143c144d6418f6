"""Clocks: leases by a clock that never jumps, jumps of the ledger's clock, and what is mended after them."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

CLAIMS = "worker/ledger/queue/claims.py"
GATES = "worker/ledger/queue/gates.py"
SETTLES = "worker/ledger/queue/settles.py"
JUMPS = "worker/ledger/queue/clock_jumps.py"
MENDING = "worker/ledger/queue/clock_mending.py"
DELIVERY = "worker/ledger/verbs/delivery.py"
LEASES = "worker/delivery/clocks.py"
DISPATCH = "worker/delivery/dispatch.py"
DELIVERER = "worker/delivery/deliverer.py"

STEPS = "engine/test_clock_steps.py"
FOUND = "worker/test_clock_jumps.py"
SEEN = "worker/test_leases.py"
CLOSED = "test_a_step_closes_the_gate_for_all_processes_once_and_until_every_wait_has_really_passed"
LONGEST = "test_the_gate_is_closed_until_the_longest_wait_has_passed"
IS_A_JUMP = "test_a_jump_is_more_than_reading_and_drift_explain"
AT_A_START = "test_a_start_at_a_time_before_the_newest_record_is_a_jump"
WAITS = "test_a_comment_waits_as_long_as_ever_though_the_clock_is_set"
BY_THE_NEW_CLOCK = "test_the_waits_of_a_call_that_ends_after_a_jump_are_as_long_as_they_were_meant"

ABLATIONS = (
    Ablation(
        "a lease that runs is not taken back",
        LEASES,
        "if clock - since >= self._lease_s]",
        "if True]",
        tests_in(SEEN, "test_a_lease_has_ended_when_it_was_seen_for_as_long_as_a_lease_lasts"),
    ),
    Ablation(
        "another claim of a case is another lease",
        LEASES,
        "{each: self._since.get(each, clock) for each in leases}",
        "{each: {known.case_id: at for known, at in self._since.items()}.get(each.case_id, clock) for each in leases}",
        tests_in(SEEN, "test_another_claim_of_the_same_case_is_another_lease"),
    ),
    Ablation(
        "a lease that was away counts anew",
        LEASES,
        "self._since = {each: self._since.get(each, clock) for each in leases}",
        "self._since |= {each: self._since.get(each, clock) for each in leases}",
        tests_in(SEEN, "test_a_lease_that_was_away_and_is_seen_again_counts_anew"),
    ),
    Ablation(
        "only the lease that ended is taken back",
        CLAIMS,
        "tuple_(cases.c.id, cases.c.epoch).in_(select(given.c.case_id, given.c.epoch))",
        "cases.c.id.in_(select(given.c.case_id))",
        tests_in("worker/test_delivery_statements.py", "test_a_lease_that_was_settled_meanwhile_is_not_taken_back"),
    ),
    Ablation(
        "a lease that was settled is not taken back",
        CLAIMS,
        "leased = which.where(cases.c.state == DeliveryState.LEASED).order_by(cases.c.id)",
        "leased = which.order_by(cases.c.id)",
        tests_in("worker/test_delivery_statements.py", "test_a_lease_that_was_settled_meanwhile_is_not_taken_back"),
    ),
    Ablation(
        "a claim looks for a jump of the clock",
        GATES,
        "jump = find_jump(newest, reading, asker)",
        "jump = None",
        tests_in(STEPS, CLOSED),
    ),
    Ablation(
        "the claim that finds a jump says so",
        GATES,
        "return Passage(now, jump=jump), now",
        "pass",
        tests_in(FOUND, "test_the_claim_that_finds_a_jump_says_so"),
    ),
    Ablation(
        "every round of dispatch looks for a jump of the clock",
        DISPATCH,
        "        self._look_at_clock()\n",
        "",
        tests_in(FOUND, "test_every_round_of_dispatch_looks_at_the_clock"),
    ),
    Ablation(
        "a jump that dispatch finds is noted",
        DELIVERY,
        "is_new = gates.note_jump(connection, jump, terms.limits, asker)",
        "is_new = True",
        tests_in(FOUND, "test_every_round_of_dispatch_looks_at_the_clock"),
    ),
    Ablation(
        "a jump is noted once for all processes",
        GATES,
        "if clock_jumps.is_noted(state, jump):",
        "if False:",
        tests_in(FOUND, "test_a_process_that_finds_a_jump_later_does_not_note_it_again"),
    ),
    Ablation(
        "a later jump of the same size is noted",
        JUMPS,
        "is_same and state.jumped_at >= jump.last + jump.by - SAME_WITHIN",
        "is_same",
        tests_in(FOUND, "test_a_second_jump_of_the_same_size_is_another_one"),
    ),
    Ablation(
        "a later jump of another size is noted",
        JUMPS,
        "is_same = abs(by - jump.by) <= SAME_WITHIN",
        "is_same = True",
        tests_in(FOUND, "test_a_jump_of_another_size_that_was_noted_at_the_same_time_is_another_jump"),
    ),
    Ablation(
        "a start does not note a jump that is noted",
        JUMPS,
        "return bool(jump.reading.now - jump.by <= state.jumped_at - by + SAME_WITHIN)",
        "return False",
        tests_in(STEPS, "test_a_start_at_a_time_before_the_newest_claim_is_a_jump_and_a_start_alone_is_none"),
    ),
    Ablation(
        "a jump is followed only after the commit",
        GATES,
        "    clock_jumps.note(connection, state, jump, limits, late, asker.ghost_wait)\n",
        (
            "    clock_jumps.note(connection, state, jump, limits, late, asker.ghost_wait)\n"
            "    if asker.watch is not None:\n"
            "        asker.watch.follow(jump)\n"
        ),
        tests_in(FOUND, "test_a_jump_whose_note_was_not_committed_is_found_again"),
    ),
    Ablation(
        "a start before the newest record is a jump",
        GATES,
        "(jump := clock_jumps.jump_at_start(newest, reading)) is not None:",
        "(jump := None) is not None:",
        tests_in(FOUND, AT_A_START),
    ),
    Ablation(
        "a start counts the leases among the records",
        JUMPS,
        "for each in (settled, spent, under_way)]",
        "for each in (settled, spent)]",
        tests_in(FOUND, AT_A_START),
    ),
    Ablation(
        "a start counts the settles among the records",
        JUMPS,
        "for each in (settled, spent, under_way)]",
        "for each in (spent, under_way)]",
        tests_in(FOUND, AT_A_START),
    ),
    Ablation(
        "a start counts the tokens among the records",
        JUMPS,
        "for each in (settled, spent, under_way)]",
        "for each in (settled, under_way)]",
        tests_in(FOUND, AT_A_START),
    ),
    Ablation(
        "a start after the newest record is no jump",
        JUMPS,
        "if ahead <= AT_LEAST_S + reading.after - reading.before:",
        "if False:",
        tests_in(STEPS, "test_a_start_at_a_time_before_the_newest_claim_is_a_jump_and_a_start_alone_is_none"),
    ),
    Ablation(
        "the time that a reading takes is no jump",
        JUMPS,
        "AT_LEAST_S + trips +",
        "AT_LEAST_S +",
        tests_in(FOUND, IS_A_JUMP),
    ),
    Ablation(
        "the drift of clocks is no jump",
        JUMPS,
        " + DRIFT * abs(passed)",
        "",
        tests_in(FOUND, IS_A_JUMP),
    ),
    Ablation(
        "an early reading does not replace a later one",
        JUMPS,
        "if reading.before < last.before:",
        "if False:",
        tests_in(FOUND, "test_a_reading_that_a_thread_brings_late_does_not_replace_a_later_one"),
    ),
    Ablation(
        "a jump closes the gate",
        GATES,
        "ends = [clock_jumps.closed_until(state, now), ",
        "ends = [None, ",
        tests_in(STEPS, CLOSED),
    ),
    Ablation(
        "a jump closes the gate for the ghost wait",
        JUMPS,
        "max(ghost_wait, window + late)",
        "(window + late)",
        tests_in(FOUND, LONGEST),
    ),
    Ablation(
        "a jump closes the gate until the tokens from before have ended",
        JUMPS,
        "max(ghost_wait, window + late)",
        "ghost_wait",
        tests_in(FOUND, LONGEST),
    ),
    Ablation(
        "after a jump, a token may still be late",
        JUMPS,
        "max(ghost_wait, window + late)",
        "max(ghost_wait, window)",
        tests_in(FOUND, LONGEST),
    ),
    Ablation(
        "the gate stays closed until the times are mended",
        JUMPS,
        "(state.jump_mended and state.jump_until <= now)",
        "state.jump_until <= now",
        tests_in(STEPS, "test_the_gate_stays_closed_until_the_times_are_mended"),
    ),
    Ablation(
        "a jump makes the mending due at once",
        JUMPS,
        '{"due_at": EPOCH, "owner": None, "lease_until": None, "epoch": jobs.c.epoch + 1}',
        '{"epoch": jobs.c.epoch + 1}',
        tests_in(FOUND, "test_a_run_that_began_before_the_jump_cannot_end_the_job_which_is_due_at_once"),
    ),
    Ablation(
        "a run that began before a jump does not end its mending",
        JUMPS,
        ', "epoch": jobs.c.epoch + 1}',
        "}",
        tests_in(FOUND, "test_a_run_that_began_before_the_jump_cannot_end_the_job_which_is_due_at_once"),
    ),
    Ablation(
        "after a step back, no case waits for longer than it was meant to",
        MENDING,
        "pulled += _pull(connection, rows, back, now, longest_wait)",
        "pulled += 0",
        tests_in(STEPS, "test_after_a_step_back_a_case_waits_as_long_as_it_was_meant_to"),
    ),
    Ablation(
        "after a step back, no case waits for longer than any does on purpose",
        MENDING,
        "min(max(row.run_at - back, now), now + longest_wait)",
        "max(row.run_at - back, now)",
        tests_in(FOUND, "test_after_a_step_back_no_case_waits_for_longer_than_any_does_on_purpose"),
    ),
    Ablation(
        "after a step back, cases at rest are mended too",
        MENDING,
        "affected = or_(cases.c.state.in_(IN_WORK), cases.c.run_at > now)",
        "affected = cases.c.state.in_(IN_WORK)",
        tests_in(
            STEPS, "test_after_a_step_back_a_case_without_work_does_not_delay_what_is_told_about_it_next"
        ),
    ),
    Ablation(
        "after a step far back, no key proves anything",
        MENDING,
        "if back > FAR_BACK and in_work:",
        "if False:",
        tests_in(STEPS, "test_a_step_back_of_more_than_half_an_hour_makes_no_key_prove_anything"),
    ),
    Ablation(
        "after a small step back, keys still prove",
        MENDING,
        "if back > FAR_BACK and in_work:",
        "if in_work:",
        tests_in(STEPS, "test_a_small_step_back_leaves_the_keys_their_proof"),
    ),
    Ablation(
        "after a step far back, no key of a dead letter proves anything",
        MENDING,
        "    if back > FAR_BACK:\n",
        "    if False:\n",
        tests_in(
            FOUND, "test_after_a_step_far_back_no_key_of_a_dead_letter_of_unknown_outcome_proves_anything"
        ),
    ),
    Ablation(
        "a first send that is far ahead proves nothing",
        CLAIMS,
        "sent - now > AHEAD",
        "False",
        tests_in(STEPS, "test_a_call_that_was_under_way_when_the_clock_was_set_far_back_is_looked_up"),
    ),
    Ablation(
        "tokens of later than now are deleted",
        MENDING,
        "connection.execute(delete(budget).where(budget.c.at > now))",
        "pass",
        tests_in(FOUND, "test_after_a_step_back_no_token_is_of_later_than_now"),
    ),
    Ablation(
        "after a step back, everything that waits is moved with the clock",
        MENDING,
        "connection.execute(ahead.values({column.name: type_coerce(column, BigInteger) - by}))",
        "pass",
        tests_in(FOUND, "test_after_a_step_back_a_closed_gate_opens_when_it_was_meant_to"),
    ),
    Ablation(
        "after a step back, the gate is closed for a ghost wait from the end of the mending",
        MENDING,
        'mended["jump_until"] = max(state.jump_until, db.now(connection) + ghost_wait)',
        "pass",
        tests_in(
            FOUND, "test_after_a_step_back_the_gate_is_closed_for_a_ghost_wait_from_the_end_of_the_mending"
        ),
    ),
    Ablation(
        "a comment waits anew when the times are mended",
        MENDING,
        "connection.execute(update(pending).values(expires_at=db.now(connection) + PATIENCE))",
        "pass",
        tests_in("worker/test_waiting.py", WAITS),
    ),
    Ablation(
        "no comment is dropped before the times are mended",
        "worker/ledger/recording/waiting.py",
        " & ~is_clock_wrong",
        "",
        tests_in("worker/test_waiting.py", WAITS),
    ),
    Ablation(
        "no comment is dropped by a clock that was set since the last look",
        "worker/ledger/verbs/recording.py",
        "elif watch.look(reading := clock_jumps.read(self.database, connection, watch.clock)) is None:",
        "elif reading := clock_jumps.read(self.database, connection, watch.clock):",
        tests_in("worker/test_waiting.py", "test_no_comment_is_dropped_by_a_clock_that_was_set_since_the_last_look"),
    ),
    Ablation(
        "the waits of a settle are by the present clock",
        SETTLES,
        "_rebased(outcome, now)) for row",
        "outcome) for row",
        tests_in(FOUND, BY_THE_NEW_CLOCK),
    ),
    Ablation(
        "the gate that a settle closes is by the present clock",
        SETTLES,
        "until=outcome.gate.until + by",
        "until=outcome.gate.until",
        tests_in(FOUND, BY_THE_NEW_CLOCK),
    ),
)  # fmt: skip
