"""The database: connections, transactions, statements for many rows, room on the disk, facts of a ledger."""
