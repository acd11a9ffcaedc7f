"""Plans of a training: whether it fits a machine, how long it takes, what to change."""
