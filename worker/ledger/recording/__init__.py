"""The transactional inbox: stores deliveries, finds and locks their cases, and writes what planning decided."""
