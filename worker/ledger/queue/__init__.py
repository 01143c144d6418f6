"""The transactional outbox, a lease-based queue: claims, gates, budget, settling."""
