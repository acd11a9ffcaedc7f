"""The mixer of training: opened, fitted to an amount of mixing, and held against the words of the data."""

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from commit_llm.codemix import CodeMixer, Counts, MixingSettings
from commit_llm.codemix.direction import complaint
from commit_llm.codemix.fit import Fit, fit_ratio
from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.errors import SettingError, SettingName, UserError

if TYPE_CHECKING:
    import pyarrow as pa

LOGGER = logging.getLogger("commit_llm")
AT_A_TIME = 1000  # records, whose words are looked up for `require_hit`
FITTED = 20_000  # records that say how many words can be mixed


def make_mixer(settings: MixingFlags) -> CodeMixer | None:
    """Open the mixer of a recipe; None where it does not mix (ratio 0, and no sentences)."""
    if not settings.mixes:
        for flag, files in (("--dictionary", settings.dictionary), ("--sentences", settings.sentences)):
            if files:
                ratio = "--ratio" if flag == "--dictionary" else "--sentence-ratio"
                raise UserError(f"{flag} {files[0]}: the recipe mixes nothing (ratio 0); leave it out, or set {ratio}")
        return None
    if not settings.dictionary and not settings.sentences:
        raise UserError(
            f"--ratio {ratio_text(settings.ratio)}: mixing needs a --dictionary FILE (or --ratio 0, for none)"
        )
    if not settings.dictionary and not settings.mixes_sentences:
        raise UserError("--sentence-ratio 0: mixes nothing without a --dictionary; raise it, or leave out --sentences")
    return settings.open_mixer()


def fit_mixer(makes: Sequence[ExampleMaker], mixer: CodeMixer, settings: MixingFlags) -> Fit:
    """Fit a mixer to the amount of mixing that the settings ask for. makes: of the sources that are mixed.

    Looks at all records, or at 20,000 that are spread over the data; of several sources at as many of each as its
    weight asks for.
    """
    if len(makes) == 1:
        step = -(-len(makes[0].records) // FITTED)
        columns = makes[0].columns(range(0, len(makes[0].records), step))
    else:
        columns = _weighted_columns(makes)
    return fit_ratio(
        mixer,
        columns,
        target_share=settings.target_share,
        target_cmi=settings.target_cmi,
        mixed_fields=settings.mix_fields or None,
    )


def _weighted_columns(makes: Sequence[ExampleMaker]) -> "dict[str, pa.Array]":
    """Give texts of several sources, in proportion to their weights, as columns; null where a source has none."""
    import pyarrow as pa

    total = sum(make.source.weight for make in makes)
    most = min(FITTED, math.ceil(max(len(make.records) * total / make.source.weight for make in makes)))
    tables = []
    for make in makes:
        number, records = max(1, round(most * make.source.weight / total)), len(make.records)
        tables.append(pa.table(make.columns(place * records // number for place in range(number))))
    table = pa.concat_tables(tables, promote_options="default")
    return {name: table.column(name).combine_chunks() for name in table.column_names}


def require_hit(make: ExampleMaker, several: bool = False) -> None:
    """Raise UserError where nothing of the data is in a dictionary or a file of sentences; warn where little is.

    Looks at the first 1,000 records, and further only until the first hit. A sentence that is not drawn is one too.

    several: of several sources the warning names this one.
    """
    mixer = make.mixer
    if mixer is None:
        return
    message, hits, has_texts = None, 0, False
    for start in range(0, len(make.records), AT_A_TIME):
        columns = make.columns(range(start, min(start + AT_A_TIME, len(make.records))))
        if not columns:  # none of these records is a conversation
            continue
        has_texts = True
        outcomes = mixer.mix_columns(columns, mixed_fields=make.mix_fields or None)[1]
        counts = Counts(*outcomes.sum(axis=0).tolist())
        message = message or complaint(mixer, counts, columns)
        hits += counts.hits or (counts.words > 0 and message is None)
        if hits:
            break
    if not has_texts:
        return  # whoever makes examples says why there are none
    if not hits:
        what = ", ".join(make.mix_fields) or "the data"
        raise UserError(message or f"{what}: has no word to mix; give other data, or --ratio 0")
    if message:
        LOGGER.warning("%s", f"{make.source.name}: {message}" if several else message)


def require_annotated_fields(makes: Sequence[ExampleMaker]) -> None:
    """Raise SettingError where a field that is to be annotated is mixed in no source, or no mixed one is annotated."""
    mixing = [make for make in makes if make.mixer is not None and len(make.records)]
    names: dict[str, None] = {}  # of the first records, for a conversation may have more of them than another
    for make in mixing:
        names |= dict.fromkeys(make.columns(range(min(AT_A_TIME, len(make.records)))))
    for make in mixing[:1]:
        settings = make.mixer.settings if make.mixer else MixingSettings()
        for name in settings.annotate_fields:
            if name not in names:
                reason = f" {name}: no such field in the data; there are {', '.join(names)}"
                raise SettingError(SettingName("annotate_fields"), reason)
        settings.require_annotated(make.mix_fields or names)
