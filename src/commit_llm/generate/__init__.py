"""Answers to prompts of a user's own: to a file of them, and in a conversation."""
