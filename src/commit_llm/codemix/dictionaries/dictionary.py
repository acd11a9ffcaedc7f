"""Hold a bilingual dictionary: the translations of each word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from commit_llm.codemix.dictionaries.fields import Tally
from commit_llm.codemix.dictionaries.formats import NONE_SKIPPED, Skipped, read_pairs


@dataclass(frozen=True, repr=False)
class BilingualDictionary:
    """Hold the translations of each source word, in file order, with duplicates.

    A duplicate doubles a translation's share of the draws, as it does in the original.

    translations: by source word.
    name: what messages call it; the file's name where it was read from a file.
    skipped: the bad lines of the file, where they were to be left out.
    taken_apart: the pairs of the file that held lists, notes and the like.
    frequencies: how often each translation stands in text of the target language, under its form there, where it was
        counted (`frequencies.count_translations`).
    """

    translations: Mapping[str, tuple[str, ...]]
    name: str = "dictionary"
    skipped: Skipped = NONE_SKIPPED
    taken_apart: Tally = field(default_factory=Tally)
    frequencies: Mapping[str, int] | None = None

    def __repr__(self) -> str:
        return f"BilingualDictionary({self.name}, {len(self):,} words)"

    def __len__(self) -> int:
        return len(self.translations)

    def __contains__(self, word: object) -> bool:
        return word in self.translations

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]], name: str = "dictionary") -> "BilingualDictionary":
        """Collect (source, target) pairs, keeping their order."""
        collected: dict[str, list[str]] = {}
        for source, target in pairs:
            collected.setdefault(source, []).append(target)
        return cls({source: tuple(targets) for source, targets in collected.items()}, name)

    @classmethod
    def load(cls, path: str | Path, *, original: bool = False, skip_bad_lines: bool = False) -> "BilingualDictionary":
        """Read a dictionary file; its suffix tells the layout (`formats.read_pairs`, which also says what is raised).

        original: read exactly as the original does, which keeps a byte-order mark in the first key, and takes fields
            as they stand.
        skip_bad_lines: leave bad lines out, and count them, instead of raising.
        """
        path = Path(path)
        pairs, skipped, tally = read_pairs(path, original=original, skip_bad_lines=skip_bad_lines)
        return replace(cls.from_pairs(pairs, path.name), skipped=skipped, taken_apart=tally)

    def first_only(self) -> "BilingualDictionary":
        """Keep only the first translation of each word, which makes ratio 1.0 deterministic."""
        return replace(self, translations={word: targets[:1] for word, targets in self.translations.items()})
