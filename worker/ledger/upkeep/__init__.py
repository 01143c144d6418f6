"""Upkeep of the ledger: pruning, statistics, backup."""
