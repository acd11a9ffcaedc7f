"""How a tokenizer spells a language: it is looked at, and grown by pieces of that language."""
