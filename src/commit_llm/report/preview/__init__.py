"""What mixing makes of a few rows, and why."""
