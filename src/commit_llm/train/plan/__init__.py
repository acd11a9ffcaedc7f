"""Knowing before paying: whether a recipe fits a machine, how long it takes, what to change."""
