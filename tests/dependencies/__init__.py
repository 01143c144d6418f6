"""The locked requirements: a bill of materials of them, and their known vulnerabilities."""
