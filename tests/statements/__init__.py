"""Statements of the ledger's hot paths and their plans: captured, written to docs/sql.md, and checked."""
