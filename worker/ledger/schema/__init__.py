"""Tables, and the words that their rows may contain."""
