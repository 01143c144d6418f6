"""Tables, and the words that their rows hold."""
