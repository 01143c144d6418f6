"""What is to be done that no message asks for: asking sources what still goes on, and noticing what does not come.

`runner` takes jobs that are due, `catalogue` says which there are under the settings of the moment, and each of the
other modules is one of them. What a job finds out goes into the ledger as a delivery of its own (`worker.intake.own`).
"""
