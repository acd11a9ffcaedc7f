"""What people read: pages and tables made of results. Imports no jax, and nothing of ours but code-mixing."""
