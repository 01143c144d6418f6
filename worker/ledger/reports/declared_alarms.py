"""Every alarm: its name, its meaning, and what a person should do.

`docs/reference/alarms.md` and the lines of `ticketrelay status` are made from the declarations here.
"""

from __future__ import annotations

from typing import NamedTuple

DISK_FULL = "disk_full"
LEDGER_AWAY = "ledger_away"


class DeclaredAlarm(NamedTuple):
    """An alarm. `meaning` and `action` are texts for operators."""

    name: str
    meaning: str
    action: str
    in_metrics: bool = True
    """False: only `ticketrelay status` raises the alarm."""


ALARMS = {
    each.name: each
    for each in (
        DeclaredAlarm(DISK_FULL,
                      "The disk of the ledger is full, or nearly so. While it is full, no message is taken in.",
                      "Free some disk space. Everything goes on by itself within seconds."),
        DeclaredAlarm("dead_letters",
                      "Operations are dead: the Tickets API rejected them, or their outcome cannot be found out.",
                      "Decide about each with `ticketrelay dead list` and `dead show`, then `dead retry`, `dead edit`,"
                      " `dead bind` or `dead skip`."),
        DeclaredAlarm("quarantine", "Authentic deliveries could not be read, in whole or in part.",
                      "Decide about each with `ticketrelay dead list` and `dead show`. Often the sender has a new"
                      " format, or the connector has a defect: after the fix, `dead retry` reads the delivery again."),
        DeclaredAlarm("gate_closed",
                      "The Tickets API refuses the key (401), or the key lacks a scope (403). Only a probe is sent,"
                      " every `PROBE_INTERVAL`.",
                      "Correct the key or its scopes. If the key changed, restart the workers. Sending goes on by"
                      " itself after the first call that succeeds."),
        DeclaredAlarm("breaker_open",
                      "Too many calls to the Tickets API fail (`BREAKER_RATE`). One call at a time is tried, every"
                      " `PROBE_INTERVAL`.",
                      "Check the Tickets API. Sending goes on by itself when its calls succeed."),
        DeclaredAlarm("look_up_refused",
                      "The key may not read tickets. So the worker cannot find out whether a call of unknown outcome"
                      " took effect.",
                      "Give the key the scope `tickets:read`."),
        DeclaredAlarm("overdue",
                      "An operation has had no success for more than 24 hours since it was first sent.",
                      "See `ticketrelay status` and the other alarms, then `ticketrelay cases list` and `events show`"
                      " for the operation."),
        DeclaredAlarm("stalled",
                      "Operations are due, the gate is open, and no call was made for `STALL_ALARM`.",
                      "Check that a `worker` runs, and that it reaches the database: `claim.failed` and"
                      " `dispatch.failed` in its log say that it does not. Otherwise restart it."),
        DeclaredAlarm("job_failing", "A job has failed three times in a row. It concluded nothing.",
                      "Act on the reason in the alarm: often a product does not answer, or refuses the token."),
        DeclaredAlarm("mailbox_silent",
                      "A mailbox was not read to its end for `silent_alarm` (by default three polls, at least ten"
                      " minutes).",
                      "Act on the reason in the alarm. If there is no reason, no process reads the mailbox: start"
                      " `ticketrelay mail`."),
        DeclaredAlarm("mailbox_login",
                      "A mailbox refuses the login, its access token cannot be refreshed, or its refresh token ends"
                      " within 7 days.",
                      "Correct the password. With OAuth, give consent again, and put the new refresh token into the"
                      " file of `token_store`."),
        DeclaredAlarm("mailbox_unaccounted",
                      "Mails are on the server and not in the ledger, although they were tried.",
                      "`ticketrelay mail audit` lists their UIDs, and `imap.mail_refused` in the log says why. Every"
                      " poll tries them again."),
        DeclaredAlarm(LEDGER_AWAY, "`ticketrelay status` cannot read the ledger.",
                      "Check the database and `LEDGER__URL`.", in_metrics=False),
    )
}  # fmt: skip
"""Every alarm by its name."""
