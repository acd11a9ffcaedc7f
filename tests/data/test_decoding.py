"""Examples decoded for people: all of the tokens, the right parts, and replaced words where they are."""

import dataclasses

import numpy as np
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.decoding import Piece, decode_parts
from commit_llm.data.example_views import ORIGINAL, look
from commit_llm.data.examples import Example
from commit_llm.data.loader import ExampleMaker, training_examples
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.recipes import find_recipe

PAIRS = [("dog", "σκύλος"), ("cat", "γάτα"), ("lives", "μένει"), ("instruction", "οδηγία"), ("sea", "θάλασσα")]
RECORDS = [
    {"instruction": "Where lives the dog?", "input": "The dog lives\n\nnear  a sea 狗.", "output": "dog, near the sea"},
    {"instruction": "instruction", "input": "", "output": "cat"},
    {"instruction": "a dog-cat <s> dog", "output": "dog <unk> cat"},
]  # fmt: skip
WORDS = ["lives", "dog", "dog", "lives", "sea", "dog", "sea"]  # of the first record that are replaced
DOCUMENTS = [{"text": "The dog lives near the sea."}, {"text": "  "}, {"text": "狗 cat\tcat"}]
RECIPES = ["commit", "codemix-naive", "align", "commit-2024", "codemix-naive-2024", "align-2024"]


@pytest.fixture(params=["llama", "byte-level"])
def tokenizer(request):
    if request.param == "llama":
        return request.getfixturevalue("llama")
    return load_tokenizer(request.getfixturevalue("example") / "model")


def maker(tokenizer, name, records=None, mixed=True, **changes):
    recipe = dataclasses.replace(find_recipe(name), **changes)
    mixer = CodeMixer(BilingualDictionary.from_pairs(PAIRS), ratio=1.0, style=recipe.style) if mixed else None
    return ExampleMaker(recipe, records or (RECORDS if recipe.form == "instruction" else DOCUMENTS), tokenizer, mixer)


def text_of(parts):
    return "".join(piece.text for part in parts for piece in part.pieces if not piece.special)


def marked(parts):
    return [(piece.original, piece.text) for part in parts for piece in part.pieces if piece.original is not None]


def replaced_words(make, row):
    """The originals of the replaced words, in the order of the texts that are encoded."""
    found = []

    def mix(texts):
        words = make.mixer.explain(texts, row=row)
        found.extend(texts[name][w.start : w.end] for name in texts for w in words[name] if w.translation)
        return texts

    make.texts(row, mix)
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_all_that_is_trained(tokenizer, name):
    """The tokens of training itself: their number, how many are trained, their text; and every replaced word."""
    make = maker(tokenizer, name)
    looked = look(make, 3)
    texts = len(RECORDS) if make.settings.form == "instruction" else 2 if name == "align" else 3
    assert len(looked.samples) == len(looked.rows) == texts
    assert (looked.left_out, looked.complete) == (0, True)
    order = training_examples(make)
    in_order = [order.row(n) for n in range(order.num_records) if order[n] is not None]
    assert [sample.row for sample in looked.samples] == in_order
    for sample in looked.samples:
        tokens, mask = make(0, sample.row)
        assert sum(part.tokens for part in sample.parts) == len(tokens)
        assert sum(part.tokens for part in sample.parts if part.trained) == mask.sum()
        assert [part.trained for part in sample.parts][1:] == [not part.trained for part in sample.parts][:-1]
        special = [piece.text for part in sample.parts for piece in part.pieces if piece.special]
        assert special == [name for token in tokens for name, id in tokenizer.specials.items() if id == token]
        assert "\ufffd" not in text_of(sample.parts)
        assert sample.placed == sample.replaced
        # The original's mask may cut a word in two: each half has the original.
        for original, written in marked(sample.parts):
            assert written.lower() in dict(PAIRS)[original.lower()]
        assert "".join(written for _, written in marked(sample.parts)).lower() == "".join(
            dict(PAIRS)[word.lower()] for word in replaced_words(make, sample.row)
        )
    assert sum(sample.replaced for sample in looked.samples) > 2


def test_the_template_is_told_from_the_fields(tokenizer):
    """`instruction` stands in the template and in a field: each is marked where it was replaced, and only there."""
    template, field = [("instruction", "οδηγία"), ("Instruction", "Οδηγία")], [("instruction", "οδηγία")]
    for name, found in (("commit", field), ("codemix-naive", template + field)):
        parts = look(maker(tokenizer, name, [RECORDS[1]]), 1).samples[0].parts
        assert marked(parts) == [*found, ("cat", "γάτα")]
        assert ("is an instruction that" in text_of(parts)) == (name == "commit")


def test_parts(llama):
    parts = look(maker(llama, "commit", [RECORDS[1]]), 1).samples[0].parts
    prompt, answer = parts
    assert (prompt.trained, answer.trained) == (False, True)
    assert prompt.pieces[0] == Piece("<s>", special=True)
    assert answer.pieces == (Piece(" "), Piece("γάτα", original="cat"), Piece("</s>", special=True))
    assert answer.tokens == len(llama.encode("γάτα")) + 1
    # The original trains all of the answer but its first token.
    one, *others = look(maker(llama, "commit-2024", [RECORDS[1]]), 1).samples[0].parts
    assert len(others) == 1
    assert others[0].tokens == answer.tokens - 1 or text_of([one]).endswith(":γ")


