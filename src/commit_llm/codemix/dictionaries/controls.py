"""Take the meaning out of a dictionary, to tell what mixing itself does from what translations do."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from commit_llm.codemix.dictionaries.cleaning import CleanDictionary
from commit_llm.codemix.randomness import fold, hash64, permutation, text64
from commit_llm.errors import SettingError, SettingName

SHUFFLED, RANDOM = 0x5348_4654, 0x524E_444D  # keep the controls' draws apart from the mixer's


def controlled(dictionary: CleanDictionary, control: Literal["shuffled", "random"], seed: int) -> CleanDictionary:
    """Permute the translations of a dictionary among its words, or turn them into random letters.

    Which words can be replaced stays the same, and so do the numbers and the lengths of translations. A letter of
    `random` is drawn from all letters of the dictionary's translations, as often as it occurs there.

    >>> from commit_llm.codemix.dictionaries.fields import Tally
    >>> from commit_llm.codemix.dictionaries.languages import UNKNOWN
    >>> plain = CleanDictionary({"a": ("xy",), "b": ("zw", "v"), "c": ()}, "d", UNKNOWN, Tally())
    >>> controlled(plain, "shuffled", 0).translations
    {'a': ('zw', 'v'), 'b': ('xy',), 'c': ()}
    """
    usable = {word: targets for word, targets in dictionary.translations.items() if targets}
    changed = _shuffled(usable, seed) if control == "shuffled" else _random(usable, seed)
    translations = {word: changed.get(word, ()) for word in dictionary.translations}
    return replace(dictionary, translations=translations, name=f"{dictionary.name} ({control})")


def _shuffled(usable: Mapping[str, tuple[str, ...]], seed: int) -> dict[str, tuple[str, ...]]:
    """Permute the translations among the words, so that no word keeps one of its own.

    Each word takes those of the next one in a cycle over all. Where the two share a translation, the word changes
    places with the first one that leaves both without a translation of their own.

    Raises SettingError where there is no such word.
    """
    words = list(usable)
    order = [words[place] for place in permutation(len(words), seed, SHUFFLED).tolist()]
    giver = dict(zip(order, [*order[1:], *order[:1]], strict=True))

    def shares(word: str, source: str) -> bool:
        return not {word, *usable[word]}.isdisjoint(usable[source])

    for word in order:
        if shares(word, giver[word]):
            fitting = (o for o in order if not shares(word, giver[o]) and not shares(o, giver[word]))
            partner = next(fitting, None)
            if partner is None:
                raise SettingError(
                    SettingName("dictionary_control"),
                    " shuffled: the dictionary has too few different translations; take random, or a larger one",
                )
            giver[word], giver[partner] = giver[partner], giver[word]
    return {word: usable[giver[word]] for word in usable}


def _random(usable: Mapping[str, tuple[str, ...]], seed: int) -> dict[str, tuple[str, ...]]:
    """Put letters drawn from all translations in place of each letter."""
    letters = "".join(target for targets in usable.values() for target in targets).replace(" ", "")

    def word(source: str, index: int, target: str) -> str:
        state = hash64(seed, RANDOM, text64(source), index)
        drawn = (letters[fold(state, place) % len(letters)] for place in range(len(target)))
        return "".join(" " if old == " " else new for old, new in zip(target, drawn, strict=True))

    return {
        source: tuple(word(source, index, target) for index, target in enumerate(targets))
        for source, targets in usable.items()
    }
