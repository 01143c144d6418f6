"""Delivery: claim, send, settle; and dispatch, which rings again whatever is due."""
