"""Typed client of the Tickets API; `tickets.server` is a local implementation of the same contract."""
