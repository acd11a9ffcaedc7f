"""Mix texts: swap words that a dictionary knows for their translations."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.codemix.engine.clean import CleanStyle, replace
from commit_llm.codemix.engine.original import explain_original
from commit_llm.codemix.engine.vocabulary import Vocabulary
from commit_llm.codemix.language_draw import LanguageDraw
from commit_llm.codemix.outcome import Counts, Mixed, MixedExample, Word
from commit_llm.codemix.randomness import UNMIXED, fold_all, hash64, occurrence_draws, unit_float
from commit_llm.codemix.ratio_schedule import RatioSchedule, ratio_text
from commit_llm.codemix.settings import MixingSettings, not_in_original
from commit_llm.errors import SettingError, SettingName, UserError, shown

if TYPE_CHECKING:  # numba and pyarrow take a second
    import numpy as np
    import pyarrow as pa

    from commit_llm.codemix.engine.compiled import Compiled

USUAL = MixingSettings()


@dataclass(frozen=True, init=False, repr=False, eq=False)
class CodeMixer:
    """Mix texts with dictionaries and files of sentences; every draw is a function of seed, epoch, row and word.

    settings: how it mixes.
    vocabulary: the dictionaries and sentences, and what is made of them.

    >>> mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), ratio=1.0)
    >>> mixer.mix("The dog's (dog)\\tbarks. Dog-lover!").text
    "The dog's (σκύλος)\\tbarks. Σκύλος-lover!"
    """

    settings: MixingSettings
    vocabulary: Vocabulary

    def __init__(
        self,
        dictionaries: BilingualDictionary | Sequence[BilingualDictionary],
        settings: MixingSettings = USUAL,
        sentences: SentencePairs | Sequence[SentencePairs] = (),
        **changes: Any,
    ) -> None:
        """Make a mixer. `CodeMixer(dictionary, ratio=0.5)` is short for a mixer with `MixingSettings(ratio=0.5)`.

        sentences: translations of whole sentences; with them there may be no dictionary.
        changes: settings by name, in place of those in `settings`.

        Raises SettingError where settings and dictionaries do not go together.
        """
        several = (dictionaries,) if isinstance(dictionaries, BilingualDictionary) else tuple(dictionaries)
        settings = dataclasses.replace(settings, **changes)
        if not all(isinstance(dictionary, BilingualDictionary) for dictionary in several):
            raise TypeError(f"{dictionaries!r}: a CodeMixer takes dictionaries; BilingualDictionary.load reads a file")
        pairs = (sentences,) if isinstance(sentences, SentencePairs) else tuple(sentences)
        if not all(isinstance(each, SentencePairs) for each in pairs):
            raise TypeError(f"{sentences!r}: sentences are SentencePairs; SentencePairs.load reads a file")
        if not several and not pairs:
            raise SettingError("no dictionary; name one with ", SettingName("dictionaries"))
        for name, weights, files in (
            ("weights", settings.weights, several),
            ("sentence_weights", settings.sentence_weights, pairs),
        ):
            if weights is not None and len(weights) != len(files):
                numbers = f"{len(weights)} for {len(files)} {'dictionaries' if files is several else 'files'}"
                raise SettingError(SettingName(name), f" {[*weights]}: {numbers}; give one to each")
        for dictionary in several:
            if settings.choice == "frequent" and dictionary.frequencies is None:
                reason = f" frequent: the translations of {dictionary.name} were not counted (count_translations)"
                raise SettingError(SettingName("choice"), reason)
        if settings.style == "original" and len(several) > 1:
            raise not_in_original("dictionaries")
        if settings.style == "original" and pairs:
            raise not_in_original("sentences")
        object.__setattr__(self, "settings", settings)
        object.__setattr__(self, "vocabulary", Vocabulary(several, settings, pairs))

    def __repr__(self) -> str:
        words = ", ".join(f"{dictionary.name} ({len(dictionary):,} words)" for dictionary in self.dictionaries)
        words += "".join(f", {pairs.name} ({len(pairs):,} sentences)" for pairs in self.vocabulary.sentences)
        pairs = [f"{source or '?'}-{target or '?'}" for source, target, *_ in self.vocabulary.all_directions]
        style, languages = self.settings.style, ", ".join(dict.fromkeys(pairs))
        return f"CodeMixer({words}; ratio {ratio_text(self.settings.ratio)}, style {style}, languages {languages})"

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Give what another process needs: the arguments alone; all else is made there."""
        return CodeMixer, (self.dictionaries, self.settings, self.vocabulary.sentences)

    @property
    def dictionaries(self) -> tuple[BilingualDictionary, ...]:
        """Give the dictionaries, as they were read."""
        return self.vocabulary.dictionaries

    @property
    def unspaced(self) -> bool:
        """Say whether the source is written without spaces, so that its words are cut out of runs."""
        return self.vocabulary.unspaced

    def with_ratio(self, ratio: float | RatioSchedule) -> "CodeMixer":
        """Give the same mixer with another ratio; what was made of the dictionaries is shared."""
        return _mixer_of(self.vocabulary, dataclasses.replace(self.settings, ratio=ratio))

    def with_seed(self, seed: int) -> "CodeMixer":
        """Give the same mixer with another seed, as `with_ratio` does: the translations of a control stay."""
        return _mixer_of(self.vocabulary, dataclasses.replace(self.settings, seed=seed))

    @cached_property
    def languages(self) -> LanguageDraw | None:
        """Give the draw of an example's language; None where all words are drawn from all dictionaries."""
        parts = self.vocabulary.by_language if self.settings.draw_language == "example" else {}
        if len(parts) < 2:
            return None
        return LanguageDraw([*parts], [weight for weight, _ in parts.values()])

    @cached_property
    def _of_languages(self) -> "list[CodeMixer]":
        """Give a mixer of each language, in the order of the draw."""
        ratio, seed = self.settings.ratio, self.settings.seed
        return [
            _mixer_of(part, dataclasses.replace(part.settings, ratio=ratio, seed=seed))
            for _, part in self.vocabulary.by_language.values()
        ]

    def count_languages(self, examples: int, epoch: int = 0) -> dict[str, int]:
        """Count, of so many examples from row 0 on, those that are mixed in each language.

        Gives nothing where an example may be in several.
        """
        import numpy as np

        if not self.languages:
            return {}
        rows = np.arange(examples)
        draws = fold_all(UNMIXED, fold_all(hash64(self.settings.seed, epoch), rows))
        mixed = rows[(draws >> np.uint64(11)) * 2.0**-53 >= self.settings.unmixed_share]
        codes = self.languages.codes
        counts = np.bincount(self.languages.numbers(self.settings.seed, epoch, mixed), minlength=len(codes))
        return dict(zip(codes, counts.tolist(), strict=True))

    def _of_example(self, epoch: int, row: int) -> "CodeMixer":
        """Give the mixer of an example's language, or this one."""
        return self._of_languages[self.languages.number(self.settings.seed, epoch, row)] if self.languages else self

    def mix(self, text: str, *, row: int = 0, epoch: int = 0, place: float = 0.0, field: str = "text") -> Mixed:
        """Mix one text: the whole of the example at this row. Everything outside the replaced words stays as it is.

        place: in the epoch, 0 to 1, where the ratio is a schedule; so for all that mix.
        """
        words = self.explain({field: text}, row=row, epoch=epoch, place=place)[field]
        return Mixed(replace(text, words, self.unspaced), Counts.of(text, words))

    def mix_example(
        self,
        texts: Mapping[str, str | None],
        *,
        row: int,
        epoch: int = 0,
        place: float = 0.0,
        mixed_fields: Collection[str] | None = None,
    ) -> MixedExample:
        """Mix the fields of an example together; nulls stay. Compiled where the source has spaces between words.

        row: the index of the example in the whole data.
        mixed_fields: those that are mixed; the others stay, and help to tell names. None is all.
        """
        if self.languages:
            own = self._of_example(epoch, row)
            return own.mix_example(texts, row=row, epoch=epoch, place=place, mixed_fields=mixed_fields)
        fields, present = _mixed_fields(texts, mixed_fields), _without_nulls(texts)
        if not self.unspaced:
            mixed, counts = self._compiled.mix_texts(present, row, epoch, fields, self.settings.ratio_at(epoch, place))
        else:
            explained = self.explain(texts, row=row, epoch=epoch, place=place, mixed_fields=fields)
            mixed = {name: replace(text, explained.get(name, []), True) for name, text in present.items()}
            counts = Counts()
            for name, words in explained.items():
                counts = counts.plus(Counts.of(present[name], words))
        return MixedExample({name: mixed.get(name) for name in texts}, counts)

    def explain(
        self,
        texts: Mapping[str, str | None],
        *,
        row: int = 0,
        epoch: int = 0,
        place: float = 0.0,
        mixed_fields: Collection[str] | None = None,
    ) -> dict[str, list[Word]]:
        """Give what becomes of every word of an example's mixed fields, in plain Python; a null has no words."""
        if self.languages:
            own = self._of_example(epoch, row)
            return own.explain(texts, row=row, epoch=epoch, place=place, mixed_fields=mixed_fields)
        fields, present = _mixed_fields(texts, mixed_fields), _without_nulls(texts)
        fields = [name for name in fields if name in present]
        settings, seed = self.settings, self.settings.seed
        left_alone = unit_float(hash64(seed, epoch, row, UNMIXED)) < settings.unmixed_share
        ratio = 0.0 if left_alone else settings.ratio_at(epoch, place)
        if settings.style == "clean":
            vocabulary = self.vocabulary
            style = CleanStyle(
                vocabulary.reader,
                ratio,
                0.0 if left_alone else settings.sentence_ratio,
                settings.by_type,
                settings.all_capitals,
                settings.annotates,
            )
            return style.explain(present, fields, seed, epoch, row)
        translations = self.dictionaries[0].translations
        return {
            name: explain_original(present[name], translations, ratio, occurrence_draws(seed, epoch, row, name))
            for name in fields
        }

    def mix_columns(
        self,
        columns: Mapping[str, "pa.Array | pa.ChunkedArray"],
        *,
        first_row: int | None = None,
        rows: "pa.Array | pa.ChunkedArray | np.ndarray | None" = None,
        epoch: int = 0,
        place: float = 0.0,
        mixed_fields: Collection[str] | None = None,
    ) -> "tuple[dict[str, pa.ChunkedArray], np.ndarray]":
        """Mix Arrow columns of texts, an example a row; the same bytes as `mix_example` row by row. Nulls stay.

        first_row: the index of the first example in the whole data; None is 0.
        rows: the index of each example in the whole data, integers, where one does not follow the other.

        Gives the columns, and counts, int64 (rows, fields of Counts).
        """
        from commit_llm.codemix.engine.columns import mix_parts, mix_row_by_row, row_numbers, text_columns

        texts = text_columns(columns)
        fields = _mixed_fields(columns, mixed_fields)
        numbers = row_numbers(rows, first_row, max(map(len, texts.values()), default=0))
        if self.languages:
            parts = self.languages.numbers(self.settings.seed, epoch, numbers)
            mixes = [partial(own.mix_columns, epoch=epoch, place=place) for own in self._of_languages]
            return mix_parts(mixes, texts, numbers, parts, fields)
        if self.unspaced:
            return mix_row_by_row(partial(self.mix_example, epoch=epoch, place=place), texts, numbers, fields)
        return self._compiled.mix_columns(texts, numbers, epoch, fields, self.settings.ratio_at(epoch, place))

    @cached_property
    def _compiled(self) -> "Compiled":
        from commit_llm.codemix.engine.compiled import Compiled

        vocabulary = self.vocabulary
        return Compiled(vocabulary.table, vocabulary.sentence_table, self.settings, vocabulary.source_languages)


