"""What a run and an evaluation leave on disk: names, provenance, history, lines. Imports no jax."""
