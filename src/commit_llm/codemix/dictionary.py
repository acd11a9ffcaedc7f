"""Bilingual dictionaries in the MUSE layout: one `source<TAB>target` pair a line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from commit_llm.errors import UserError


@dataclass(frozen=True)
class BilingualDictionary:
    """Translations of each source word, in file order, duplicates kept.

    A duplicate doubles a translation's share of the draws, as it does in the original.
    """

    translations: Mapping[str, tuple[str, ...]]
    name: str = "dictionary"

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
    def load(cls, path: str | Path) -> "BilingualDictionary":
        """Read a MUSE file (UTF-8; `\\n`, `\\r\\n` or `\\r` end a line).

        Each line is stripped, then cut into exactly two fields at tabs, or else at single spaces
        (shared/reference/BEHAVIOUR.md, "Code-mixing"). A byte-order mark stays in the first key, as
        in the original.

        Raises UserError naming file, line and content where a line has another shape, where the
        file is missing, not UTF-8, or holds no pair.
        """
        path = Path(path)
        try:
            # Universal newlines, as the original reads: splitlines() would also cut at U+2028.
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise UserError(f"{path}: no such dictionary file; give a MUSE file of 'source<TAB>target' lines") from None
        except IsADirectoryError:
            raise UserError(f"{path}: is a directory; give a MUSE dictionary file") from None
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: not UTF-8 at byte {error.start}; convert the file to UTF-8") from None
        lines = text.removesuffix("\n").split("\n") if text else []
        dictionary = cls.from_pairs((parse_line(line, f"{path}:{n}") for n, line in enumerate(lines, 1)), path.name)
        if not dictionary.translations:
            raise UserError(f"{path}: the dictionary is empty; it needs 'source<TAB>target' lines")
        return dictionary

    def first_only(self) -> "BilingualDictionary":
        """Only the first translation of each word, which makes ratio 1.0 deterministic."""
        return BilingualDictionary({word: targets[:1] for word, targets in self.translations.items()}, self.name)


def parse_line(line: str, where: str = "line") -> tuple[str, str]:
    """Cut one dictionary line into (source, target).

    >>> parse_line("dog\\tσκύλος μου")
    ('dog', 'σκύλος μου')
    >>> parse_line("dog σκύλος")
    ('dog', 'σκύλος')
    """
    stripped = line.strip()
    for separator in ("\t", " "):
        fields = stripped.split(separator)
        if len(fields) == 2:
            return fields[0], fields[1]
    shown = repr(line if len(line) <= 60 else line[:57] + "...")
    found = "a blank line" if not stripped else f"{len(stripped.split(chr(9)))} tab-separated field(s)"
    raise UserError(f"{where}: {found} in {shown}; a dictionary line is 'source<TAB>target'")
