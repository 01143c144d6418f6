"""Pure planning: decides which calls follow from an event. It uses neither SQL nor settings."""
