"""Sends: the fence, the answers and errors of calls, look-ups, the breaker, dispatch."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

DELIVERER = "worker/delivery/deliverer.py"
SENDING = "worker/delivery/sending.py"
OUTCOMES = "worker/delivery/outcomes.py"
LOOKUP = "worker/delivery/lookup.py"
BREAKER = "worker/delivery/breaker.py"
DISPATCH = "worker/delivery/dispatch.py"

ABLATIONS = (
    Ablation(
        "a claim is committed before its call is made",
        DELIVERER,
        "claimed = self._ledger.claim(kind, limit=free, owner=self._owner, terms=terms, watch=self._watch)",
        (
            "from worker.ledger.queue import claims\n"
            "            with self._ledger.database.write() as within:\n"
            "                one = claims.claim(\n"
            "                    self._ledger.database, within, kind, limit=free, owner=self._owner, "
            "terms=terms, watch=self._watch\n"
            "                )\n"
            "                self._loop.call_soon_threadsafe(self._begin, one, fence)\n"
            "            self._slots.release(-len(one.claims))"
        ),
        tests_in("worker/test_claim_before_send.py", "test_nothing_is_sent_before_its_claim_is_committed"),
    ),
    Ablation(
        "the lease counts from before its claim",
        DELIVERER,
        "self._begin, claimed, fence)",
        "self._begin, claimed, self._clock())",
        tests_in("worker/test_claim_before_send.py", "test_a_claim_that_took_as_long_as_its_lease_is_not_sent"),
    ),
    Ablation(
        "a token that is late is not used",
        SENDING,
        "if token is not None and begun > token.good_until:",
        "if False:",
        tests_in(
            "worker/test_claim_before_send.py",
            "test_a_claim_that_took_longer_than_its_token_is_good_is_not_sent",
        ),
    ),
    Ablation(
        "a failed batch is settled call by call",
        DELIVERER,
        "return self._settle_alone(sent, defect)",
        "return frozenset()",
        tests_in(
            "worker/test_claim_before_send.py", "test_calls_that_cannot_be_settled_together_are_settled_one_by_one"
        ),
    ),
    Ablation(
        "a settle is repeated while the ledger is away",
        DELIVERER,
        "if self._clock() - min(each.fence for each in sent) > self._timing.lease:",
        "if True:",
        tests_in("worker/test_claim_before_send.py", "test_an_outcome_is_settled_again_when_its_commit_failed"),
    ),
    Ablation(
        "a call that could outlast its lease is not made",
        SENDING,
        "if begun - fence >",
        "if False and begun - fence >",
        tests_in("worker/test_claim_before_send.py", "test_a_claim_that_took_as_long_as_its_lease_is_not_sent"),
    ),
    Ablation(
        "a claim that needs no call makes none",
        SENDING,
        "if decided is not None:",
        "if False:",
        tests_in(
            "worker/test_lookup_and_people.py",
            "test_a_reopening_that_we_are_told_of_only_after_the_look_up_counts_too",
        ),
    ),
    Ablation(
        "after an unknown outcome, the case waits for the ghost",
        OUTCOMES,
        "again_at=ghost_gone + pause",
        "again_at=now + pause",
        tests_in("worker/test_outcomes.py", "test_an_unknown_outcome_waits_for_the_ghost_and_backs_off"),
    ),
    Ablation(
        "a conflict is repeated twice",
        OUTCOMES,
        "claim.conflicts >= MAX_CONFLICTS",
        "False",
        tests_in("worker/test_outcomes.py", "test_the_third_conflict_is_dead_and_of_unknown_outcome"),
    ),
    Ablation(
        "what dies with an unknown outcome is waited for",
        OUTCOMES,
        'Settlement("dead", "unknown", again_at=ghost_gone, unknown=True)',
        'Settlement("dead", "unknown", unknown=True)',
        tests_in("worker/test_outcomes.py", "test_the_third_conflict_is_dead_and_of_unknown_outcome"),
    ),
    Ablation(
        "a person who reopened the ticket wins",
        OUTCOMES,
        'if claim.kind == "close_ticket" and _reopened_since(claim):',
        "if False:",
        tests_in(
            "worker/test_outcomes.py",
            "test_a_ticket_that_a_person_reopened_after_an_attempt_is_not_closed_again",
        ),
    ),
    Ablation(
        "a look-up keeps the doubt about a close",
        OUTCOMES,
        "claim.ambiguous or claim.first_sent_at < claim.claimed_at",
        "claim.ambiguous",
        tests_in(
            "worker/test_lookup_and_people.py",
            "test_a_reopening_that_we_are_told_of_only_after_the_look_up_counts_too",
        ),
    ),
    Ablation(
        "a reopening of before the close does not count",
        OUTCOMES,
        " and claim.reopened_at >= claim.first_sent_at",
        "",
        tests_in("worker/test_outcomes.py", "test_a_ticket_is_closed_where_no_person_reopened_it_after_an_attempt"),
    ),
    Ablation(
        "a close of a ticket that is gone is done",
        OUTCOMES,
        'case AskPerson() if claim.kind == "close_ticket" and is_gone(error):',
        "case AskPerson() if False:",
        tests_in("worker/test_outcomes.py", "test_a_close_of_a_ticket_that_is_gone_is_done"),
    ),
    Ablation(
        "a call needs its ticket",
        OUTCOMES,
        'if claim.kind != "create_ticket" and claim.ticket_id is None:',
        "if False:",
        tests_in("worker/test_outcomes.py", "test_a_call_on_a_ticket_that_was_never_made_is_dead"),
    ),
    Ablation(
        "a note that must not be repeated is left to a person",
        OUTCOMES,
        'if claim.mode == "park":',
        "if False:",
        tests_in("worker/test_outcomes.py", "test_a_note_that_must_not_be_repeated_is_a_persons_and_says_since_when"),
    ),
    Ablation(
        "a proxy's 404 proves nothing",
        OUTCOMES,
        ' and (error.code == "not_found" or bool(error.details))',
        "",
        tests_in("worker/test_outcomes.py", "test_a_404_that_the_service_did_not_say_itself_closes_nothing"),
    ),
    Ablation(
        "a refused key closes the gate",
        OUTCOMES,
        "if isinstance(error, StopSending):",
        "if False:",
        tests_in("worker/test_outcomes.py", "test_a_refused_key_closes_the_gate_and_loses_nothing"),
    ),
    Ablation(
        "the service says when to come again",
        OUTCOMES,
        "at = now + (asked if asked is not None else soon(timing, fraction))",
        "at = now + soon(timing, fraction)",
        tests_in("worker/test_outcomes.py", "test_what_was_not_executed_waits_as_long_as_the_service_asks"),
    ),
    Ablation(
        "a look-up that failed had no effect",
        OUTCOMES,
        "case RepeatUnchanged() if reads:",
        "case RepeatUnchanged() if False:",
        tests_in(
            "worker/test_outcomes.py",
            "test_a_question_that_got_no_answer_is_asked_again_without_a_ghost_to_wait_for",
        ),
    ),
    Ablation(
        "a ticket that is not found yet is not absent",
        LOOKUP,
        "if now < surely_seen:",
        "if False:",
        tests_in(
            "worker/test_lookup.py",
            "test_absence_is_believed_only_when_the_search_has_seen_what_the_last_send_made",
        ),
    ),
    Ablation(
        "the last send may have left at the end of its lease",
        LOOKUP,
        "seconds=timing.lease + timing.request_life",
        "seconds=timing.request_life",
        tests_in(
            "worker/test_lookup.py",
            "test_absence_is_believed_only_when_the_search_has_seen_what_the_last_send_made",
        ),
    ),
    Ablation(
        "absence is counted from the last send",
        LOOKUP,
        "(claim.last_sent_at or claim.first_sent_at)",
        "claim.first_sent_at",
        tests_in(
            "worker/test_lookup.py",
            "test_absence_is_believed_only_when_the_search_has_seen_what_the_last_send_made",
        ),
    ),
    Ablation(
        "a ticket that quotes the marker is another one",
        LOOKUP,
        "if word_of(each.description) == word]",
        'if word in (each.description or "")]',
        tests_in("worker/test_lookup.py", "test_what_a_search_proves"),
    ),
    Ablation(
        "of two tickets with the marker, none is adopted",
        LOOKUP,
        "if total > len(tickets) or len(ours) > 1:",
        "if False:",
        tests_in("worker/test_lookup.py", "test_what_a_search_proves"),
    ),
    Ablation(
        "a ticket older than the first send is not adopted",
        LOOKUP,
        "if not claim.unproven and ticket.created_at",
        "if False and ticket.created_at",
        tests_in("worker/test_lookup.py", "test_what_a_search_proves"),
    ),
    Ablation(
        "a ticket whose last line was edited is for a person",
        LOOKUP,
        "    if edited:\n",
        "    if False:\n",
        tests_in("worker/test_lookup.py", "test_what_a_search_proves"),
    ),
    Ablation(
        "what is as it should be needs no call",
        LOOKUP,
        "if ticket.status in wanted:",
        "if False:",
        tests_in("worker/test_lookup.py", "test_a_ticket_that_is_as_it_shall_be_needs_no_second_call"),
    ),
    Ablation(
        "the breaker closes the gate",
        BREAKER,
        'return CloseGate(now + self._pause, "breaker")',
        "return None",
        tests_in("worker/test_breaker.py", "test_what_counts_as_a_failure"),
    ),
    Ablation(
        "a few failures do not close the gate",
        BREAKER,
        "len(self._latest) >= self._least and",
        "",
        tests_in("worker/test_breaker.py", "test_what_happened_before_the_window_does_not_count"),
    ),
    Ablation(
        "old failures are forgotten",
        BREAKER,
        "self._latest[0][0] <= now - self._window",
        "False",
        tests_in("worker/test_breaker.py", "test_what_happened_before_the_window_does_not_count"),
    ),
    Ablation(
        "failures close the gate once",
        BREAKER,
        (
            "self._latest.clear()\n"
            "        self._failures = 0\n"
        ),
        "pass\n",
        tests_in("worker/test_breaker.py", "test_what_opened_it_does_not_open_it_again"),
    ),
    Ablation(
        "a few failures in a row close the gate where calls are rare",
        BREAKER,
        "or self._row.is_complete(now)",
        "or False",
        tests_in("worker/test_breaker.py", "test_a_few_failures_in_a_row_open_it_however_far_apart_they_are"),
    ),
    Ablation(
        "failures in a row close the gate only when there are enough",
        BREAKER,
        "self._number >= self._least and ",
        "",
        tests_in("worker/test_breaker.py", "test_a_few_failures_in_a_row_open_it_however_far_apart_they_are"),
    ),
    Ablation(
        "failures in a row close the gate only after some time",
        BREAKER,
        " and now - self._since >= self._shortest",
        "",
        tests_in("worker/test_breaker.py", "test_failures_in_a_row_open_it_only_after_some_time"),
    ),
    Ablation(
        "an answer ends the failures in a row",
        BREAKER,
        "        else:\n            self._row.end()\n",
        "",
        tests_in("worker/test_breaker.py", "test_an_answer_ends_the_row"),
    ),
    Ablation(
        "a 429 ends the failures in a row",
        BREAKER,
        "            self._row.end()\n            return None\n",
        "            return None\n",
        tests_in("worker/test_breaker.py", "test_an_answer_ends_the_row"),
    ),
    Ablation(
        "failures in a row close the gate once",
        BREAKER,
        '        self._row.end()\n        return CloseGate(now + self._pause, "breaker")\n',
        '        return CloseGate(now + self._pause, "breaker")\n',
        tests_in("worker/test_breaker.py", "test_a_row_that_opened_it_does_not_open_it_again"),
    ),
    Ablation(
        "a failed probe keeps the gate closed",
        BREAKER,
        'if claim.probes == "breaker":',
        "if False:",
        tests_in(
            "worker/test_breaker.py",
            "test_a_probe_that_fails_keeps_it_open_and_one_that_is_answered_does_not_count",
        ),
    ),
    Ablation(
        "expired leases are taken back by every worker",
        DISPATCH,
        "ended = self._leases.ended(self._ledger.leases(), self._watch.clock())",
        "ended = []",
        tests_in("worker/test_delivery_statements.py", "test_dispatch_takes_expired_leases_back"),
    ),
    Ablation(
        "waiting comments are paired by dispatch",
        DISPATCH,
        "self._ledger.pair_waiting(self._watch)",
        "pass",
        tests_in(
            "worker/test_waiting.py",
            "test_a_comment_whose_case_is_known_is_not_dropped_however_long_nobody_looked",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "dispatch delivers while the broker is away",
        DISPATCH,
        "if broker_away or self._rounds[kind] > self._patience:",
        "if False:",
        tests_in(
            "worker/test_deliverer.py",
            "test_dispatch_delivers_itself_when_the_broker_is_away_or_nobody_hears_the_wake_ups",
        ),
    ),
)  # fmt: skip
