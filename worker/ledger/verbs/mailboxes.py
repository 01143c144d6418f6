"""The verbs of mailbox readers: leases, reading positions, and accounting for mails."""

from __future__ import annotations

from worker.ledger.sources import mailboxes
from worker.ledger.verbs.transaction import Verbs, at_now, plain, reads, with_database, writes


class Mailboxes(Verbs):
    """Everything that readers of mailboxes store."""

    watch = writes(with_database(mailboxes.watch))
    lease = writes(at_now(mailboxes.lease))
    release = writes(plain(mailboxes.release))
    forget_owners = writes(plain(mailboxes.forget_owners))
    cursor = reads(plain(mailboxes.cursor))
    begin = writes(with_database(mailboxes.begin))
    known = reads(plain(mailboxes.known))
    suppress = writes(with_database(mailboxes.suppress))
    advance = writes(plain(mailboxes.advance))
    compared = writes(at_now(mailboxes.compared))
    polled = writes(at_now(mailboxes.polled))
    failed = writes(plain(mailboxes.failed))
    token_ends = writes(plain(mailboxes.token_ends))
