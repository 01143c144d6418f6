"""Commands that start a process, and its parts."""
