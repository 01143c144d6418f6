"""Reports for people and metrics."""
