"""What happened and what did not, in plain words: every sentence follows from the numbers that were measured."""

import textwrap
from collections.abc import Mapping

from commit_llm.quickstart.measure import ArmScores
from commit_llm.quickstart.world import DICTIONARY
from commit_llm.recipes import find_recipe

FEW = 5.0  # points: of 240 questions, a difference below it may well be chance
MANY = 20.0
LINE = 112


def conclusions(arms: Mapping[str, ArmScores]) -> list[str]:
    """Write the paragraphs, each filled to lines. arms: the scores of alpaca, codemix-naive and commit."""
    alpaca, naive, commit = (arms[arm] for arm in ("alpaca", "codemix-naive", "commit"))
    paragraphs = [
        SETTING,
        f"{carried_over(alpaca, commit)} {without_mixing(alpaca)}",
        template(naive, commit),
        english(alpaca, commit),
        LIMITS,
    ]
    return [textwrap.fill(" ".join(paragraph.split()), LINE, break_on_hyphens=False) for paragraph in paragraphs]


SETTING = (
    "All three started from the same base model and were tuned on the same English questions; no person, context or "
    "question asked here is in any training file, in English or in Greek."
)
LIMITS = (
    f"This is a toy: {len(DICTIONARY)} words, a perfect word-for-word dictionary, a Greek with the word order of "
    "English, one seed. It shows that all parts run on this machine, and what mixing did under these conditions. It "
    "says nothing about real models, real dictionaries or real Greek."
)


def carried_over(alpaca: ArmScores, commit: ArmScores) -> str:
    """Say whether mixing taught the task in Greek."""
    gain = commit.greek.exact_match - alpaca.greek.exact_match
    scores = (
        f"Asked in Greek, commit gets {percent(commit.greek.exact_match)} exactly right, alpaca "
        f"{percent(alpaca.greek.exact_match)}"
    )
    if gain >= MANY:
        return f"{scores}: with a perfect word-for-word dictionary, mixing carries the task over."
    if gain >= FEW:
        return f"{scores}: mixing helps a little, and does not carry the task over as a whole."
    if gain > -FEW:
        return f"{scores}: mixing did not carry the task over here."
    return f"{scores}: mixing made it worse here."


def without_mixing(alpaca: ArmScores) -> str:
    """Say what alpaca does with a Greek question: right in the wrong language, or wrong."""
    greek = alpaca.greek
    if greek.other_language >= FEW:
        return (
            f"alpaca answers {percent(greek.other_language)} of the Greek questions rightly, but in English; "
            f"{percent(greek.latin)} of its answers to them are in Latin letters."
        )
    if greek.either >= FEW:
        return f"Of alpaca's answers to Greek questions, {percent(greek.latin)} are in Latin letters."
    return (
        f"alpaca does not know the answers in English words either ({percent(greek.other_language)}); "
        f"{percent(greek.latin)} of its answers to Greek questions are in Latin letters, "
        f"{percent(greek.target)} in Greek ones."
    )


def template(naive: ArmScores, commit: ArmScores) -> str:
    """Say whether leaving the template in English mattered."""
    difference = commit.greek.exact_match - naive.greek.exact_match
    scores = (
        "Leaving the prompt template in English (commit) or mixing it too (codemix-naive): "
        f"{percent(commit.greek.exact_match)} against {percent(naive.greek.exact_match)} of the Greek questions"
    )
    if abs(difference) < FEW:
        return f"{scores}, no difference to speak of here, with one seed."
    which = "commit" if difference > 0 else "codemix-naive"
    return f"{scores}: {which} is ahead here, by {abs(difference):.0f} points. One seed does not settle it."


def english(alpaca: ArmScores, commit: ArmScores) -> str:
    """Say what mixing did to answers in English."""
    mixed, unmixed = commit.english, alpaca.english
    scores = (
        f"Asked in English, commit gets {percent(mixed.exact_match)} exactly right ({percent(mixed.either)} in either "
        f"language), alpaca {percent(unmixed.exact_match)}."
    )
    if unmixed.either - mixed.either >= FEW:
        scores += " Even with answers in either language counted, mixing cost some of the English questions."
    if mixed.target < FEW:
        return f"{scores} commit still answers English questions in English."
    ratio = percent(100 * find_recipe("commit").highest_ratio)
    often = "all" if mixed.target == 100 else "most" if mixed.target >= 50 else "some"
    return (
        f"{scores} But commit answers {often} English questions in Greek: {percent(mixed.target)} of its answers are "
        f"in Greek letters. In its training data {ratio} of the dictionary's "
        "words were swapped, answers included; to keep answers in English in your own training, try `train "
        "--unmixed-share 0.1`."
    )


def percent(value: float) -> str:
    """Write whole percent, but for what rounding would turn into nothing or into all.

    >>> [percent(value) for value in (0.0, 0.42, 79.17, 99.8, 100.0)]
    ['0 %', '0.4 %', '79 %', '99.8 %', '100 %']
    """
    exact = value in (0.0, 100.0) or 1 <= value <= 99
    return f"{value:.0f} %" if exact else f"{value:.1f} %"
