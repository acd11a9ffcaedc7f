"""Forms: what a record of a data set is, and how it becomes an example. A file a form."""
