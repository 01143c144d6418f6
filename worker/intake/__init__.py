"""Intake: verify, parse, record and plan, commit, wake up; the same way for every edge."""
