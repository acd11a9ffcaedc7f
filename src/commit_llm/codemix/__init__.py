"""Code-mixing: dictionaries, words, and the mixer. Imports nothing else of ours, and no jax.

A name of `__all__` is imported when it is first asked for: recipes need the settings alone, and quickly.
"""

from typing import TYPE_CHECKING

from commit_llm import lazy_names

__all__ = [
    "BilingualDictionary",
    "CodeMixer",
    "Counts",
    "Fit",
    "Mixed",
    "MixedExample",
    "MixingMetrics",
    "MixingSettings",
    "Outcome",
    "RatioSchedule",
    "SentencePairs",
    "Word",
    "fit_ratio",
    "mixing_metrics",
    "tags_of_words",
]

if TYPE_CHECKING:
    from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
    from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
    from commit_llm.codemix.fit import Fit, fit_ratio
    from commit_llm.codemix.metrics import MixingMetrics, mixing_metrics, tags_of_words
    from commit_llm.codemix.mixer import CodeMixer
    from commit_llm.codemix.outcome import Counts, Mixed, MixedExample, Outcome, Word
    from commit_llm.codemix.ratio_schedule import RatioSchedule
    from commit_llm.codemix.settings import MixingSettings
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            **dict.fromkeys(__all__, f"{__name__}.outcome"),
            "BilingualDictionary": f"{__name__}.dictionaries.dictionary",
            "CodeMixer": f"{__name__}.mixer",
            "MixingSettings": f"{__name__}.settings",
            "SentencePairs": f"{__name__}.dictionaries.sentence_pairs",
            "RatioSchedule": f"{__name__}.ratio_schedule",
            **dict.fromkeys(["Fit", "fit_ratio"], f"{__name__}.fit"),
            **dict.fromkeys(["MixingMetrics", "mixing_metrics", "tags_of_words"], f"{__name__}.metrics"),
        },
    )
