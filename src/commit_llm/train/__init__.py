"""Recipes, optimizer, loss, step, checkpoint and the loop."""
