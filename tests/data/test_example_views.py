"""The first examples of a run: those of training, in their order, with every replaced word where it is."""

import dataclasses
from typing import Any, NamedTuple

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.outcome import Annotation, Outcome, Unit, Word
from commit_llm.codemix.replacement import Replacement
from commit_llm.data.chat.template import TODAY, ChatTemplate
from commit_llm.data.decoding import Piece
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.example_views import view_examples
from commit_llm.data.examples import NoExample
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.loader import open_examples, training_examples
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.recipes import find_recipe
from tests.data.chat.templates import SPECIALS, STOPS, TEMPLATES, conversation
from tests.data.tokenizer_folders import write_bytes_tokenizer

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
    return load_tokenizer(request.getfixturevalue("lossless"))


class Opened(NamedTuple):
    """A recipe, and the maker of its examples."""

    recipe: Any
    make: Any


def opened(tokenizer, name, records=None, mixed=True, **changes):
    recipe = dataclasses.replace(find_recipe(name), **changes)
    mixer = CodeMixer(BilingualDictionary.from_pairs(PAIRS), ratio=1.0, style=recipe.style) if mixed else None
    records = records or (RECORDS if recipe.form == "instruction" else DOCUMENTS)
    return Opened(recipe, open_examples(recipe, records, tokenizer, mixer))


def views_of(source, *numbers, **limits):
    return view_examples(source.recipe, [source.make], *numbers, **limits)


def text_of(parts):
    return "".join(piece.text for part in parts for piece in part.pieces if not piece.special)


def marked(parts):
    return [(piece.original, piece.text) for part in parts for piece in part.pieces if piece.original is not None]


def replaced_words(make, index):
    """The originals of the replaced words, in the order of the texts that are encoded."""
    texts = make.form.texts(make.records[index], index)
    words = make.mixer.explain(texts, row=index)
    return [texts[name][word.start : word.end] for name in texts for word in words[name] if word.translation]


@pytest.mark.parametrize("name", RECIPES)
def test_all_that_is_trained(tokenizer, name):
    """The tokens of training itself: their number, how many are trained, their text; and every replaced word."""
    source = opened(tokenizer, name)
    views = views_of(source, 3)
    texts = len(RECORDS) if source.recipe.form == "instruction" else 2 if name == "align" else 3
    assert len(views.decoded) == len(views.explained) == texts
    assert (views.left_out, views.complete) == (0, True)
    order = training_examples(*source)
    in_order = [order.index(n) for n in range(order.num_records) if not isinstance(order[n], NoExample)]
    assert [view.record for view in views.decoded] == in_order
    for view in views.decoded:
        tokens, mask, *_ = source.make(0, view.record)
        assert sum(part.tokens for part in view.parts) == len(tokens)
        assert sum(part.tokens for part in view.parts if part.trained) == mask.sum()
        assert [part.trained for part in view.parts][1:] == [not part.trained for part in view.parts][:-1]
        special = [piece.text for part in view.parts for piece in part.pieces if piece.special]
        assert special == [name for token in tokens for name, id in tokenizer.specials.items() if id == token]
        assert "\ufffd" not in text_of(view.parts)
        assert view.placed == view.replaced[Replacement()]
        # The original's mask may cut a word in two: each half has the original.
        for original, written in marked(view.parts):
            assert written.lower() in dict(PAIRS)[original.lower()]
        assert "".join(written for _, written in marked(view.parts)).lower() == "".join(
            dict(PAIRS)[word.lower()] for word in replaced_words(source.make, view.record)
        )
    assert sum(view.placed for view in views.decoded) > 2


def test_the_template_is_told_from_the_fields(tokenizer):
    """`instruction` stands in the template and in a field: each is marked where it was replaced, and only there."""
    template, field = [("instruction", "οδηγία"), ("Instruction", "Οδηγία")], [("instruction", "οδηγία")]
    for name, words in (("commit", field), ("codemix-naive", template + field)):
        parts = views_of(opened(tokenizer, name, [RECORDS[1]]), 1).decoded[0].parts
        assert marked(parts) == [*words, ("cat", "γάτα")]
        assert ("is an instruction that" in text_of(parts)) == (name == "commit")


def test_parts(llama):
    parts = views_of(opened(llama, "commit", [RECORDS[1]]), 1).decoded[0].parts
    prompt, answer = parts
    assert (prompt.trained, answer.trained) == (False, True)
    assert prompt.pieces[0] == Piece("<s>", special=True)
    assert answer.pieces == (Piece(" "), Piece("γάτα", original="cat"), Piece("</s>", special=True))
    assert answer.tokens == len(llama.encode("γάτα")) + 1
    # The original trains all of the answer but its first token.
    one, *others = views_of(opened(llama, "commit-2024", [RECORDS[1]]), 1).decoded[0].parts
    assert len(others) == 1
    assert others[0].tokens == answer.tokens - 1 or text_of([one]).endswith(":γ")


