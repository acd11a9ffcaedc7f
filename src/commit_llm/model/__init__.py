"""The decoder: configuration, attention, rotary embedding, generation. Imports only jax."""
