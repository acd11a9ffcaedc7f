"""Files of any kind: whole or not at all, in parts, by record, by chunk. Imports `errors` alone."""
