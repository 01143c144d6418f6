"""Pure planning: which calls follow from an event. It knows neither SQL nor settings."""
