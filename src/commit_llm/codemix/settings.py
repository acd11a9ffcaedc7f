"""Hold how texts are mixed, as plain values without a file; every value is checked where it is set."""

import math
import re
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from commit_llm.codemix.ratio_schedule import RatioSchedule
from commit_llm.errors import SettingError, SettingName

Style = Literal["clean", "original"]
Draw = Literal["type", "occurrence"]
Choice = Literal["uniform", "first", "frequent"]
Surface = Literal["replace", "annotate"]
DrawLanguage = Literal["word", "example"]
Control = Literal["none", "shuffled", "random"]
Segmentation = Literal["auto", "icu", "longest"]

# What style `original` can do: the values of the settings in which it has no choice.
OF_ORIGINAL: dict[str, tuple[object, ...]] = {
    "draw": (None, "occurrence"),
    "choice": ("uniform",),
    "all_capitals": (False,),
    "dictionary_control": ("none",),
    "skip_words": (frozenset(),),
    "surface": ("replace",),
    "draw_language": ("word",),
}
OUTPUT = "output"  # the field of an example that holds its answer
EARLIER_ANSWER = re.compile("assistant [0-9]+")  # a field of a conversation
# Of what style `clean` makes of a text: it rises where the same settings give other words. The newest alone is kept.
CLEAN_VERSION = 2
# The last commit-llm that mixes as an older version did. 0.1.0 was never released; the repository's history has it.
LAST_WITH = {1: "0.1.0"}
CODE = re.compile("[a-z]{2,3}")


@dataclass(frozen=True)
class MixingSettings:
    """Hold how a `CodeMixer` mixes. Raises SettingError for a value that cannot be used.

    ratio: the probability, 0 to 1, that a word that could be replaced is replaced (paper, section 3); or a schedule of
        it, which is read at the epoch and the place in it.
    style: `clean` finds words in any script; `original` mixes word for word as the original does
        (docs/behaviour.md, "Code-mixing").
    clean_version: of style `clean`; style `original` has no versions.
    draw: once a word and example (`type`), or for every `occurrence`; None is `type` in style `clean`.
    choice: among a word's translations, each with the same chance (`uniform`), the `first`, or each with a chance in
        proportion to one more than its number in text of the target language (`frequent`: the dictionaries hold it).
    all_capitals: whether capitalised words within sentences, and words in capitals, are mixed too.
    skip_words: words that are never mixed, in any case.
    weights: of the dictionaries, in their order; None gives all the same.
    sentence_ratio: the probability, 0 to 1, that a sentence of which the mixer has a translation is replaced.
    sentence_weights: of the files of sentences, in their order; None gives all the same.
    surface: whether a translation takes a word's place (`replace`), or stands behind it in brackets (`annotate`).
    annotate_fields: the fields that are annotated; the others are replaced. Without names all but answers: `output`,
        and the earlier ones of a conversation.
    draw_language: among several languages, one is drawn for each `word` and sentence, or one for an `example`.
    dictionary_control: translations without meaning, for experiments (dictionaries/controls.py).
    unmixed_share: the share of examples, 0 to 1, that are left as they are.
    segmentation: how the words of a script without spaces are found (finding/segmentation.py).
    languages: source and target, such as `en-el`, where the dictionary's name and letters do not tell them.
    seed: the same seed gives the same text.
    """

    ratio: float | RatioSchedule = 0.7
    style: Style = "clean"
    clean_version: int = CLEAN_VERSION
    draw: Draw | None = None
    choice: Choice = "uniform"
    all_capitals: bool = False
    skip_words: frozenset[str] = frozenset()
    weights: Sequence[float] | None = None
    sentence_ratio: float = 0.5
    sentence_weights: Sequence[float] | None = None
    surface: Surface = "replace"
    annotate_fields: Sequence[str] = ()
    draw_language: DrawLanguage = "word"
    dictionary_control: Control = "none"
    unmixed_share: float = 0.0
    segmentation: Segmentation = "auto"
    languages: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, kind in typing.get_type_hints(type(self)).items():
            _require_choice(name, kind, getattr(self, name))
        if not isinstance(self.ratio, RatioSchedule) and not 0.0 <= self.ratio <= 1.0:
            raise SettingError(
                SettingName("ratio"), f" {self.ratio}: the probability of a replacement is between 0 and 1"
            )
        if not 0.0 <= self.unmixed_share <= 1.0:
            raise SettingError(
                SettingName("unmixed_share"), f" {self.unmixed_share}: a share of the examples is between 0 and 1"
            )
        if not 0.0 <= self.sentence_ratio <= 1.0:
            raise SettingError(
                SettingName("sentence_ratio"),
                f" {self.sentence_ratio}: the probability that a sentence is replaced is between 0 and 1",
            )
        if self.annotate_fields and self.surface != "annotate":
            raise SettingError(SettingName("annotate_fields"), ": needs ", SettingName("surface"), " annotate")
        for name in ("weights", "sentence_weights"):
            for weight in getattr(self, name) or ():
                if not 0.0 < weight < math.inf:
                    raise SettingError(SettingName(name), f" {weight}: a weight is a number above 0")
        if self.languages is not None:
            language_codes(self.languages)
        mixes_sentences = bool(self.sentence_weights) and self.sentence_ratio > 0
        if self.style == "clean" and (self.highest_ratio > 0 or mixes_sentences):
            require_clean_version(self.clean_version)
        if self.style == "original":
            for name, possible in OF_ORIGINAL.items():
                if getattr(self, name) not in possible:
                    raise not_in_original(name)

    @property
    def highest_ratio(self) -> float:
        """Give the ratio, or the highest that a schedule comes to."""
        return self.ratio.highest if isinstance(self.ratio, RatioSchedule) else self.ratio

    @property
    def last_ratio(self) -> float:
        """Give the ratio, or the one at which a schedule stays."""
        return self.ratio.last if isinstance(self.ratio, RatioSchedule) else self.ratio

    def ratio_at(self, epoch: int, place: float) -> float:
        """Give the ratio of an epoch, from 0, at a place in it, 0 to 1."""
        return self.ratio.at(epoch + place) if isinstance(self.ratio, RatioSchedule) else self.ratio

    @property
    def by_type(self) -> bool:
        """Say whether a word is drawn once an example, rather than wherever it stands."""
        return self.style == "clean" and self.draw != "occurrence"

    def annotates(self, field: str) -> bool:
        """Say whether the words of a field are annotated, rather than replaced."""
        is_answer = field == OUTPUT or EARLIER_ANSWER.fullmatch(field) is not None
        named = field in self.annotate_fields if self.annotate_fields else not is_answer
        return self.surface == "annotate" and named

    def require_annotated(self, mixed_fields: Iterable[str]) -> None:
        """Raise SettingError where annotation is asked for, and of the fields that are mixed none is annotated."""
        fields = list(mixed_fields)
        if self.surface == "annotate" and fields and not any(map(self.annotates, fields)):
            reason = f" annotate: no field that is mixed is annotated ({', '.join(fields)}); name one with "
            raise SettingError(SettingName("surface"), reason, SettingName("annotate_fields"))


