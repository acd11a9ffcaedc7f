"""Hold what dictionaries become for mixing: their languages, clean translations, surface forms, and arrays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

from commit_llm.codemix.dictionaries.cleaning import CleanDictionary, clean_dictionary
from commit_llm.codemix.dictionaries.controls import controlled
from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.languages import Languages, infer_languages
from commit_llm.codemix.dictionaries.lexicon import Lexicon, make_lexicon
from commit_llm.codemix.dictionaries.sentence_lexicon import SentenceLexicon
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.codemix.engine.reading import Reader
from commit_llm.codemix.engine.tables import Table, lexicon_table, original_table, sentence_table
from commit_llm.codemix.finding.characters import without_spaces
from commit_llm.codemix.finding.clean_words import FoundWord, find_words
from commit_llm.codemix.finding.segmentation import make_cut
from commit_llm.codemix.settings import MixingSettings
from commit_llm.errors import SettingError, SettingName


@dataclass(frozen=True)
class Vocabulary:
    """Hold dictionaries and files of sentences, and each thing that is made of them from when it is first asked for.

    settings: how they are mixed. The ratio changes nothing here.
    """

    dictionaries: tuple[BilingualDictionary, ...]
    settings: MixingSettings
    sentences: tuple[SentencePairs, ...] = ()

    @cached_property
    def directions(self) -> tuple[Languages, ...]:
        """Give languages and scripts of each dictionary."""
        return tuple(infer_languages(dictionary, self.settings.languages) for dictionary in self.dictionaries)

    @property
    def all_directions(self) -> tuple[Languages, ...]:
        """Give languages and scripts of each dictionary, and of each file of sentences."""
        return (*self.directions, *(pairs.languages for pairs in self.sentences))

    @cached_property
    def cleaned(self) -> tuple[CleanDictionary, ...]:
        """Give the dictionaries as style `clean` uses them."""
        cleaned = tuple(
            clean_dictionary(dictionary, languages)
            for dictionary, languages in zip(self.dictionaries, self.directions, strict=True)
        )
        control = self.settings.dictionary_control
        if control == "none":
            return cleaned
        return tuple(controlled(dictionary, control, self.settings.seed) for dictionary in cleaned)

    @cached_property
    def lexicon(self) -> Lexicon:
        """Give the surface forms of style `clean`."""
        weights = self.settings.weights or [1.0] * len(self.dictionaries)
        return make_lexicon(self.cleaned, weights, self.settings.choice, self.settings.skip_words)

    @cached_property
    def table(self) -> Table:
        """Give the surface forms and translations of the style as arrays."""
        if self.settings.style == "original":
            return original_table(self.dictionaries[0].translations)
        return lexicon_table(self.lexicon)

    @cached_property
    def sentence_table(self) -> Table:
        """Give the sentences and their translations as arrays."""
        return sentence_table(self.sentence_lexicon)

    @cached_property
    def unspaced(self) -> bool:
        """Say whether the source is written without spaces, so that its words are cut out of runs."""
        scripts = (languages.source_scripts for languages in self.all_directions)
        return self.settings.style == "clean" and any(map(without_spaces, scripts))

    @cached_property
    def source_languages(self) -> frozenset[str]:
        """Give the codes of the languages that the texts are in, as far as they are known."""
        return frozenset(languages.source for languages in self.all_directions if languages.source)

    @cached_property
    def by_language(self) -> dict[str, tuple[float, "Vocabulary"]]:
        """Give what is of each target language, with its weight (`LanguageDraw`).

        Raises SettingError where it is not known which words and which sentences are of one language.
        """
        weights, sentence_weights = self.settings.weights, self.settings.sentence_weights
        files: list[tuple[BilingualDictionary | SentencePairs, float]] = [
            *zip(self.dictionaries, weights or [1.0] * len(self.dictionaries), strict=True),
            *zip(self.sentences, sentence_weights or [1.0] * len(self.sentences), strict=True),
        ]
        names = [languages.target or file.name for (file, _), languages in zip(files, self.all_directions, strict=True)]
        unknown = [
            file.name for (file, _), languages in zip(files, self.all_directions, strict=True) if not languages.target
        ]
        if self.dictionaries and self.sentences and unknown and len(set(names)) > 1:
            reason = (
                f" example: {unknown[0]}: its language is not known; name the file by its languages, such as en-el.tsv"
            )
            raise SettingError(SettingName("draw_language"), reason)
        result = {}
        for name in dict.fromkeys(names):
            own = [pair for pair, other in zip(files, names, strict=True) if other == name]
            words = [(file, weight) for file, weight in own if isinstance(file, BilingualDictionary)]
            sentences = [(file, weight) for file, weight in own if isinstance(file, SentencePairs)]
            settings = replace(
                self.settings,
                weights=[weight for _, weight in words],
                sentence_weights=[weight for _, weight in sentences],
                draw_language="word",
            )
            part = Vocabulary(tuple(file for file, _ in words), settings, tuple(file for file, _ in sentences))
            result[name] = sum(weight for _, weight in words or sentences), part
        return result

    @cached_property
    def sentence_lexicon(self) -> SentenceLexicon:
        """Give the sentences of which there are translations."""
        return SentenceLexicon(
            [pairs.translations for pairs in self.sentences],
            [pairs.languages.target for pairs in self.sentences],
            self.settings.sentence_weights or [1.0] * len(self.sentences),
        )

    @cached_property
    def reader(self) -> Reader:
        """Give what reads texts in style `clean`."""
        return Reader(self.lexicon, self.sentence_lexicon, self.find, self.source_languages)

    @cached_property
    def find(self) -> Callable[[str], list[FoundWord]]:
        """Give what finds the words of a text in style `clean`."""
        cut = make_cut(self.lexicon.forms, self.settings.segmentation) if self.unspaced else None
        return partial(find_words, cut=cut, languages=self.source_languages)
