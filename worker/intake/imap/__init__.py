"""The IMAP edge: mailboxes are read from the outside in, and a mail is flagged or moved only once it is in the ledger.

    plan        which UIDs are to be taken, from where on, and how far that brings us (pure)
    server      one connection to an IMAP server
    oauth       access tokens, and refresh tokens that change
    reader      one poll of one mailbox: plan, fetch, custody, flag or move, advance
    keeper      the threads of a process: a mailbox each, held by a lease

Rules: RFC 3501; UIDs and never sequence numbers; `\\Seen` means nothing, since people read mail.
"""
