"""Jobs: work that no message asks for, such as asking sources which alerts go on, or noticing quiet sources.

`runner` runs due jobs, `catalogue` lists the jobs of the current settings, and each other module is one job. A job
records its findings in the ledger as a delivery of its own (`worker.intake.internal`).
"""