def require_clean_version(version: int) -> None:
    """Raise SettingError where texts are to be mixed as another version of style `clean` did."""
    if version == CLEAN_VERSION:
        return
    before = (
        f"commit-llm {LAST_WITH[version]} of the repository's history"
        if version in LAST_WITH
        else "the commit-llm that it was made with"
    )
    raise SettingError(
        SettingName("clean_version"),
        f" {version}: this commit-llm mixes as version {CLEAN_VERSION} of style clean does; to mix as before, "
        f"use {before}; otherwise start again",
    )


def language_codes(languages: str) -> tuple[str, str]:
    """Give the codes of source and target.

    >>> language_codes("en-el")
    ('en', 'el')
    """
    codes = languages.lower().split("-")
    if len(codes) != 2 or not all(CODE.fullmatch(code) for code in codes):
        raise SettingError(
            SettingName("languages"), f" {languages!r}: give the codes of source and target, such as en-el"
        )
    return codes[0], codes[1]


def not_in_original(name: str) -> SettingError:
    """Give the error for a setting that style `original` cannot follow."""
    return SettingError(
        SettingName(name), ": style original mixes as the original does; ", SettingName("style"), " clean has it"
    )


def _require_choice(name: str, kind: object, value: object) -> None:
    """Raise SettingError where a setting has a list of possible values, and the value is none of them."""
    options = [option for part in (kind, *typing.get_args(kind)) for option in typing.get_args(part)]
    names = [option for option in options if isinstance(option, str)]
    may_be_none = type(None) in typing.get_args(kind)
    if names and value not in names and not (may_be_none and value is None):
        raise SettingError(SettingName(name), f" {value!r}: choose one of {', '.join(names)}")
