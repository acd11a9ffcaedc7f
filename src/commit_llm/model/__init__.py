"""Hold the decoder: configuration, parameters, attention, generation. Imports only jax and its kin."""
