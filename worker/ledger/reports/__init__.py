"""What a person or a metric reads."""
