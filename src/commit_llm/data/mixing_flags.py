"""Hold the flags of mixing, of `mix`, `preview` and every recipe; read their files, and open the mixer they ask for."""

import dataclasses
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import UseAppendAction
from tyro.constructors import PrimitiveConstructorSpec

from commit_llm.codemix.ratio_schedule import RatioSchedule, ratio_text
from commit_llm.codemix.settings import (
    Choice,
    Control,
    Draw,
    DrawLanguage,
    MixingSettings,
    Segmentation,
    Style,
    Surface,
    not_in_original,
)
from commit_llm.data.chat.mixable_contents import MIXED_ROLES
from commit_llm.data.target_text import require_target_text, with_frequencies
from commit_llm.errors import SettingError, SettingName, UserError, shown
from commit_llm.files.text_stream import encoding_of, lines_of_text
from commit_llm.files.unpacking import head_of, opened

if TYPE_CHECKING:  # recipes are made of these flags, and are shown without the mixer's libraries
    from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
    from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
    from commit_llm.codemix.mixer import CodeMixer

LOGGER = logging.getLogger("commit_llm")

# A number, or the points of a schedule as they are written: plain values, as a config.yaml has them.
Ratio = float | tuple[str, ...]


def ratio_of_words(words: Sequence[str]) -> Ratio:
    """Read what stands behind --ratio: a number, or points. Raises SettingError for anything else.

    >>> ratio_of_words(["0.5"]), ratio_of_words(["0.10@0 0.9@2.0"])
    (0.5, ('0.1@0', '0.9@2'))
    """
    text = " ".join(words)
    try:
        return float(text)
    except ValueError:
        return RatioSchedule.parse(text.split()).written


# One word for tyro, which would take what follows for more points (cli/parse.py joins them).
RATIO = PrimitiveConstructorSpec(
    nargs=1,
    metavar="RATIO",
    instance_from_str=ratio_of_words,
    is_instance=lambda value: isinstance(value, float | tuple),
    str_from_instance=lambda ratio: [*ratio] if isinstance(ratio, tuple) else [str(ratio)],
)


