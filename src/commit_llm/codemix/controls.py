"""Dictionaries without meaning, to tell what mixing itself does from what translations do."""

from collections.abc import Mapping
from typing import Literal

from commit_llm.codemix.cleaning import CleanDictionary
from commit_llm.codemix.randomness import fold, hash64, permutation, text64

SHUFFLED, RANDOM = 0x5348_4654, 0x524E_444D  # keep the controls' draws apart from the mixer's


def controlled(dictionary: CleanDictionary, control: Literal["shuffled", "random"], seed: int) -> CleanDictionary:
    """The dictionary with its translations permuted among its words, or turned into random letters.

    Which words can be replaced stays the same, and so do the numbers and the lengths of translations. A letter of
    `random` is drawn from all letters of the dictionary's translations, as often as it occurs there.

    >>> plain = CleanDictionary({"a": ("xy",), "b": ("zw", "v"), "c": ()}, "d", {}, {})
    >>> controlled(plain, "shuffled", 0).translations
    {'a': ('zw', 'v'), 'b': ('xy',), 'c': ()}
    """
    usable = {word: targets for word, targets in dictionary.translations.items() if targets}
    changed = _shuffled(usable, seed) if control == "shuffled" else _random(usable, seed)
    translations = {word: changed.get(word, ()) for word in dictionary.translations}
    return CleanDictionary(translations, f"{dictionary.name} ({control})", dictionary.dropped, dictionary.examples)


def _shuffled(usable: Mapping[str, tuple[str, ...]], seed: int) -> dict[str, tuple[str, ...]]:
    """Each word takes the translations of the next one in a cycle over all, so that none keeps its own."""
    words = list(usable)
    order = permutation(len(words), seed, SHUFFLED).tolist()
    return {words[one]: usable[words[two]] for one, two in zip(order, [*order[1:], *order[:1]], strict=True)}


def _random(usable: Mapping[str, tuple[str, ...]], seed: int) -> dict[str, tuple[str, ...]]:
    letters = "".join(target for targets in usable.values() for target in targets).replace(" ", "")

    def word(source: str, index: int, target: str) -> str:
        state = hash64(seed, RANDOM, text64(source), index)
        drawn = (letters[fold(state, place) % len(letters)] for place in range(len(target)))
        return "".join(" " if old == " " else new for old, new in zip(target, drawn, strict=True))

    return {
        source: tuple(word(source, index, target) for index, target in enumerate(targets))
        for source, targets in usable.items()
    }
