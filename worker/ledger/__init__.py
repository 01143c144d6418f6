"""The ledger: the truth about every message. Everything that is written to it is written by this package."""
