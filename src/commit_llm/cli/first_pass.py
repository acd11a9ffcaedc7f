"""The first pass of commands that mix: the ratio that gives the amount of mixing asked for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from commit_llm.codemix.settings import MixingSettings

if TYPE_CHECKING:
    from commit_llm.codemix import CodeMixer


def fitted(
    settings: MixingSettings, mixer: "CodeMixer", input: Path, fields: tuple[str, ...]
) -> tuple["CodeMixer", str | None]:
    """The mixer, and what was requested and reached where the settings ask for an amount.

    Looks at examples from all over the file. Raises UserError where the amount cannot be reached.
    """
    if not settings.asks_for_amount:
        return mixer, None
    from commit_llm.data.excerpts import sample_columns
    from commit_llm.data.mix_records import Fields

    print("looking for the ratio", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)
    fit = mixer.fit(
        sample_columns(input, Fields(fields, settings.mix_fields)),
        target_share=settings.target_share,
        target_cmi=settings.target_cmi,
        mixed_fields=settings.mix_fields or None,
    )
    if settings.target_share is not None:
        amounts = [f"{100 * amount:.1f} %" for amount in (fit.requested, fit.reached, fit.highest)]
        what = "of the words"
    else:
        amounts = [f"{amount:.1f}" for amount in (fit.requested, fit.reached, fit.highest)]
        what = "mean code-mixing index"
    requested, reached, highest = amounts
    told = f"requested {requested} {what}; the first pass reached {reached} at ratio {fit.mixer.ratio:g}"
    return fit.mixer, f"{told} (at most {highest})"
