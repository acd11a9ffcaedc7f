"""Make the first pass of commands that mix: find the ratio that gives the amount of mixing asked for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from commit_llm.cli.lines import say
from commit_llm.data.mixing_flags import MixingFlags

if TYPE_CHECKING:
    from commit_llm.codemix import CodeMixer
    from commit_llm.data.mixed_fields import Fields


def fitted(flags: MixingFlags, mixer: "CodeMixer", input: Path, fields: "Fields") -> tuple["CodeMixer", str | None]:
    """Give the mixer, and what was requested and reached where the flags ask for an amount.

    Reads examples from all over the file. Raises UserError where the amount cannot be reached.
    """
    if not flags.asks_for_amount:
        return mixer, None
    from commit_llm.codemix.fit import fit_ratio
    from commit_llm.data.excerpts import sample_columns

    say("looking for the ratio", end="\r" if sys.stderr.isatty() else "\n", to_stderr=True)
    fit = fit_ratio(
        mixer,
        sample_columns(input, fields),
        target_share=flags.target_share,
        target_cmi=flags.target_cmi,
        mixed_fields=flags.mix_fields or None,
    )
    if flags.target_share is not None:
        amounts = [f"{100 * amount:.1f} %" for amount in (fit.requested, fit.reached, fit.highest)]
        what = "of the words"
    else:
        amounts = [f"{amount:.1f}" for amount in (fit.requested, fit.reached, fit.highest)]
        what = "mean code-mixing index"
    requested, reached, highest = amounts
    ratio = f"{fit.ratio:g}"
    return fit.mixer, (
        f"requested {requested} {what}; the first pass reached {reached} at ratio {ratio} (at most {highest})"
    )
