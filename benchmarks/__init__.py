"""What does it cost? One module per question, each run with `python -m benchmarks.NAME`."""
