"""Receipts in chat and mail about the outcome of a message. A failed receipt never touches a ticket."""
