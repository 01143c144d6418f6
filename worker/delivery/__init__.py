"""Delivery: claim, send, settle; and dispatch, which repeats wake-ups for due work."""
