"""The delivery of one case as a small model whose every interleaving is explored; see docs/exactly-once.md."""
