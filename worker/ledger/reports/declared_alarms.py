"""Every alarm: its name, its meaning, and what a person should do.

`docs/reference/alarms.md` and the lines of `ticketrelay status` are made from the declarations here.
"""

from __future__ import annotations

from typing import NamedTuple

from worker.wording import Needs

BROKER_AWAY = "broker_away"
DISK_FULL = "disk_full"
LEDGER_AWAY = "ledger_away"
LEDGER_NOT_WRITABLE = "ledger_not_writable"
PROCESS_MISSING = "process_missing"
PAGE = "docs/reference/alarms.md"


class DeclaredAlarm(NamedTuple):
    """An alarm. `meaning` (the symptom), `check` and `action` (the mend) are texts for operators."""

    name: str
    needs: Needs
    meaning: str
    action: str
    in_metrics: bool = True
    """False: only `ticketrelay status` raises the alarm."""
    is_urgent: bool = False
    """True: also at night. False: the alarm can wait until the day."""
    check: str = ""
    """Where to look, to find the cause."""

    @property
    def page(self) -> str:
        """The section of the documentation about the alarm."""
        return f"{PAGE}#{self.name}"


ALARMS = {
    each.name: each
    for each in (
        DeclaredAlarm(DISK_FULL, "act",
                      "The disk of the ledger is full, or nearly so. While it is full, no message is taken in, and no"
                      " target of `alarms.notify` is told: only the ping stops.",
                      "Free some disk space. Everything goes on by itself within seconds.",
                      is_urgent=True,
                      check="The free space of the ledger's disk: `df -h`, on PostgreSQL's machine or, for "
                            "SQLite, on this one. `ticketrelay db stats` shows which table grows."),
        DeclaredAlarm("dead_letters", "act",
                      "Operations are dead: the Tickets API rejected them, or their outcome cannot be found out.",
                      "Decide about each: `ticketrelay dead list`, `dead show ID`, then `dead retry`, `dead edit`,"
                      " `dead bind` or `dead skip`. The page `docs/how-to/handle-dead-letters.md` says which.",
                      check="`ticketrelay dead list` shows each, with the reason."),
        DeclaredAlarm("quarantine", "act", "Messages from verified senders could not be read, in whole or in part."
                      " Their bytes are kept.",
                      "Decide about each: `ticketrelay dead list`, `dead show ID`, then `dead retry` or `dead skip`."
                      " Often the sender has a new format, or the connector has a defect: after the fix, `dead"
                      " retry` reads the delivery again.",
                      check="`ticketrelay dead list`; `dead show ID` prints why the message could not be "
                            "read."),
        DeclaredAlarm("gate_closed", "act",
                      "The Tickets API refuses the API key (401), the key lacks a scope (403), or another system"
                      " answers at the API's address. Only one call is made every `PROBE_INTERVAL` (30 s), to try"
                      " again.",
                      "Try the key with `ticketrelay check --connect`. If a scope is missing, add it. If you replace"
                      " the key or the address, restart the workers. Sending continues by itself after a call that"
                      " succeeds.",
                      is_urgent=True,
                      check="`ticketrelay status` tells a refused key from a missing scope; `ticketrelay "
                            "check --connect` tries the key that the settings have."),
        DeclaredAlarm("breaker_open", "look",
                      "At least half of the calls to the Tickets API fail (`BREAKER_RATE`), or five calls failed in a"
                      " row (`BREAKER_IN_A_ROW`). Only one call is made every `PROBE_INTERVAL` (30 s).",
                      "Check whether the Tickets API is up. Sending continues by itself after a call that succeeds.",
                      is_urgent=True,
                      check="`ticketrelay tail --no-follow` shows how the last calls failed; `ticketrelay "
                            "check --connect` makes one from this machine."),
        DeclaredAlarm("clock_jumped", "nothing to do",
                      "The clock of the ledger was set by more than a second: the clock of PostgreSQL's machine, or of"
                      " this machine for SQLite. Nothing is sent for about a minute, so that no wait ends too early."
                      " Messages are taken in as usual.",
                      "Nothing, after a single step: sending continues by itself. If the alarm returns, two programs"
                      " set the clock, or a virtual machine is paused again and again: let NTP slew the clock.",
                      check="`ticketrelay status` says by how much, and when. The log of that machine's NTP "
                            "client (`journalctl -u chrony -u systemd-timesyncd`) says who set it."),
        DeclaredAlarm("delivery_failing", "act",
                      "No ticket gets through: for `FAILING_ALARM` (2 minutes) work could be sent, at least three calls"
                      " failed, and the Tickets API answered none. An answer with 4xx would count; a look-up does not.",
                      "Find the last error: `ticketrelay tail --no-follow`. Check whether the Tickets API is up, and"
                      " whether this machine reaches it: `ticketrelay check --connect`. No message is lost, and sending"
                      " continues by itself; tell people that tickets come late. The alarm ends with the first answered"
                      " call, or when nothing is left that could be sent.",
                      is_urgent=True,
                      check="`ticketrelay tail --no-follow` shows the last error; `ticketrelay check "
                            "--connect` makes a call from this machine."),
        DeclaredAlarm("look_up_refused", "act",
                      "The API key lacks the scope `tickets:read`. So a worker cannot find out whether a call of"
                      " unknown outcome took effect.",
                      "Give the API key the scope `tickets:read`.",
                      check="The scopes of the key, where it was made. `ticketrelay check --connect` names "
                            "the missing one."),
        DeclaredAlarm("overdue", "look",
                      "An operation has had no success for more than 24 hours since it was first sent.",
                      "Act on the other alarms of `ticketrelay status` first. If there is none, find the case with"
                      " `ticketrelay cases list --state ready`; `ticketrelay events show ID` prints the last error.",
                      check="`ticketrelay cases list --state ready` has the case; `ticketrelay events show "
                            "ID` prints its attempts."),
        DeclaredAlarm("stalled", "act",
                      "Calls are due, nothing forbids them, and none was made for `STALL_ALARM` (1 minute).",
                      "If no `worker` runs, start one. If its log has `claim.failed` or `dispatch.failed`, it does"
                      " not reach the database: check the database. In any other case, restart the worker.",
                      is_urgent=True,
                      check="Look whether a `worker` runs, and at its log: `claim.failed`, `dispatch.failed` "
                            "say that the database does not answer. `ticketrelay budget` has the line `slow "
                            "ledger` if commits are too slow."),
        DeclaredAlarm("job_failing", "look", "A job, such as asking a product which alerts still fire, has failed three"
                      " times in a row. No ticket was changed because of that.",
                      "Act on the reason in the alarm: often a product does not answer, or refuses the token."
                      " `ticketrelay sources test SOURCE` tries it. For a job `notify:TARGET`, it is"
                      " `ticketrelay alarms test TARGET`. For the job `ping`, the service of `alarms.ping_url` does not"
                      " answer, and will say that Ticketrelay is dead: `ticketrelay alarms test ping`.",
                      check="The text of the alarm: it names the job, the source and the error. `ticketrelay "
                            "sources test SOURCE` asks the product again."),
        DeclaredAlarm("mailbox_silent", "act",
                      "A mailbox has not been read completely for `silent_alarm` (by default three polls, at least"
                      " ten minutes).",
                      "Act on the reason in the alarm. If there is no reason, no process reads the mailbox: start"
                      " `ticketrelay mail`.",
                      is_urgent=True,
                      check="The text of the alarm in `ticketrelay status`; the log of `mail`: "
                            "`imap.poll_failed`."),
        DeclaredAlarm("mailbox_login", "act",
                      "A mailbox refuses the login, its access token cannot be refreshed, or its refresh token ends"
                      " within 7 days.",
                      "Correct the password. With OAuth, give consent again, and put the new refresh token into the"
                      " file of `token_store`.",
                      is_urgent=True,
                      check="The text of the alarm in `ticketrelay status`: it has the answer of the mail "
                            "server."),
        DeclaredAlarm("mailbox_unaccounted", "look",
                      "Mails are on the server but not in the ledger, although Ticketrelay tried to read them.",
                      "`ticketrelay mail audit` lists their UIDs, and `imap.mail_refused` in the log says why. Every"
                      " poll tries them again.",
                      check="`ticketrelay mail audit` lists the mails; `imap.mail_refused` in the log says "
                            "why each fails."),
        DeclaredAlarm(BROKER_AWAY, "look",
                      "A process has not reached its broker for a minute. No ticket is lost: workers look for work"
                      " every second by themselves, so calls are made a few seconds later at most.",
                      "Check the broker, its address and its certificate: `ticketrelay check --connect`. The processes"
                      " use it again by themselves.",
                      check="`ticketrelay status` shows which processes do not reach the broker, and the "
                            "error of each. `ticketrelay check --connect` tries the broker from this machine."),
        DeclaredAlarm(PROCESS_MISSING, "act",
                      "A role that ran before has had no process for a minute. Without a `worker`, nothing is sent to"
                      " the Tickets API. Without the `serve` or `mail` that died, senders are not answered.",
                      "Start the process, and read in the log of its machine why it ended. A `serve` or `mail` that is"
                      " not wanted any more: start it once, and stop it with SIGTERM. A worker of a version that writes"
                      " no heartbeat counts from its first call, or its first job.",
                      is_urgent=True,
                      check="`ticketrelay status` lists the processes with their machines and last "
                            "heartbeats. The log of the missing one ends with the reason, or `systemctl "
                            "status` and `docker compose ps` have it."),
        DeclaredAlarm(LEDGER_NOT_WRITABLE, "act",
                      "The ledger can be read, and takes no writes: another process holds the lock of SQLite, or"
                      " PostgreSQL is a standby or set to read only. No message is taken in, and no target of"
                      " `alarms.notify` is told: only the ping stops.",
                      "With SQLite, find the process that holds the lock (`fuser FILE`), and end it. With PostgreSQL,"
                      " use the address of the primary. Everything goes on by itself.",
                      in_metrics=False, is_urgent=True,
                      check="`ticketrelay status` prints why the ledger takes no writes, and `/readyz` of "
                            "each process is 503. `ticketrelay_ledger_writable` is 0."),
        DeclaredAlarm(LEDGER_AWAY, "act", "`ticketrelay status` cannot read the ledger. No target of `alarms.notify` is"
                      " told: only the ping stops.",
                      "Check that the command has the settings of your deployment (`LEDGER__URL`), then check the"
                      " database.",
                      in_metrics=False, is_urgent=True,
                      check="Ask whether the database answers: `ticketrelay status` prints its error, and "
                            "`/readyz` of each process is 503. The log has `ledger.waited_for`, or "
                            "`intake.ledger_away`, with the first line of the error."),
    )
}  # fmt: skip
"""Every alarm by its name."""