@dataclass(frozen=True)
class MixingFlags:
    """How texts are mixed. Every field is a flag."""

    dictionary: UseAppendAction[tuple[str, ...]] = ()
    """Dictionary from the text's language into the other (en-el.txt for English text): MUSE, .tsv, .csv or .jsonl.
    Repeat it for several languages; FILE=WEIGHT draws one more or less often."""
    ratio: Annotated[Ratio, RATIO] = 0.7
    """Probability, 0 to 1, of replacing a word that could be replaced. 0 mixes nothing.
    Points RATIO@PASSES, such as 0.1@0 0.9@2, change it with the passes over the data."""
    target_share: float | None = None
    """Instead of --ratio: the share of words to replace, 0 to 1; a first pass computes the ratio."""
    target_cmi: float | None = None
    """Instead of --ratio: the mean code-mixing index of the examples, 0 to 50; a first pass computes the ratio."""
    style: Style = MixingSettings.style
    """clean: words in any script, with lower case as a fallback; code and addresses stay.
    original: as the original does, cut at spaces and in exact case."""
    clean_version: int = MixingSettings.clean_version
    """Version of style clean: with it, a later commit-llm that mixes differently refuses the command."""
    draw: Draw | None = MixingSettings.draw
    """type: draw once for each word of an example. occurrence: for every occurrence.
    Default: type; occurrence in style original."""
    choice: Choice = MixingSettings.choice
    """Choice among a word's translations: each with the same probability, the dictionary's first, or by their
    frequency in --target-text."""
    target_text: UseAppendAction[tuple[str, ...]] = ()
    """Data file of text in the dictionary's target language, in which --choice frequent counts translations.
    Repeat it for several dictionaries: one for each, in their order."""
    sentences: UseAppendAction[tuple[str, ...]] = ()
    """File of sentences with their translations: .tsv, .csv, .jsonl or .parquet. Repeat it for several languages;
    FILE=WEIGHT draws one more or less often. It needs no --dictionary."""
    sentence_ratio: float = MixingSettings.sentence_ratio
    """Probability, 0 to 1, of replacing a sentence that has a translation."""
    surface: Surface = MixingSettings.surface
    """replace: a translation replaces the word. annotate: it follows the word in brackets."""
    annotate_fields: tuple[str, ...] = ()
    """Fields of an example to annotate; the others are replaced. Default: all except answers."""
    draw_language: DrawLanguage = MixingSettings.draw_language
    """With several languages, draw one for each word and sentence, or one for each example."""
    all_capitals: bool = MixingSettings.all_capitals
    """Also mix capitalised words within sentences, and words in capitals."""
    skip_words: str | None = None
    """A file with words that are never mixed, in any case, with white space between them."""
    dictionary_control: Control = MixingSettings.dictionary_control
    """For experiments: translations permuted among the words, or random letters; same coverage, no meaning."""
    mix_fields: tuple[str, ...] = ()
    """Fields of an example to mix, such as: instruction input output. Default: all of them."""
    mix_roles: tuple[str, ...] = MIXED_ROLES
    """Roles of a conversation to mix: user, assistant or both. System and tool messages are never mixed."""
    unmixed_share: float = MixingSettings.unmixed_share
    """Share of examples, 0 to 1, that stay unmixed, against forgetting."""
    segmentation: Segmentation = MixingSettings.segmentation
    """Cut Thai, Lao, Khmer, Burmese, Chinese and Japanese text by ICU (extra seg), or by the dictionary's longest
    words."""
    languages: str | None = MixingSettings.languages
    """Source and target language, such as en-el, if the dictionary's name and letters do not show them."""
    skip_bad_lines: bool = False
    """Skip and count bad lines of a dictionary or of a file of sentences, instead of stopping at the first."""
    seed: int = MixingSettings.seed
    """The same seed gives the same text, for any number of workers."""

    @property
    def asks_for_amount(self) -> bool:
        """Say whether the ratio is to be found by a first pass over the texts."""
        return self.target_share is not None or self.target_cmi is not None

    @property
    def mixing_ratio(self) -> float | RatioSchedule:
        """Give the ratio as the engine takes it. Raises SettingError for points that are no schedule."""
        return RatioSchedule.parse(self.ratio) if isinstance(self.ratio, tuple) else self.ratio

    @property
    def highest_ratio(self) -> float:
        """Give the ratio, or the highest that a schedule comes to."""
        ratio = self.mixing_ratio
        return ratio.highest if isinstance(ratio, RatioSchedule) else ratio

    @property
    def mixes(self) -> bool:
        """Say whether anything is mixed: words, or sentences."""
        return self.asks_for_amount or self.highest_ratio > 0 or self.mixes_sentences

    @property
    def mixes_sentences(self) -> bool:
        """Say whether sentences are mixed."""
        return bool(self.sentences) and self.sentence_ratio > 0

    @property
    def mixes_clean(self) -> bool:
        """Say whether style clean replaces words or sentences, so that its version decides which."""
        return self.style == "clean" and self.mixes

    @property
    def dictionary_files(self) -> list[tuple[Path, float]]:
        """Give the dictionaries' files and weights. Raises SettingError for a weight that is not a number."""
        return [file_and_weight(name) for name in self.dictionary]

    @property
    def sentence_files(self) -> list[tuple[Path, float]]:
        """Give the files of sentences and their weights. Raises SettingError for a weight that is not a number."""
        return [file_and_weight(name, "sentences") for name in self.sentences]

    @property
    def target_text_files(self) -> list[Path]:
        """Give the files in which translations are counted, in the order of the dictionaries."""
        return [*map(Path, self.target_text)]

    @property
    def skip_words_files(self) -> list[Path]:
        """Give the file of the words that are never mixed, if there is one, in a list."""
        return [Path(self.skip_words)] if self.skip_words else []

    def mixing_settings(self) -> MixingSettings:
        """Give the settings of mixing, with the words of the file of words to skip.

        Raises SettingError for a value that cannot be used.
        """
        self._require_roles()
        require_target_text(self.choice, self.target_text, len(self.dictionary))
        read: dict[str, Any] = {
            "ratio": self.mixing_ratio,
            "skip_words": frozenset(word for path in self.skip_words_files for word in read_words(path)),
            "weights": tuple(weight for _, weight in self.dictionary_files),
            "sentence_weights": tuple(weight for _, weight in self.sentence_files),
        }
        names = [field.name for field in dataclasses.fields(MixingSettings) if field.name not in read]
        return MixingSettings(**{name: getattr(self, name) for name in names}, **read)

    def _require_roles(self) -> None:
        """Raise SettingError for a role whose contents are never mixed, or for none at all."""
        roles = " ".join(MIXED_ROLES)
        if not self.mix_roles:
            raise SettingError(SettingName("mix_roles"), f": names no role; choose among {roles}")
        for role in self.mix_roles:
            if role not in MIXED_ROLES:
                reason = f" {shown(role)}: contents of this role are never mixed; choose among {roles}"
                raise SettingError(SettingName("mix_roles"), reason)

    def open_dictionaries(self) -> "list[BilingualDictionary]":
        """Read the dictionaries, and warn where lines are left out. Raises UserError for one that cannot be used."""
        from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary

        dictionaries = [
            BilingualDictionary.load(path, original=self.style == "original", skip_bad_lines=self.skip_bad_lines)
            for path, _ in self.dictionary_files
        ]
        for dictionary in dictionaries:
            if dictionary.skipped.lines:
                lines, first = dictionary.skipped
                LOGGER.warning("%s: %d bad lines were skipped; the first is %s", dictionary.name, lines, first)
        return dictionaries

    def open_sentences(self) -> "list[SentencePairs]":
        """Read the files of sentences, and warn of pairs that are left out. Raises UserError for one without pairs."""
        from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs

        if self.sentences and self.style == "original":
            raise not_in_original("sentences")
        files = [
            SentencePairs.load(path, skip_bad_lines=self.skip_bad_lines, languages=self.languages)
            for path, _ in self.sentence_files
        ]
        for pairs in files:
            for complaint in pairs.complaints():
                LOGGER.warning("%s", complaint)
        return files

    def open_mixer(self) -> "CodeMixer":
        """Read dictionaries and sentences, and give the mixer, with the ratio of the flags.

        Raises UserError for a file or a value that cannot be used.
        """
        from commit_llm.codemix.fit import amount
        from commit_llm.codemix.mixer import CodeMixer

        if self.asks_for_amount:
            what, requested = amount(self.target_share, self.target_cmi)  # said before anything is read
            if isinstance(self.ratio, tuple):
                moving = ratio_text(self.ratio)
                reason = f" {requested}: asks for one ratio, and {moving} changes; leave out one of them"
                raise SettingError(SettingName(f"target_{what}"), reason)
            if not self.dictionary:
                reason = f" {requested}: asks for a ratio of words; name a dictionary with "
                raise SettingError(SettingName(f"target_{what}"), reason, SettingName("dictionary"))
        settings = self.mixing_settings()
        dictionaries = self.open_dictionaries()
        if self.target_text:
            dictionaries = [
                with_frequencies(dictionary, path, self.languages)
                for dictionary, path in zip(dictionaries, self.target_text_files, strict=True)
            ]
        return CodeMixer(dictionaries, settings, self.open_sentences())


