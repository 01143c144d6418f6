"""Keeping the ledger: pruning, statistics, backup."""
