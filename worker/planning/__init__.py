"""Pure planning: decides which calls follow from an event. It imports neither SQL nor settings."""
