"""Intake: verify, parse, custody and plan, commit, ring; one way for every edge that messages come in by."""
