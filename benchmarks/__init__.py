"""Benchmarks, one module each, run with `python -m benchmarks.NAME`."""