def test_a_character_that_the_mask_cuts_through(llama):
    tokens = llama.encode("a 狗 b")
    (place,) = [n for n in range(len(tokens) - 2) if tokens[n] == llama.encode("狗")[1]]
    for cut, first, second in ((place, "a ", "狗 b"), (place + 1, "a ", "狗 b"), (place + 3, "a 狗", " b")):
        mask = np.arange(len(tokens)) >= cut
        parts, _ = decode_parts(Example(np.array(tokens, np.int32), mask.astype(np.float32)), llama)
        assert [text_of([part]) for part in parts] == [first, second]
        assert [part.tokens for part in parts] == [cut, len(tokens) - cut]


def test_half_a_character(llama):
    """Tokens that decode to no character at all are counted, and break nothing."""
    tokens = llama.encode("狗")[:3]
    ((part,), _) = decode_parts(Example(np.array(tokens, np.int32), np.zeros(3, np.float32)), llama)
    assert part.tokens == 3
    assert decode_parts(Example(np.zeros(0, np.int32), np.zeros(0, np.float32)), llama) == ([], 0)


@dataclasses.dataclass(frozen=True)
class Changing:
    """A tokenizer of code points that changes the text."""

    change: object

    def encode(self, text):
        return [ord(character) + 10 for character in self.change(text)]

    def decode(self, ids):
        return "".join(chr(number - 10) for number in ids)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda text: " ".join(text.split()), WORDS),
        # Elsewhere a word is told by its surroundings; a word that was changed itself, or stands beside it, is not.
        (lambda text: text.replace("狗", "dog"), ["lives", "dog", "dog", "lives", "dog", "sea"]),
        (lambda text: text.replace("σκύλος", "Σκύλος"), ["lives", "lives", "sea", "sea"]),
        (lambda text: text.replace("near", "by"), ["lives", "dog", "dog", "sea"]),
        (lambda text: "".join(reversed(text)), []),
    ],
)
def test_a_tokenizer_that_changes_texts(llama, change, found):
    """A word is marked where it is, or not at all."""
    changing = dataclasses.replace(llama, vocab_size=1 << 21, specials={}, pieces=Changing(change))
    (sample,) = look(maker(changing, "commit", [RECORDS[0]]), 1).samples
    assert (sample.replaced, sample.placed) == (len(WORDS), len(found))
    assert [original for original, _ in marked(sample.parts)] == found
    assert set(marked(sample.parts)) <= set(PAIRS)


def test_a_word_that_may_be_in_several_places(llama):
    """The end was changed: of the words that look alike with all that is around them none is marked."""
    changing = dataclasses.replace(
        llama, vocab_size=1 << 21, specials={}, pieces=Changing(lambda text: text.replace("狗", "x"))
    )
    (sample,) = look(maker(changing, "align", [{"text": "the " + "dog " * 12 + "狗"}]), 1).samples
    places, text = [], ""
    for piece in (piece for part in sample.parts for piece in part.pieces if not piece.special):
        places += [len(text)] if piece.original else []
        text += piece.text
    assert text == "the " + "σκύλος " * 12 + "x"
    assert sample.placed == len(places) < 6
    assert places == sorted(set(places))
    assert all(text.startswith("σκύλος", place) for place in places)


def test_texts_that_hold_our_signs(llama):
    (sample,) = look(maker(llama, "align", [{"text": f"the dog {ORIGINAL}"}]), 1).samples
    assert (sample.replaced, marked(sample.parts)) == (1, [])
    assert f"σκύλος {ORIGINAL}" in text_of(sample.parts)


def test_nothing_is_mixed(tokenizer):
    looked = look(maker(tokenizer, "alpaca", mixed=False), 2)
    assert [sample.replaced for sample in looked.samples] == [0, 0]
    assert all(words is None for row in looked.rows for _, words in row.values())


def test_only_some_fields_are_mixed(llama):
    (sample,) = look(maker(llama, "commit", [RECORDS[0]], mix_fields=("output",)), 1).samples
    assert [original for original, _ in marked(sample.parts)] == ["dog", "sea"]


def test_what_is_longer_than_a_row_is_passed_over(llama):
    for changes, shown, left_out in (({}, 2, 1), ({"split_long": True}, 3, 0)):
        looked = look(maker(llama, "commit", seq_len=80, **changes), 8)
        assert (len(looked.samples), len(looked.rows), looked.left_out) == (shown, shown, left_out)


def test_how_much_is_looked_at(llama):
    make = maker(llama, "align", [{"text": "the dog"}] * 9)
    assert [(len(found.samples), len(found.rows), found.complete) for found in (
        look(make, 2, examples=4), look(make, 6, examples=4), look(make, 2, characters=15), look(make, 20),
    )] == [(2, 4, False), (6, 4, False), (2, 3, False), (9, 9, True)]  # fmt: skip


def test_held_out_examples_are_not_shown(llama):
    make = maker(llama, "align", [{"text": f"dog {n}"} for n in range(40)], held_out_share=0.3)
    shown = {sample.row for sample in look(make, 99).samples}
    assert shown == set(training_examples(make).rows.tolist())
    assert len(shown) < 40
