"""Actions of a person, as functions that take the ledger and values, and return documents.

The command line prints the documents. An action never prints, asks or ends the process. An action that cannot be done
raises one of the errors of `worker.actions.errors`.
"""
