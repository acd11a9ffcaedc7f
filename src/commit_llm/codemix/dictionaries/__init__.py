"""Bilingual dictionaries: read, cleaned, and made into the lexicon in which the mixer looks words up."""
