"""Read and write the weights of other formats, by one table of parameter names."""
