"""Records: messages, names, waiting comments, mailboxes and intake."""

from __future__ import annotations

from tests.ablations.ablation import Ablation, tests_in

WRITE = "worker/ledger/recording/write.py"
LOAD = "worker/ledger/recording/load.py"
RECORDING = "worker/ledger/verbs/recording.py"
WAITING = "worker/ledger/recording/waiting.py"
RECORDER = "worker/ledger/recording/recorder.py"

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
            "test_a_mail_and_its_reply_in_two_processes_are_one_ticket_and_a_note",
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
)  # fmt: skip
