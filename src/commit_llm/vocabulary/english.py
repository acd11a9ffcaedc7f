"""English: the words that a grown tokenizer leaves as they are, and what a dictionary says of their translations."""

from importlib.resources import files
from pathlib import Path

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.errors import UserError


def english_words() -> list[str]:
    """Give the words that no new piece may change, unless other texts are named.

    They are those that occur twice in 12 million characters of English that are in the public domain: Moby Dick, and
    the addresses on the state of the Union from 1790 to 2021, which are works of the United States government.
    """
    return (files(__package__) / "english_words.txt").read_text(encoding="utf-8").splitlines()


def english_texts() -> list[str]:
    """Give two texts of these words: with a space before each, and with none."""
    words = english_words()
    return [" ".join(words), "\n".join(words)]


def read_word_pairs(path: Path, skip_bad_lines: bool = False) -> list[tuple[str, str]]:
    """Read words and their translations, cleaned as for mixing.

    Raises UserError where the translations are English, rather than the words.
    """
    dictionary = BilingualDictionary.load(path, skip_bad_lines=skip_bad_lines)
    (cleaned,) = CodeMixer(dictionary, ratio=1.0).vocabulary.cleaned
    pairs = [(source, target) for source, targets in cleaned.translations.items() for target in targets]
    english = set(english_words())
    sources, targets = (sum(pair[side] in english for pair in pairs) for side in (0, 1))
    if targets > sources:
        raise UserError(
            f"--dictionary {path}: is into English ({targets:,} of its {len(pairs):,} translations are English words, "
            f"{sources:,} of its words); name one from English into the language"
        )
    return pairs
