"""Examples packed into the rows of batches, in a way that can stop anywhere and go on."""
