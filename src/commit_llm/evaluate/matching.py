"""Whether a model tells the questions of a paragraph apart: each pair of them with its right answers, or swapped.

Which candidate is the likeliest depends on how candidates look, too: a number costs a model more a character than a
name. In a pair each answer and each question stands on both sides, so that nothing but their fit is left:

    log p(a | q) + log p(b | r)  >  log p(b | q) + log p(a | r)        a, b: the right answers of the questions q, r
"""

from collections import defaultdict
from collections.abc import Sequence

from commit_llm.evaluate.candidates import RankedQuestion

CHANCE = 0.5


def matched(items: Sequence[RankedQuestion], log_likelihoods: Sequence[Sequence[float]]) -> list[float] | None:
    """Give the share of each question's pairs that a model matches rightly, in [0, 1]; None where there is no pair.

    A pair are two questions of a context that are both asked and have different right answers. A tie is not right. A
    question without a pair counts as chance.

    log_likelihoods: of each item's candidates.
    """
    of_context: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        of_context[item.context_id].append(place)
    shares, any_pair = [CHANCE] * len(items), False
    for places in of_context.values():
        for one in places:
            right = items[one].right
            pairs = [
                log_likelihoods[one][right] + log_likelihoods[other][items[other].right]
                > log_likelihoods[one][items[other].right] + log_likelihoods[other][right]
                for other in places
                if items[other].right != right
            ]
            if pairs:
                shares[one], any_pair = sum(pairs) / len(pairs), True
    return shares if any_pair else None
