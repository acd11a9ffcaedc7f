"""The settings of mixing: flags of `mix`, `preview` and every recipe; and the mixer they make."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import UseAppendAction

from commit_llm.errors import UserError

LOGGER = logging.getLogger("commit_llm")

if TYPE_CHECKING:  # recipes are made of settings, and are shown without the mixer's libraries
    from commit_llm.codemix.mixer import CodeMixer


@dataclass(frozen=True)
class MixingSettings:
    """How texts are mixed. Every field is a flag."""

    dictionary: UseAppendAction[tuple[str, ...]] = ()
    """Dictionary from the text's language into the other (en-el.txt for English text): MUSE, .tsv, .csv or .jsonl.
    Repeat it for several languages; FILE=WEIGHT has one drawn more or less often."""
    ratio: float = 0.9
    """Probability, 0 to 1, that a word that could be replaced is replaced. 0 mixes nothing."""
    target_share: float | None = None
    """Instead of --ratio: the share of words, 0 to 1, to be replaced; a first pass finds the ratio."""
    target_cmi: float | None = None
    """Instead of --ratio: the mean code-mixing index of the examples, 0 to 50; a first pass finds the ratio."""
    style: Literal["clean", "original"] = "clean"
    """clean: words in any script, with lower case as a fallback; code and addresses are left alone.
    original: as the original does it, cut at spaces and in exact case."""
    draw: Literal["type", "occurrence"] | None = None
    """Draw once a word and example, or for every occurrence. Default: type; occurrence in style original."""
    choice: Literal["uniform", "first"] = "uniform"
    """Among a word's translations: each with the same chance, or the dictionary's first."""
    all_capitals: bool = False
    """Also mix capitalised words within sentences, and words in capitals."""
    skip_words: str | None = None
    """A file with words, one a line, that are never mixed."""
    dictionary_control: Literal["none", "shuffled", "random"] = "none"
    """For experiments: translations permuted among the words, or random letters; same coverage, no meaning."""
    mix_fields: tuple[str, ...] = ()
    """Which of an example's fields are mixed, such as: instruction input output. Default: all of them."""
    unmixed_share: float = 0.0
    """Share of examples, 0 to 1, that are left as they are, against forgetting."""
    segmentation: Literal["auto", "icu", "longest"] = "auto"
    """Words of Thai, Lao, Khmer, Burmese, Chinese, Japanese text: by ICU (extra seg), or the dictionary's longest."""
    languages: str | None = None
    """Source and target language, such as en-el, where the dictionary's name and letters do not tell."""
    skip_bad_lines: bool = False
    """Leave out lines of a dictionary that cannot be read, and say how many."""
    seed: int = 0
    """The same seed gives the same text, for any number of workers."""

    @property
    def asks_for_amount(self) -> bool:
        """Whether the ratio is to be found by a first pass over the texts."""
        return self.target_share is not None or self.target_cmi is not None


def open_mixer(settings: MixingSettings) -> "CodeMixer":
    """The mixer of the settings, with their ratio.

    Raises UserError for a dictionary or a value that cannot be used.
    """
    from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
    from commit_llm.codemix.mixer import CodeMixer

    if settings.asks_for_amount:
        amount(settings.target_share, settings.target_cmi)  # what is wrong with it is told before anything is read
    named = [file_and_weight(name) for name in settings.dictionary]
    original, skip = settings.style == "original", settings.skip_bad_lines
    dictionaries = [BilingualDictionary.load(path, original=original, skip_bad_lines=skip) for path, _ in named]
    for dictionary in dictionaries:
        if dictionary.skipped.lines:
            lines, first = dictionary.skipped
            LOGGER.warning("%s: %d bad lines are left out; the first is %s", dictionary.name, lines, first)
    return CodeMixer(
        dictionaries,
        settings.ratio,
        style=settings.style,
        draw=settings.draw,
        seed=settings.seed,
        weights=[weight for _, weight in named],
        choice=settings.choice,
        all_capitals=settings.all_capitals,
        skip_words=read_words(Path(settings.skip_words)) if settings.skip_words else frozenset(),
        control=settings.dictionary_control,
        unmixed_share=settings.unmixed_share,
        segmentation=settings.segmentation,
        languages=settings.languages,
    )


def amount(target_share: float | None, target_cmi: float | None) -> tuple[Literal["share", "cmi"], float]:
    """Which amount of mixing is asked for: a share of words in (0, 1], or a mean code-mixing index in (0, 50].

    Raises UserError where it is not one of the two, or out of its range.
    """
    if target_share is not None and target_cmi is None:
        if not 0 < target_share <= 1:
            raise UserError(f"--target-share {target_share}: the share of words to replace is above 0 and at most 1")
        return "share", target_share
    if target_cmi is not None and target_share is None:
        if not 0 < target_cmi <= 50:
            raise UserError(f"--target-cmi {target_cmi}: the mean code-mixing index is above 0 and at most 50")
        return "cmi", target_cmi
    raise UserError("--target-share and --target-cmi: ask for one of the two")


def file_and_weight(name: str) -> tuple[Path, float]:
    """`FILE=WEIGHT` apart; the weight is 1 where there is none.

    >>> file_and_weight("en-el.txt=0.5")[1], file_and_weight("en-el.txt")[1]
    (0.5, 1.0)
    """
    file, separator, weight = name.rpartition("=")
    if not separator or Path(name).exists():
        return Path(name), 1.0
    try:
        return Path(file), float(weight)
    except ValueError:
        raise UserError(f"--dictionary {name}: {weight!r} is no number; write FILE or FILE=WEIGHT") from None


def read_words(path: Path) -> frozenset[str]:
    """The words of a file, one a line."""
    try:
        return frozenset(path.read_text(encoding="utf-8-sig").split())
    except FileNotFoundError:
        raise UserError(f"--skip-words {path}: no such file; it holds a word a line") from None
    except IsADirectoryError:
        raise UserError(f"--skip-words {path}: is a folder; it is a file with a word a line") from None
    except UnicodeDecodeError as error:
        raise UserError(f"--skip-words {path}: not UTF-8 at byte {error.start}; convert the file to UTF-8") from None
