"""Which models of others the decoder computes: their config.json read into a ModelConfig, and written."""
