"""The mixer: swap dictionary words of texts for their translations."""

import dataclasses
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

from commit_llm.codemix.dictionaries.cleaning import CleanDictionary, clean_dictionary
from commit_llm.codemix.dictionaries.controls import controlled
from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.languages import Languages, infer_languages
from commit_llm.codemix.dictionaries.lexicon import Lexicon, make_lexicon
from commit_llm.codemix.engine.clean import CleanStyle, replace
from commit_llm.codemix.engine.original import explain_original
from commit_llm.codemix.finding.clean_words import Found, find_words
from commit_llm.codemix.finding.segmentation import make_cut
from commit_llm.codemix.outcome import Counts, Mixed, MixedExample, Outcome, Word
from commit_llm.codemix.randomness import UNMIXED, hash64, occurrence_draws, unit_float
from commit_llm.errors import UserError

if TYPE_CHECKING:  # numba and pyarrow take a second
    import numpy as np
    import pyarrow as pa

    from commit_llm.codemix.engine.compiled import Compiled
    from commit_llm.codemix.fit import Fit


@dataclass(frozen=True)
class CodeMixer:
    """Mixes texts with one or several dictionaries; every draw is a function of seed, epoch, row and word.

    ratio, in [0, 1], is the probability that a word that could be replaced is replaced (paper, section 3). style
    `clean` finds words in any script (finding/, dictionaries/); `original` is the original word for word
    (docs/behaviour.md, "Code-mixing").

    draw: once a word and example (`type`, the default of `clean`), or for every occurrence (the only way of
    `original`). weights: of the dictionaries, where there are several. choice: among a word's translations, `uniform`
    or the `first`. all_capitals: capitalised words are mixed wherever they stand, and words in capitals.
    skip_words: never mixed. control: translations without meaning (dictionaries/controls.py). unmixed_share, in
    [0, 1]: of examples left as they are. segmentation: of unspaced scripts (finding/segmentation.py). languages:
    `en-el`, where the name and the entries of the dictionary do not tell.

    >>> mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), ratio=1.0)
    >>> mixer.mix("The dog's (dog)\\tbarks. Dog-lover!").text
    "The dog's (σκύλος)\\tbarks. Σκύλος-lover!"
    """

    dictionary: BilingualDictionary | Sequence[BilingualDictionary]
    ratio: float = 0.9
    style: Literal["clean", "original"] = "clean"
    draw: Literal["type", "occurrence"] | None = None
    seed: int = 0
    weights: Sequence[float] | None = None
    choice: Literal["uniform", "first"] = "uniform"
    all_capitals: bool = False
    skip_words: frozenset[str] = frozenset()
    control: Literal["none", "shuffled", "random"] = "none"
    unmixed_share: float = 0.0
    segmentation: Literal["auto", "icu", "longest"] = "auto"
    languages: str | None = None

    def __post_init__(self) -> None:
        for name, kind in typing.get_type_hints(type(self)).items():
            known = [
                word
                for each in (kind, *typing.get_args(kind))
                for word in typing.get_args(each)
                if isinstance(word, str)
            ]
            if known and getattr(self, name) not in (known if typing.get_origin(kind) is Literal else [*known, None]):
                raise UserError(f"{name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        if not 0.0 <= self.ratio <= 1.0:
            raise UserError(f"--ratio {self.ratio}: the probability of a replacement is between 0 and 1")
        if not 0.0 <= self.unmixed_share <= 1.0:
            raise UserError(f"--unmixed-share {self.unmixed_share}: a share of the examples is between 0 and 1")
        if not self.dictionaries:
            raise UserError("no dictionary; name one with --dictionary")
        if self.weights is not None and len(self.weights) != len(self.dictionaries):
            raise UserError(f"{len(self.weights)} weights for {len(self.dictionaries)} dictionaries; give one to each")
        for weight in self.weights or ():
            if not 0.0 < weight < float("inf"):
                raise UserError(f"--dictionary ...={weight}: a weight is a number above 0")
        if self.style == "original":
            for name, value, fixed in (
                ("--draw", self.draw, (None, "occurrence")),
                ("--choice", self.choice, ("uniform",)),
                ("--all-capitals", self.all_capitals, (False,)),
                ("--dictionary-control", self.control, ("none",)),
                ("--skip-words", self.skip_words, (frozenset(),)),
                ("--dictionary", len(self.dictionaries), (1,)),
            ):
                if value not in fixed:
                    raise UserError(f"{name}: style original mixes as the original does; --style clean has it")

    @cached_property
    def dictionaries(self) -> tuple[BilingualDictionary, ...]:
        """The dictionaries as given."""
        given = self.dictionary
        dictionaries = (given,) if isinstance(given, BilingualDictionary) else tuple(given)
        if not all(isinstance(each, BilingualDictionary) for each in dictionaries):
            raise TypeError(f"{given!r}: a CodeMixer takes dictionaries; BilingualDictionary.load reads a file")
        return dictionaries

    @cached_property
    def directions(self) -> tuple[Languages, ...]:
        """Languages and scripts of each dictionary."""
        return tuple(infer_languages(dictionary, self.languages) for dictionary in self.dictionaries)

    @cached_property
    def cleaned(self) -> tuple[CleanDictionary, ...]:
        """The dictionaries as style `clean` uses them."""
        cleaned = tuple(
            clean_dictionary(dictionary, found.source_scripts, found.target_scripts)
            for dictionary, found in zip(self.dictionaries, self.directions, strict=True)
        )
        control = self.control
        return cleaned if control == "none" else tuple(controlled(each, control, self.seed) for each in cleaned)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The surface forms of style `clean`."""
        weights = self.weights or [1.0] * len(self.dictionaries)
        return make_lexicon(self.cleaned, weights, self.choice, self.skip_words)

    @cached_property
    def unspaced(self) -> bool:
        """Whether the source is written without spaces, so that its words are cut out of runs."""
        from commit_llm.codemix.finding.characters import UNSPACED_SCRIPTS

        sources = (found.source_scripts for found in self.directions)
        return self.style == "clean" and any(UNSPACED_SCRIPTS & scripts for scripts in sources)

    def mix(self, text: str, *, row: int = 0, epoch: int = 0, field: str = "text") -> Mixed:
        """Mix one text: the whole of the example at this row. Everything outside the replaced words stays as it is."""
        words = self.explain({field: text}, row=row, epoch=epoch)[field]
        return Mixed(replace(text, words, self.unspaced), count(text, words))

    def mix_example(
        self, texts: Mapping[str, str | None], *, row: int, epoch: int = 0, mixed_fields: Collection[str] | None = None
    ) -> MixedExample:
        """Mix the fields of an example together; mixed_fields leaves the others as they are. Nulls stay.

        Compiled where the source has spaces between words.
        """
        fields, there = chosen(texts, mixed_fields), present(texts)
        if not self.unspaced:
            mixed, counts = self.compiled.mix_texts(there, row, epoch, fields)
        else:
            explained = self.explain(texts, row=row, epoch=epoch, mixed_fields=fields)
            mixed = {name: replace(text, explained.get(name, []), True) for name, text in there.items()}
            counts = Counts()
            for name, words in explained.items():
                counts = counts.plus(count(there[name], words))
        return MixedExample({name: mixed.get(name) for name in texts}, counts)

    def explain(
        self,
        texts: Mapping[str, str | None],
        *,
        row: int = 0,
        epoch: int = 0,
        mixed_fields: Collection[str] | None = None,
    ) -> dict[str, list[Word]]:
        """What becomes of every word of an example's mixed fields, in plain Python; nothing is said of nulls."""
        texts, fields = present(texts), chosen(texts, mixed_fields)
        fields = [name for name in fields if name in texts]
        ratio = self.ratio
        if unit_float(hash64(self.seed, epoch, row, UNMIXED)) < self.unmixed_share:
            ratio = 0.0
        if self.style == "clean":
            style = CleanStyle(self.lexicon, ratio, self.draw != "occurrence", self.all_capitals, self._find)
            return style.explain(texts, fields, self.seed, epoch, row)
        translations = self.dictionaries[0].translations
        return {
            name: explain_original(texts[name], translations, ratio, occurrence_draws(self.seed, epoch, row, name))
            for name in fields
        }

    def mix_columns(
        self,
        columns: Mapping[str, "pa.Array | pa.ChunkedArray"],
        *,
        first_row: int = 0,
        epoch: int = 0,
        mixed_fields: Collection[str] | None = None,
    ) -> "tuple[dict[str, pa.ChunkedArray], np.ndarray]":
        """Mix Arrow columns of texts, an example a row; the same bytes as `mix_example` row by row. Nulls stay.

        Gives the columns, and int64 counts (rows, fields of Counts).
        """
        from commit_llm.codemix.engine.columns import mix_row_by_row, text_columns

        texts = text_columns(columns)
        fields = chosen(columns, mixed_fields)
        if self.unspaced:
            return mix_row_by_row(partial(self.mix_example, epoch=epoch), texts, first_row, fields)
        return self.compiled.mix_columns(texts, first_row, epoch, fields)

    def fit(
        self,
        columns: "Mapping[str, pa.Array | pa.ChunkedArray]",
        *,
        target_share: float | None = None,
        target_cmi: float | None = None,
        mixed_fields: Collection[str] | None = None,
    ) -> "Fit":
        """The ratio that replaces a share of the words, or gives a code-mixing index: see codemix/fit.py."""
        from commit_llm.codemix.fit import fit

        return fit(self, columns, target_share=target_share, target_cmi=target_cmi, mixed_fields=mixed_fields)

    def with_ratio(self, ratio: float) -> "CodeMixer":
        """The same mixer with another ratio; what was made of the dictionaries is kept."""
        other = dataclasses.replace(self, ratio=ratio)
        kept = ("dictionaries", "directions", "cleaned", "lexicon", "unspaced")
        other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        if "compiled" in self.__dict__:
            other.__dict__["compiled"] = dataclasses.replace(self.compiled, ratio=ratio)
        return other

    @cached_property
    def compiled(self) -> "Compiled":
        """The compiled engine."""
        from commit_llm.codemix.engine.compiled import Compiled
        from commit_llm.codemix.engine.tables import lexicon_table, original_table

        original = self.style == "original"
        table = original_table(self.dictionaries[0].translations) if original else lexicon_table(self.lexicon)
        by_type = self.draw != "occurrence"
        return Compiled(table, original, by_type, self.all_capitals, self.ratio, self.unmixed_share, self.seed)

    @cached_property
    def _find(self) -> Callable[[str], list[Found]]:
        if not self.unspaced:
            return find_words
        longest = max(map(len, self.lexicon), default=1)
        return partial(find_words, cut=make_cut(self.lexicon, longest, self.segmentation))

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: the arguments alone; all else is made there."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def chosen(texts: Mapping[str, Any], mixed_fields: Collection[str] | None) -> list[str]:
    """The fields that are mixed, in the order of the texts. Raises UserError for one that is not there."""
    if mixed_fields is None:
        return list(texts)
    if isinstance(mixed_fields, str):
        raise TypeError(f"mixed_fields {mixed_fields!r}: a list of names, not a text")
    for name in mixed_fields:
        if name not in texts:
            raise UserError(f"--mix-fields {name}: no such field is mixed here; there are {', '.join(texts) or 'none'}")
    return [name for name in texts if name in mixed_fields]


def present(texts: Mapping[str, str | None]) -> dict[str, str]:
    """The texts that are no nulls. Raises UserError for what is no text."""
    for name, text in texts.items():
        if not isinstance(text, str | None):
            raise UserError(f"field {name!r}: holds {type(text).__name__} {str(text)[:40]!r}, not a text")
    return {name: text for name, text in texts.items() if text is not None}


def count(text: str, words: Sequence[Word]) -> Counts:
    """The outcomes of a text's words in numbers."""
    numbers = [0] * len(Counts._fields)
    for word in words:
        numbers[word.outcome] += 1
        numbers[-1] += word.outcome is Outcome.REPLACED and word.translation != text[word.start : word.end]
    return Counts(*numbers)
