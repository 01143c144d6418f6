"""The transactional inbox: stores deliveries, loads and locks their cases, and writes the decisions of planning."""
