"""Hold the compiled engine: the decisions of clean.py and original.py on UTF-8, several million words a second."""
