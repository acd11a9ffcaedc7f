"""From records to batches: prompts, tokenizers, examples, packing, the loader. Imports no jax."""
