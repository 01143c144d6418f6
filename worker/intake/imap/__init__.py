"""The IMAP edge: reads mailboxes, and flags or moves a mail only after it is in the ledger.

    plan        which UIDs to take, where to begin, and how far the cursor advances (pure)
    server      one connection to an IMAP server
    oauth       access tokens, and refresh tokens that change
    reader      one poll of one mailbox: plan, fetch, record, flag or move, advance
    supervisor  the threads of a process: one for each mailbox, under a lease

Rules: RFC 3501; UIDs and never sequence numbers; `\\Seen` is ignored, because people read mail.
"""
