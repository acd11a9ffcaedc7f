"""lm-eval (extra `eval`): our tasks as task files for it, our model as one of its models, its tasks run by us."""
