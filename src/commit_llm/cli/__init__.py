"""The command line: a file a command; the only place that knows all of them."""
