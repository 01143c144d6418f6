"""Stored state of sources: jobs, mailboxes, names."""
