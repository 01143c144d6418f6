"""The JSON shapes that the command line prints."""