def _mixer_of(vocabulary: Vocabulary, settings: MixingSettings) -> CodeMixer:
    """Give a mixer of a vocabulary, of which all is shared that has been made."""
    mixer = CodeMixer(vocabulary.dictionaries, settings, vocabulary.sentences)
    object.__setattr__(mixer, "vocabulary", vocabulary)
    return mixer


def _mixed_fields(texts: Mapping[str, Any], mixed_fields: Collection[str] | None) -> list[str]:
    """Give the fields that are mixed, in the order of the texts. Raises SettingError for one that no text has."""
    if mixed_fields is None:
        return list(texts)
    if isinstance(mixed_fields, str):
        raise TypeError(f"mixed_fields {mixed_fields!r}: a list of names, not a text")
    for name in mixed_fields:
        if name not in texts:
            fields = ", ".join(texts) or "none"
            raise SettingError(SettingName("mixed_fields"), f" {name}: no such field is mixed here; there are {fields}")
    return [name for name in texts if name in mixed_fields]


def _without_nulls(texts: Mapping[str, str | None]) -> dict[str, str]:
    """Give the texts without nulls. Raises UserError for what is not a text."""
    for name, text in texts.items():
        if not isinstance(text, str | None):
            raise UserError(f"field {name!r}: holds {type(text).__name__} {shown(text)}, not a text")
    return {name: text for name, text in texts.items() if text is not None}
