"""One table of names, and the weights of other formats read and written with it."""
