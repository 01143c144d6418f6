"""Records: messages, names, waiting comments, mailboxes and intake."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

WRITE = "worker/ledger/recording/write.py"
LOAD = "worker/ledger/recording/load.py"
RECORDING = "worker/ledger/verbs/recording.py"
WAITING = "worker/ledger/recording/waiting.py"
RECORDER = "worker/ledger/recording/recorder.py"
MAILBOXES = "worker/ledger/sources/mailboxes.py"
INTAKE = "worker/intake/intake.py"
SENDERS = "worker/planning/senders.py"

ABLATIONS = (
    Ablation(
        "what a restored ledger plans may supersede a doubt",
        WRITE,
        "    _skip_superseded(connection, batch, rules)\n",
        "    pass\n",
        tests_in("worker/test_restored.py", "test_a_reopening_takes_the_place_of_a_close_in_doubt"),
    ),
    Ablation(
        "a message that is known in another case is found there",
        LOAD,
        "if elsewhere := {each.case_id for each in known.seen.values()} - known.cases.keys():",
        "if elsewhere := set():",
        tests_in("worker/test_recording.py", "test_a_message_stays_in_the_case_where_it_was_first_seen"),
    ),
    Ablation(
        "a name that another process gave away begins again",
        LOAD,
        "if aliases.register(db, connection, wanted) != wanted:",
        "if aliases.register(db, connection, wanted) is None:",
        tests_in(
            "worker/test_aliases_at_once.py",
            "test_a_reply_whose_root_another_process_has_just_recorded_is_a_note_there",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "a message that another process recorded is read again",
        RECORDING,
        "                if collided:\n",
        "                if True:\n",
        tests_in(
            "worker/test_recording_at_once.py",
            "test_a_message_that_another_process_has_just_recorded_in_another_case_is_a_repeat_there",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "messages are remembered",
        WRITE,
        "bulk.insert(connection, seen, _seen_rows(batch))",
        "pass",
        tests_in(
            "worker/test_recording.py",
            "test_one_delivery_leaves_itself_a_case_an_operation_and_the_memory_of_it",
        ),
    ),
    Ablation(
        "a waiting comment is taken once",
        WRITE,
        "waiting.end(connection, batch.taken)",
        "pass",
        tests_in(
            "worker/test_waiting.py",
            "test_the_opening_takes_along_what_waits_for_it_in_the_order_in_which_it_was_said",
        ),
    ),
    Ablation(
        "a comment whose case is known is not dropped",
        WAITING,
        " & ~_is_case_known()",
        "",
        tests_in(
            "worker/test_waiting.py",
            "test_a_comment_whose_case_is_known_is_not_dropped_however_long_nobody_looked",
        ),
        on_postgresql=True,
    ),
    Ablation(
        "credentials are not stored",
        RECORDER,
        "if name not in CREDENTIALS]",
        "]",
        tests_in("worker/test_recording.py", "test_credentials_are_not_stored"),
    ),
    Ablation(
        "unreadable bytes are stored once",
        RECORDER,
        "if (known := _count_in_quarantine(connection, source, body, len(positions))) is not None:",
        "if (known := None) is not None:",
        tests_in("worker/test_recording.py", "test_the_same_unreadable_bytes_are_counted_not_kept_again"),
    ),
    Ablation(
        "a mail is accounted for with its record",
        RECORDER,
        "    _note_places(db, connection, deliveries, recorded)\n",
        "    pass\n",
        tests_in("worker/test_mailboxes.py", "test_a_mail_is_accounted_for_as_it_is_recorded"),
    ),
    Ablation(
        "a create holds its marker",
        WRITE,
        "if not isinstance(request, CreateTicket):",
        "if True:",
        tests_in("worker/test_lookup.py", "test_a_create_of_yesterday_is_adopted_or_made_once"),
    ),
    Ablation(
        "a restored ledger plans in doubt",
        WRITE,
        '"unproven": operation.in_doubt,',
        '"unproven": False,',
        tests_in("engine/test_engine.py", "test_what_broke_a_promise_once_does_so_no_more"),
    ),
    Ablation(
        "what waits for a dead create is planned as held",
        WRITE,
        "OperationState.HELD if operation.held else OperationState.OPEN",
        "OperationState.OPEN",
        tests_in("worker/test_delivery_statements.py", "test_what_comes_after_a_dead_create_is_not_due"),
    ),
    Ablation(
        "one process reads a mailbox",
        MAILBOXES,
        ".where(_is(mailboxes, mailbox), is_free)",
        ".where(_is(mailboxes, mailbox))",
        tests_in("worker/test_mailboxes.py", "test_one_process_at_a_time_has_a_mailbox"),
    ),
    Ablation(
        "the cursor of a folder never goes back",
        MAILBOXES,
        "update(folders).where(*its, folders.c.last_uid < last_uid)",
        "update(folders).where(*its)",
        tests_in("worker/test_mailboxes.py", "test_a_cursor_goes_on_and_never_back"),
    ),
    Ablation(
        "a sender is answered after the record is durable",
        INTAKE,
        "recorded, due = self._ledger.record([each.delivery for each in waiting], left)",
        (
            "from worker.ledger.recording import recorder\n"
            "            with self._ledger.database.write(left) as within:\n"
            "                rules = self._ledger.rules.read(self._ledger.database, within)\n"
            "                recorded, due = recorder.record(\n"
            "                    self._ledger.database, within, [each.delivery for each in waiting], rules\n"
            "                )\n"
            "                for one, its in zip(waiting, recorded, strict=True):\n"
            "                    one.recorded.set_result(its)\n"
            "                waiting, recorded = [], []"
        ),
        tests_in("worker/test_intake.py", "test_a_record_that_cannot_be_committed_is_not_answered_as_one"),
    ),
    Ablation(
        "a sender does not wait for a locked ledger for long",
        INTAKE,
        "left = patience_left(self._patience, waited)",
        "left = 30.0",
        tests_in(
            "worker/test_locked_sqlite.py",
            "test_over_http_the_sender_is_told_when_to_come_again_and_the_probe_says_why",
        ),
    ),
    Ablation(
        "a sender who has waited in the queue waits less for a locked ledger",
        INTAKE,
        "max(patience - waited, patience / 10)",
        "patience",
        tests_in("worker/test_locked_sqlite.py", "test_who_has_waited_waits_less"),
    ),
    Ablation(
        "a ledger that is only busy is waited for in any case",
        INTAKE,
        "max(patience - waited, patience / 10)",
        "max(patience - waited, 0.0)",
        tests_in("worker/test_locked_sqlite.py", "test_who_has_waited_waits_less"),
    ),
    Ablation(
        "a stranger takes no message of another one",
        SENDERS,
        " and not is_renamed",
        "",
        tests_in("worker/planning/test_rules.py", "test_a_rehearsal_plans_by_the_rule"),
    ),
    Ablation(
        "the mark of an unverified author is in the private note of a private ticket",
        SENDERS,
        'for kind in ("add_note", "create_ticket"):',
        'for kind in ("create_ticket", "add_note"):',
        tests_in("worker/test_senders.py", "test_the_mark_of_a_private_ticket_is_in_its_private_note"),
    ),
    Ablation(
        "a full queue refuses",
        INTAKE,
        "queue.Queue(max_waiting)",
        "queue.Queue()",
        tests_in("worker/test_intake.py", "test_more_than_may_wait_is_refused_and_nothing_of_it_is_stored"),
    ),
    Ablation(
        "one bad delivery does not affect its neighbours",
        INTAKE,
        "                    self._record([each])\n",
        "                    each.recorded.set_exception(error)\n",
        tests_in("worker/test_intake.py", "test_a_delivery_that_the_database_refuses_does_not_take_its_neighbours"),
    ),
    Ablation(
        "what cannot be planned is quarantined",
        INTAKE,
        "self._record_unplannable(waiting[0], error)",
        "waiting[0].recorded.set_exception(error)",
        tests_in("worker/test_intake.py", "test_a_delivery_that_the_database_refuses_does_not_take_its_neighbours"),
    ),
)  # fmt: skip
