"""The database: connections, transactions, statements for many rows, disk space, facts about a ledger."""
