"""Training: optimizer, loss, step, checkpoints and the loop."""
