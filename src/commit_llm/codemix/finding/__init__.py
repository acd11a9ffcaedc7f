"""Where words are in a text, in any script, and what is never touched."""