def file_and_weight(name: str, setting: str = "dictionary") -> tuple[Path, float]:
    """Take `FILE=WEIGHT` apart; the weight is 1 where there is none. setting: for messages.

    >>> file_and_weight("en-el.txt=0.5")[1], file_and_weight("en-el.txt")[1]
    (0.5, 1.0)
    """
    file, separator, weight = name.rpartition("=")
    if not separator or Path(name).exists():
        return Path(name), 1.0
    try:
        return Path(file), float(weight)
    except ValueError:
        reason = f" {name}: {weight!r} is not a number; write FILE or FILE=WEIGHT"
        raise SettingError(SettingName(setting), reason) from None


def read_words(path: Path) -> frozenset[str]:
    """Read the words of a file, with white space between them; gzip and UTF-16 are read as dictionaries' are.

    Raises SettingError where it cannot be read.
    """
    try:
        with opened(path) as file:
            lines = lines_of_text(file, path, sys.maxsize, encoding_of(head_of(file)))
            return frozenset(word for line in lines for word in line.split())
    except FileNotFoundError:
        reason = "no such file; name a file of words"
    except IsADirectoryError:
        reason = "is a folder; name a file of words"
    except UserError as error:
        raise SettingError(SettingName("skip_words"), f" {error}") from None
    raise SettingError(SettingName("skip_words"), f" {path}: {reason}")
