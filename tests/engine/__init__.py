"""The real code of delivery under every fault that one thread can arrange; see docs/exactly-once.md."""