@dataclasses.dataclass(frozen=True)
class Changing:
    """A tokenizer of code points that changes the text."""

    change: object

    def encode(self, text):
        return [ord(character) + 10 for character in self.change(text)]

    def decode(self, ids):
        return "".join(chr(number - 10) for number in ids)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: " ".join(text.split()), WORDS),
        # Elsewhere a word is told by its surroundings; a word that was changed itself, or stands beside it, is not.
        (lambda text: text.replace("狗", "dog"), ["lives", "dog", "dog", "lives", "dog", "sea"]),
        (lambda text: text.replace("σκύλος", "Σκύλος"), ["lives", "lives", "sea", "sea"]),
        (lambda text: text.replace("near", "by"), ["lives", "dog", "dog", "sea"]),
        (lambda text: "".join(reversed(text)), []),
    ],
)
def test_a_tokenizer_that_changes_texts(llama, change, words):
    """A word is marked where it is, or not at all."""
    changing = dataclasses.replace(llama, vocab_size=1 << 21, specials={}, library=Changing(change))
    (view,) = views_of(opened(changing, "commit", [RECORDS[0]]), 1).decoded
    assert (view.replaced[Replacement()], view.placed) == (len(WORDS), len(words))
    assert [original for original, _ in marked(view.parts)] == words
    assert set(marked(view.parts)) <= set(PAIRS)


def test_a_word_that_may_be_in_several_places(llama):
    """The end was changed: of the words that look alike with all that is around them none is marked."""
    changing = dataclasses.replace(
        llama, vocab_size=1 << 21, specials={}, library=Changing(lambda text: text.replace("狗", "x"))
    )
    (view,) = views_of(opened(changing, "align", [{"text": "the " + "dog " * 12 + "狗"}]), 1).decoded
    places, text = [], ""
    for piece in (piece for part in view.parts for piece in part.pieces if not piece.special):
        places += [len(text)] if piece.original else []
        text += piece.text
    assert text == "the " + "σκύλος " * 12 + "x"
    assert view.placed == len(places) < 6
    assert places == sorted(set(places))
    assert all(text.startswith("σκύλος", place) for place in places)


def test_any_character_may_stand_in_a_text(llama):
    """Those too that Unicode keeps for a program's own use."""
    (view,) = views_of(opened(llama, "align", [{"text": "the dog \ufdd0 \ufdd1dog\ufdd2"}]), 1).decoded
    assert (view.replaced, marked(view.parts)) == ({Replacement(): 2}, [("dog", "σκύλος")] * 2)
    assert "σκύλος \ufdd0 \ufdd1" in text_of(view.parts)


def test_nothing_is_mixed(tokenizer):
    views = views_of(opened(tokenizer, "alpaca", mixed=False), 2)
    assert [view.replaced for view in views.decoded] == [{}, {}]
    assert all(words is None for row in views.explained for _, words in row.values())


def test_only_some_fields_are_mixed(llama):
    (view,) = views_of(opened(llama, "commit", [RECORDS[0]], mix_fields=("output",)), 1).decoded
    assert [original for original, _ in marked(view.parts)] == ["dog", "sea"]


def test_what_is_longer_than_a_row_is_passed_over(llama):
    for changes, shown, left_out in (({}, 2, 1), ({"split_long": True}, 3, 0)):
        views = views_of(opened(llama, "commit", seq_len=80, **changes), 8)
        assert (len(views.decoded), len(views.explained), views.left_out) == (shown, shown, left_out)


@pytest.mark.parametrize(
    ("decoded", "limits", "numbers"),
    [
        (2, {"examples": 4}, (2, 4, False)),
        (6, {"examples": 4}, (6, 4, False)),
        (2, {"characters": 15}, (2, 3, False)),
        (20, {}, (9, 9, True)),
    ],
)
def test_how_much_is_looked_at(llama, decoded, limits, numbers):
    views = views_of(opened(llama, "align", [{"text": "the dog"}] * 9), decoded, **limits)
    assert (len(views.decoded), len(views.explained), views.complete) == numbers


def test_held_out_examples_are_not_shown(llama):
    source = opened(llama, "align", [{"text": f"dog {n}"} for n in range(40)], held_out_share=0.3)
    shown = {view.record for view in views_of(source, 99).decoded}
    assert shown == set(training_examples(*source).indices.tolist())
    assert len(shown) < 40


