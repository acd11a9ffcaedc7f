"""What the card of an exported model says of mixing."""

import dataclasses

import pytest

from commit_llm.recipes import find_recipe
from commit_llm.train.model_card import mixing_text

WORDS = {"dictionary": ("secret/en-el.txt",)}
SENTENCES = {"sentences": ("secret/pairs.tsv=2",), "sentence_ratio": 0.25}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ratio": 0.0, "surface": "annotate"}, "not code-mixed"),
        (WORDS, "code-mixed at ratio 0.7 with en-el.txt"),
        (
            WORDS | SENTENCES,
            "code-mixed at ratio 0.7 with en-el.txt and at ratio 0.25 of sentences with pairs.tsv",
        ),
        (
            WORDS | {"choice": "frequent", "target_text": ("secret/el.txt",)},
            "code-mixed at ratio 0.7 with en-el.txt, translations by their frequency in el.txt",
        ),
        (
            WORDS | {"surface": "annotate", "draw_language": "example"},
            "code-mixed at ratio 0.7 with en-el.txt, translations behind the words, one language an example",
        ),
    ],
)
def test_mixing(changes, said):
    assert mixing_text(dataclasses.replace(find_recipe("commit"), **changes)) == said
