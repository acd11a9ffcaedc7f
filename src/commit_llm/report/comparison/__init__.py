"""Systems side by side: their scores, what chance can explain of the differences, and every answer."""