class MixerByHand(NamedTuple):
    """A mixer that mixes as it is told: of each field, what is replaced, by what, and how."""

    swaps: dict[str, list[tuple[str, str, dict[str, Any]]]]
    unspaced: bool = False

    def explain(self, texts, **place):
        return {
            name: [
                Word(text.index(part), text.index(part) + len(part), Outcome.REPLACED, translation, **more)
                for part, translation, more in self.swaps.get(name, [])
            ]
            for name, text in texts.items()
        }


def test_sentences_phrases_and_annotations(tokenizer):
    """A sentence is marked as a whole, and of an annotated word what stands behind it."""
    record = {"instruction": "Where lives a polar bear?", "input": "A dog (or a cat) lives.  It runs.", "output": "sea"}
    mixer = MixerByHand(
        {
            "instruction": [("polar bear", "πολική αρκούδα", {"unit": Unit.PHRASE, "words": 2})],
            "input": [
                ("dog", "σκύλος", {"annotation": Annotation.BRACKETS}),
                ("cat", "γάτα", {"annotation": Annotation.COMMA}),
                ("It runs.", "Αυτό τρέχει, και  τρέχει.", {"unit": Unit.SENTENCE, "words": 2}),
            ],
            "output": [("sea", "θάλασσα", {})],
        }
    )
    recipe, make = opened(tokenizer, "commit", [record])
    (view,) = view_examples(recipe, [dataclasses.replace(make, mixer=mixer)], 1).decoded
    assert marked(view.parts) == [
        ("polar bear", "πολική αρκούδα"), ("dog", "(σκύλος)"), ("cat", "γάτα"),
        ("It runs.", "Αυτό τρέχει, και  τρέχει."), ("sea", "θάλασσα"),
    ]  # fmt: skip
    ways = [piece.way for part in view.parts for piece in part.pieces if piece.original]
    assert ways == [
        Replacement(Unit.PHRASE), Replacement(annotated=True), Replacement(annotated=True), Replacement(Unit.SENTENCE),
        Replacement(),
    ]  # fmt: skip
    assert "A dog (σκύλος) (or a cat, γάτα) lives.  Αυτό" in text_of(view.parts)
    assert view.placed == sum(view.replaced.values()) == 5
    assert view.replaced[Replacement(annotated=True)] == 2


TALK = conversation(
    ("s", "The dog is kind."),
    ("u", " Where lives the dog?\n"),
    ("a", "\n The dog: near the sea 狗. "),
    ("u", "dog"),
    ("a", "a dog-cat"),
)
NARRATOR = {"messages": [{"role": "narrator", "content": "dog"}]}
MARKED = [
    ("lives", "μένει"), ("dog", "σκύλος"), ("dog", "σκύλος"), ("sea", "θάλασσα"), ("dog", "σκύλος"), ("dog", "σκύλος"),
    ("cat", "γάτα"),
]  # fmt: skip


@pytest.fixture(scope="module")
def turns(tmp_path_factory):
    """A tokenizer of bytes that has the tokens of the templates."""
    specials = ("<unk>", "<s>", "</s>", "<end>", "<turn>")
    folder = tmp_path_factory.mktemp("turns")
    return load_tokenizer(write_bytes_tokenizer(folder, None, dict(SPECIALS), specials))


@pytest.mark.parametrize("name", ["turns", "default system", "headers", "brackets", "thinking"])
def test_the_messages_of_a_conversation(turns, name):
    """Each answer is a part of its own, and every word is marked that is replaced there; the system's never is."""
    form = ChatForm(ChatTemplate(TEMPLATES[name], name, SPECIALS, tuple(STOPS), TODAY))
    mixer = CodeMixer(BilingualDictionary.from_pairs(PAIRS), ratio=1.0)
    records = [{"messages": TALK[1:] if name == "brackets" else TALK}, NARRATOR]
    views = view_examples(find_recipe("commit"), [ExampleMaker(form, records, turns, mixer)], 2)
    (view,) = views.decoded
    assert (view.record, len(views.explained), view.placed) == (0, 1, len(MARKED))
    assert marked(view.parts) == MARKED
    literals = {number: literal for literal, number in turns.specials.items()}
    example = form.encode(turns, records[0], mixer.mix_example(form.texts(records[0], 0), row=0).texts)
    specials = [literals[token] for token in example.tokens.tolist() if token in literals]
    assert [piece.text for part in view.parts for piece in part.pieces if piece.special] == specials
    assert sum(part.tokens for part in view.parts) == len(example.tokens)
    answers = [part for part in view.parts if part.trained]
    assert sum(part.tokens for part in answers) == example.loss_mask.sum()
    said = [text_of([part]).strip() for part in answers]
    thought = "<think>\n\n</think>\n\n" if name == "thinking" else ""  # of the last answer, which a model writes
    assert said == ["The σκύλος: near the θάλασσα 狗.", f"{thought}a σκύλος-γάτα"]
    assert all(part.pieces[-1].special for part in answers)
