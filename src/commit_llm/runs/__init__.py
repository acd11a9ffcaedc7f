"""What a run and an evaluation leave on disk: names, provenance, history, logs. Imports no jax."""
