"""The real delivery code under every fault that can be arranged in one thread; see docs/explanation/exactly-once.md."""
