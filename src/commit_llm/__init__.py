"""COMMIT: adapt an English-centric language model to another language by code-mixed instruction tuning."""

__version__ = "0.1.0"
