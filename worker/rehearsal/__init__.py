"""What would stored messages lead to under another configuration? Planned in memory, without any effect."""
