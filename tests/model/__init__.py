"""A small model of the delivery of one case, explored in every interleaving; see docs/explanation/exactly-once.md."""
