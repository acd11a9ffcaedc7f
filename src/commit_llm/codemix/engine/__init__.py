"""The two styles of mixing in plain Python, which are the definition, and the same compiled."""
