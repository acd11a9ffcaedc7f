"""Bilingual dictionaries: read, cleaned, and made into the lexicon that the mixer looks words up in."""
