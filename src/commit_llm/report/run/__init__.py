"""A training run, as a page."""
