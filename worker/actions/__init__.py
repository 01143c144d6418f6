"""What a person may do, as functions that take the ledger and values, and return documents.

The command line prints what they return; nothing here prints, asks or ends the process. What cannot be done is raised
as one of the named errors of `worker.actions.errors`.
"""
