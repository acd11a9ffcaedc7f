"""Count the tokens of a dictionary's translations: of all of them, of those that mixing draws, and of the longest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.case import lower_case
from commit_llm.codemix.direction import FEW
from commit_llm.codemix.finding.spelling import nfc
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.vocabulary.example_texts import ExampleTexts

BEFORE = ","  # stands before a word that is counted, with a space: a word within a text is spelt with the one before it


class SpeltWord(NamedTuple):
    """Hold a translation and its tokens with each tokenizer."""

    word: str
    tokens: tuple[int, ...]


@dataclass
class Share:
    """Count how many of a text's running words are sources of a dictionary, and how many translations."""

    words: int = 0
    sources: int = 0
    targets: int = 0

    @property
    def is_source(self) -> bool:
        """Say whether the text seems to be in the dictionary's source language."""
        return self.sources > self.targets and not self.is_foreign

    @property
    def is_foreign(self) -> bool:
        """Say whether the text seems to be in neither language."""
        return max(self.sources, self.targets) < FEW * self.words


@dataclass
class TranslationTokens:
    """Look at a dictionary, as mixing cleans it.

    shares: of each text's words that are in it, by the text's name.
    source: the name of the first text that is in its source language, if one is.
    drawn: how often mixing draws each translation for that text.
    """

    dictionary: BilingualDictionary
    shares: dict[str, Share] = field(default_factory=dict)
    source: str | None = None
    drawn: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """Give the dictionary's name."""
        return self.dictionary.name

    @cached_property
    def mixer(self) -> CodeMixer:
        """Give the mixer that replaces every word that it can."""
        return CodeMixer(self.dictionary, ratio=1.0)

    @cached_property
    def words(self) -> list[str]:
        """Give all translations, each once. Raises UserError where cleaning leaves none."""
        translations: Mapping[str, tuple[str, ...]] = self.mixer.vocabulary.cleaned[0].translations
        words = [*dict.fromkeys(word for words in translations.values() for word in words)]
        if not words:
            raise UserError(f"{self.name}: cleaning leaves no translation; `commit-llm dictionary inspect` says why")
        return words

    @property
    def foreign(self) -> list[str]:
        """Name the texts that are in neither language, where none is in the target language."""
        others = {name: share for name, share in self.shares.items() if not share.is_source}
        return [*others] if others and all(share.is_foreign for share in others.values()) else []

    @property
    def scripts(self) -> frozenset[str]:
        """Give the scripts that its translations are to be in."""
        return self.mixer.vocabulary.directions[0].target_scripts

    def compare(self, name: str, words: Sequence[str]) -> None:
        """Look words of a text up. name: of the text."""
        share = self.shares.setdefault(name, Share())
        languages = self.mixer.vocabulary.directions[0]
        share.words += len(words)
        share.sources += sum(lower_case(nfc(word), languages.source) in self._sources for word in words)
        share.targets += sum(lower_case(nfc(word), languages.target) in self._targets for word in words)

    def draw(self, name: str, examples: Iterable[ExampleTexts]) -> None:
        """Draw the translations of a text in the source language, as mixing at ratio 1 does. name: of the text."""
        self.source = name
        for example in examples:
            for words in self.mixer.explain(example.texts, row=example.row).values():
                self.drawn.update(word.translation for word in words if word.translation is not None)

    def spelt(self, tokenizers: Iterable[Tokenizer]) -> list[SpeltWord]:
        """Give all translations with their tokens, the one with most tokens of the first tokenizer first."""
        counts = [tokens_within(tokenizer, self.words) for tokenizer in tokenizers]
        words = [SpeltWord(word, tuple(numbers)) for word, *numbers in zip(self.words, *counts, strict=True)]
        return sorted(words, key=lambda spelt: (-spelt.tokens[0], len(spelt.word)))

    def drawn_tokens(self, tokenizers: Iterable[Tokenizer]) -> list[float]:
        """Give the mean tokens of the drawn translations with each tokenizer; none where nothing was drawn."""
        total = self.drawn.total()
        if not total:
            return []
        each = [zip(self.drawn.values(), tokens_within(tokenizer, self.drawn), strict=True) for tokenizer in tokenizers]
        return [sum(number * tokens for number, tokens in pairs) / total for pairs in each]

    @cached_property
    def _sources(self) -> frozenset[str]:
        languages = self.mixer.vocabulary.directions[0]
        sources = self.mixer.vocabulary.cleaned[0].translations
        return frozenset(lower_case(word, languages.source) for word in sources)

    @cached_property
    def _targets(self) -> frozenset[str]:
        languages = self.mixer.vocabulary.directions[0]
        return frozenset(lower_case(word, languages.target) for word in self.words)


def tokens_within(tokenizer: Tokenizer, words: Iterable[str]) -> list[int]:
    """Count the tokens of each word as it stands within a text, behind a space."""
    before = len(tokenizer.encode(BEFORE))
    return [len(tokenizer.encode(f"{BEFORE} {word}")) - before for word in words]
