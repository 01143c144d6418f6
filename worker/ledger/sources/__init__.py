"""What is remembered about sources: jobs, mailboxes, names."""
