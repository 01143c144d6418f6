"""Answers in chat and mail about what became of a message: a receipt that fails never touches a ticket."""
