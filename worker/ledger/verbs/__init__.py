"""The ledger's verbs, grouped by their callers; each verb has its own transaction."""
