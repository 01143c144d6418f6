"""Every log event of the worker: its name, level, cause, fields, and what a person should do.

`docs/reference/log-events.md` is made from the declarations here. `tests/reference/test_log_events.py` compares them
with the log calls in the code, both ways.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from worker.wording import Needs

Level = Literal["debug", "info", "warning", "error"]


class LogEvent(NamedTuple):
    """A log event. `when` and `action` are texts for operators; an empty `action` means that nobody has to act."""

    name: str
    level: Level
    when: str
    fields: tuple[str, ...] = ()
    action: str = ""

    @property
    def needs(self) -> Needs:
        """The word for what the event asks of a person, as for alarms."""
        if not self.action or self.action.startswith("Nothing"):
            return "nothing to do"
        return "act" if self.name in _STAYS else "look"


_STAYS = frozenset({
    "config.needs_restart", "config.weak_secret", "config.reload_failed", "imap.action_refused", "backfill.cannot_ask",
    "operation.dead",
})  # fmt: skip
"""The events whose cause stays until somebody acts."""
_RETRIED = "Nothing. If the event repeats, check the database."
_DEFECT = "Report the defect with its `exception`."
_SETTLED = (
    "inbound", "operation", "case", "ticket", "kind", "attempt", "outcome", "state", "status", "latency_ms", "error",
    "request_id", "source",
)  # fmt: skip
_SEE_ALARM = "See [the alarm](alarms.md)."

LOG_EVENTS = {
    each.name: each
    for each in (
        # Processes
        LogEvent("process.started", "info",
                 "A process is up. `settings_digest` is the digest of the settings that planning reads, which `status"
                 " -o json` shows for each process, too. `all_settings_digest` is that of all its settings without"
                 " secrets. Processes with the same digest have the same settings. `listens` has its addresses.",
                 ("role", "version", "settings_digest", "all_settings_digest", "listens")),
        LogEvent("process.stopped", "info", "A process ended in order; `reason` is the signal.",
                 ("role", "version", "reason")),
        LogEvent("ledger.waited_for", "warning",
                 "A process starts, and its database does not answer. The process waits. Logged every 30 s.",
                 ("error",), "Check the database. The process goes on by itself when it is back."),
        LogEvent("ledger.back", "warning",
                 "The database answers again, after `away_s` seconds; once for each outage that this process saw.",
                 ("away_s",)),
        # The clock of the ledger
        LogEvent("clock.jumped", "error",
                 "The clock of the ledger was set, forward or back. The process that noticed it first closed the gate.",
                 ("seconds",), "See [the alarm](alarms.md) `clock_jumped`."),
        LogEvent("clock.mended", "info",
                 "After the clock was set back, the times of cases that waited for too long were mended.", ("cases",)),
        LogEvent("titles.filled", "info",
                 "The subjects and senders of the rows that an earlier version stored are filled; the job `titles` is"
                 " over. `rows` is their number.", ("rows",)),
        # Messages that come in
        LogEvent("inbound.recorded", "info", "A delivery was stored. `outcome` is `accepted` or `quarantined`.",
                 ("inbound", "source", "outcome", "events", "operations")),
        LogEvent("inbound.denied", "warning",
                 "A request was refused. Its sender is not proven (`cause` is `unknown_source`, `wrong_secret` or"
                 " `bad_time`), or nobody takes it: `wrong_method`, `unknown_address`. At most 60 lines a minute are"
                 " logged for a source, and for all unknown sources and addresses together; `left_out` counts the"
                 " requests without a line in the minute before.",
                 ("source", "cause", "reason", "left_out"),
                 "If the sender is yours, act on the `reason`. Otherwise nothing: strangers try every address."),
        LogEvent("intake.ledger_away", "warning",
                 "The database did not store deliveries. Their senders were told to send them again (503, or 451).",
                 ("error", "deliveries"), "Check the database."),
        LogEvent("intake.unplannable", "error",
                 "A delivery could not be planned, because of a defect of Ticketrelay. The delivery goes into"
                 " quarantine, or its sender is told to send it again.",
                 ("source", "exception"), _DEFECT),
        LogEvent("connector.failed", "error", "A connector failed on a message, because of a defect of the connector.",
                 ("source", "kind", "exception"),
                 _DEFECT + " A delivery in quarantine can be read again with `dead retry` after the fix."),
        LogEvent("keys.refused", "warning",
                 "A message named a URL of a certificate, and the URL is not one of the platform's. It was not called.",
                 ("source", "reason"), "Nothing. The message is probably forged, and was denied."),
        LogEvent("keys.unreachable", "warning",
                 "The platform's certificate could not be fetched, or too many were being fetched. The senders of"
                 " `requests` messages were answered 503. Logged once a minute for each source.",
                 ("source", "reason", "requests"),
                 "Check that `serve` can reach the host by HTTPS. If too many are fetched, somebody sends forged"
                 " messages: limit their senders at the proxy."),
        LogEvent("keys.not_renewed", "warning",
                 "A message names a key that the fetched key set does not have, and the key set could not be fetched"
                 " again. The process goes on with the one that it has.",
                 ("source", "reason"), "Nothing. If the event repeats, check that `serve` can reach the host."),
        LogEvent("subscription.confirmed", "info", "A subscription of Amazon SNS was confirmed.", ("source",)),
        LogEvent("subscription.not_confirmed", "warning",
                 "A subscription of Amazon SNS could not be confirmed. Amazon was answered 503, and asks again.",
                 ("source", "reason"), "Check that `serve` can reach Amazon by HTTPS."),
        LogEvent("prompt.made", "info", "A person in chat was asked for details of a ticket, for"
                 " example with Slack's form.", ("source",)),
        LogEvent("prompt.failed", "warning",
                 "A person in chat could not be asked for details of a ticket. Ticketrelay does not ask again; the"
                 " person can repeat the command.",
                 ("source", "error"), "If the event repeats, check the token of the source and its scopes."),
        LogEvent("names.ledger_away", "warning",
                 "The database did not answer, so a message is shown with ids instead of names.",
                 ("source", "error"), "Check the database."),
        LogEvent("smtp.ended", "info",
                 "A connection for mail was ended with 421, because its peer did not come to an end. `reason` says"
                 " how: too slow, silent, too many commands, or a mail without an end.",
                 ("peer", "reason")),
        LogEvent("http.full", "warning",
                 "All `connections` of an HTTP listener are in use. `turned_away` more were opened since the last"
                 " line. On these, probes are answered, and other requests get 503. Logged once a minute.",
                 ("connections", "turned_away"),
                 "Find out who holds the connections. Limit clients at the proxy, or raise `SERVER__CONNECTIONS` and"
                 " the limit of open files."),
        LogEvent("http.accept_failed", "error",
                 "The operating system refused `failures` connections since the last line, for example because the"
                 " process has too many open files. Logged once a minute.",
                 ("error", "failures"),
                 "Raise the limit of open files (`LimitNOFILE` of the unit), or lower `SERVER__CONNECTIONS`."),
        LogEvent("smtp.failed", "error",
                 "A mail could not be taken, because of a defect of Ticketrelay. The mail server was told to send it"
                 " again.",
                 ("exception",), _DEFECT),
        LogEvent("pipe.failed", "error",
                 "`ticketrelay pipe` could not take a mail. The mail server keeps it (exit code 75).",
                 ("exception",), "Check the database; otherwise report the defect."),
        LogEvent("socket_mode.connected", "info", "A connection of Slack's Socket Mode is open.", ("source",)),
        LogEvent("socket_mode.leaves", "info", "Slack is about to end a connection. Another one is opened.",
                 ("source", "reason")),
        LogEvent("socket_mode.not_connected", "warning",
                 "No connection to Slack can be opened. Logged once for each reason; the pause between two tries"
                 " grows to a minute.",
                 ("source", "reason"), "Act on the `reason`: often `app_token` is wrong, or Slack cannot be reached."),
        LogEvent("socket_mode.not_taken", "warning", "A delivery was not taken in. Slack sends it again.",
                 ("source", "reason"), "Act on the `reason`: often the database does not answer."),
        LogEvent("socket_mode.failed", "error",
                 "A connection could not be opened, because of a defect of Ticketrelay. The process tries again.",
                 ("source", "exception"), _DEFECT),
        LogEvent("imap.folder_begun", "info",
                 "A folder is read for the first time, or its UIDs began anew (`anew`).",
                 ("mailbox", "folder", "anew"), "If `anew` is true, run `ticketrelay mail audit`."),
        LogEvent("imap.poll_failed", "warning", "A mailbox was not read to its end. The next poll tries again.",
                 ("mailbox", "error"),
                 "Nothing. If the event repeats, act on the `error`, and see the alarms about mailboxes."),
        LogEvent("imap.not_taken", "warning",
                 "The mails of a mailbox were not taken in; `error` says why. The next poll tries again.",
                 ("mailbox", "error"), "Act on the `error`: often the database does not answer."),
        LogEvent("imap.mail_refused", "warning",
                 "The mail server did not deliver a mail of a mailbox. The next polls try again. After repeated"
                 " failures, the mail goes into quarantine.",
                 ("folder", "uid", "error"), "Open the mail in a mail program: it may be damaged on the server."),
        LogEvent("imap.action_refused", "warning",
                 "The mail server refused to flag or move a mail that is in the ledger. The next poll tries again.",
                 ("mailbox", "folder", "error"), "Give the account the right to do so, or change `then`."),
        LogEvent("imap.ledger_away", "warning", "The database did not store the state of a mailbox.",
                 ("error",), _RETRIED),
        LogEvent("imap.lease_left", "info",
                 "A process ended while the database was away, so the lease on its mailbox ends by itself.",
                 ("mailbox",)),
        LogEvent("imap.another_owner", "debug", "Another process reads the mailbox.", ("mailbox",)),
        LogEvent("imap.failed", "error",
                 "A mailbox was not read to its end, because of a defect of Ticketrelay. The next poll tries again.",
                 ("mailbox", "exception"), _DEFECT),
        # Calls to the Tickets API
        LogEvent("operation.settled", "info",
                 "An attempt was recorded. `outcome` is the outcome of the attempt, `state` the new state of the"
                 " operation. `attempt` counts from 1, and anew after a retry by hand; `status` is that of an error,"
                 " and empty after a success. `error` holds the reason that the Tickets API gave, `request_id` its id"
                 " of the request.",
                 _SETTLED),
        LogEvent("operation.dead", "warning",
                 "An attempt was recorded, and the operation is dead: a dead letter. The fields are those of"
                 " `operation.settled`.",
                 _SETTLED, "Decide about it: `ticketrelay dead show OPERATION`."),
        LogEvent("operation.settle_refused", "info",
                 "An attempt was not recorded, because its lease had ended. The operation is sent again with the same"
                 " idempotency key.",
                 _SETTLED,
                 "If the event repeats, the worker or the database is too slow for `LEASE`."),
        LogEvent("claim.failed", "warning",
                 "A worker could not claim work: the database did not answer. The worker tries again.",
                 ("error",), _RETRIED),
        LogEvent("settle.failed", "warning",
                 "The database did not record attempts. The worker tries again until their leases end. After that,"
                 " the operations are sent again with the same idempotency keys.",
                 ("error", "operations"), _RETRIED),
        LogEvent("settle.impossible", "error",
                 "An attempt could not be recorded, because of a defect of Ticketrelay. The operation is sent again"
                 " after its lease ends.",
                 ("operation", "exception"), _DEFECT),
        LogEvent("send.failed", "error",
                 "A call failed, because of a defect of Ticketrelay. The operation is sent again after its lease ends.",
                 ("exception",), _DEFECT),
        LogEvent("leases.taken_back", "warning",
                 "A worker did not record the outcome of its calls within `LEASE` (1 minute). Other workers take over.",
                 ("number",), "Find out whether a worker died or hung: see the restarts and logs of the workers."),
        LogEvent("dispatch.failed", "warning", "Dispatch (the part of a worker that looks for due work) got no answer"
                 " from the database. It tries again.",
                 ("error",), _RETRIED),
        # The broker
        LogEvent("broker.back", "warning",
                 "The broker answers again, after `away_s` seconds. Logged once for each outage of each `connection` of"
                 " this process: `publisher` sends wake-ups, and `consumer` (in workers) receives them.",
                 ("connection", "away_s")),
        LogEvent("broker.away", "warning",
                 "The broker did not take a wake-up from the dispatch of a worker. The worker delivers without the"
                 " broker.",
                 ("error",), "Check the broker. Until it is back, calls are made a few seconds later at most."),
        LogEvent("ring.failed", "warning",
                 "The broker did not take a wake-up for new work. Dispatch of a worker finds the work within a second.",
                 ("error",), "Check the broker."),
        LogEvent("broker.not_reached", "warning",
                 "A worker cannot connect to its broker. It tries again after `again_in_s` seconds.",
                 ("error", "again_in_s"), "Check the broker, its address, and its certificate."),
        LogEvent("consumer.begins_anew", "error",
                 "The part of a worker that receives wake-ups ended, for example at a message of another kind. The"
                 " worker starts it again after a second.",
                 (), "If the event repeats, check that nothing else uses `BROKER__QUEUE`."),
        # Processes
        LogEvent("heartbeat.failed", "warning",
                 "A process could not write into the ledger that it lives, or that it ends. It goes on. Without a"
                 " heartbeat for 45 s it is taken for dead.",
                 ("error",), _RETRIED),
        # Jobs and receipts
        LogEvent("job.told", "info", "A job recorded what it found, as a delivery of its own.",
                 ("inbound", "source", "operations")),
        LogEvent("job.failed", "warning",
                 "A job failed; `reason` says why. The job concluded nothing, and runs again after a pause.",
                 ("job", "reason", "failures"), "Act on the `reason`. Three failures in a row raise `job_failing`."),
        LogEvent("jobs.ledger_away", "warning", "The database did not answer the jobs. The jobs run again.",
                 ("error",), _RETRIED),
        LogEvent("confirm.full", "warning",
                 "The product of `api_url` did not list so many of the open alerts that the job cannot remember all"
                 " of them. It looks at the others later.",
                 ("source", "remembered"), "Check that `api_url` names the product that sends these alerts."),
        LogEvent("backfill.found", "info",
                 "Messages were taken in that the platform had not delivered, or that were written before a ticket"
                 " was opened in their thread.",
                 ("job", "messages")),
        LogEvent("backfill.waits", "info", "The platform's rate limit is reached. Nothing is asked for `seconds`.",
                 ("job", "reason", "seconds")),
        LogEvent("backfill.cannot_ask", "warning",
                 "Some missed messages could not be fetched from the platform; `reason` says which, and why. Logged"
                 " once.",
                 ("job", "reason"), "Give the app the missing scope, or invite it into the channel."),
        LogEvent("receipt.not_told", "warning",
                 "A receipt could not be posted; `reason` says why. No ticket depends on it.",
                 ("source", "case", "reason"), "If the event repeats, check the token of the source and its scopes."),
        LogEvent("receipt.not_edited", "warning",
                 "A receipt that was posted could not be edited; `reason` says why. No ticket depends on it.",
                 ("source", "case", "reason"), "If the event repeats, check the token of the source and its scopes."),
        LogEvent("ledger.pruned", "info",
                 "Old data was deleted, as `LEDGER__KEEP_BODIES` and `LEDGER__KEEP_ATTEMPTS` say.",
                 ("bodies", "body_bytes", "attempts")),
        LogEvent("ledger.not_pruned", "warning",
                 "The clock of the ledger was set within the last day, so ages may be wrong. Nothing old is deleted"
                 " until a day later.",
                 (), "Check the clock of the ledger. To delete at once: `ticketrelay db prune`."),
        # Settings and alarms
        LogEvent("config.reloaded", "info", "New settings are in force; `changed` lists the changes.", ("changed",)),
        LogEvent("config.needs_restart", "warning",
                 "Settings have changed that only a restart puts in force.",
                 ("settings",), "Restart the process."),
        LogEvent("config.weak_secret", "warning",
                 "The settings were read again, and a secret in them is too weak. It will be refused.",
                 ("setting", "problem"), "Rotate the secret: see [rotate secrets](../how-to/rotate-secrets.md)."),
        LogEvent("config.reload_failed", "error",
                 "The new settings are wrong, and the present ones stay in force.",
                 ("problems",), "Correct the problems, and reload again."),
        LogEvent("config.reader_failed", "error",
                 "The settings could not be read, because of a defect of Ticketrelay. The present ones stay in force.",
                 ("exception",), _DEFECT),
        LogEvent("alarm.raised", "error", "An alarm came up.", ("alarm", "text"), _SEE_ALARM),
        LogEvent("alarm.ended", "warning", "An alarm is over.", ("alarm",)),
        LogEvent("alarms.ledger_away", "warning",
                 "The database did not answer, so the alarms were not looked at. The process looks again.",
                 ("error",), _RETRIED),
    )
}  # fmt: skip
"""Every log event by its name."""
