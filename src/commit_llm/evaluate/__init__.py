"""Question answering: tasks, prompts, scores, the runner."""
