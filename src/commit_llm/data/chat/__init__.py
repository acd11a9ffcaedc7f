"""Conversations, laid out by a model's own template: what is mixed, what is trained, and the template left alone."""
