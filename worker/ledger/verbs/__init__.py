"""The ledger's verbs by who uses them, each with its transaction."""
