"""What holds for any text whatever: nothing raises, nothing outside the replaced words moves, all paths agree."""

import re
from collections import Counter
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts, Outcome

LATIN = BilingualDictionary.from_pairs(
    [
        ("dog", "σκύλος"),
        ("dog", "σκυλί"),
        ("the", "ο"),
        ("will", "θα"),
        ("don't", "μην"),
        ("café", "καφές"),
        ("ﬁsh", "ψάρι"),
        ("straße", "οδός"),
        ("i", "εγώ"),
        ("a", "ένα"),
        ("a", "a"),
        ("dna", "dna"),
        ("new york", "νέα υόρκη"),
        ("u.s.", "ηπα"),
        ("ice", "πάγος του βουνού"),
    ],
    "en-el",
)
THAI = BilingualDictionary.from_pairs(
    [("แมว", "cat"), ("ดำ", "black"), ("ประเทศ", "country"), ("ไทย", "thai"), ("ที่", "that"), ("น้ำ", "water")], "th-en"
)
# What breaks word finding: case, marks, joiners, byte-order marks, other directions, ends of lines, code, braces.
SNIPPETS = [
    *(word for dictionary in (LATIN, THAI) for word in dictionary.translations),
    *("Dog", "DOG", "The", "THE", "Will", "WILL", "Don't", "don’t", "DON'T", "cafe\u0301", "CAFÉ", "İ", "ŉ", "ǅ", "ß"),
    *("\u0301", "\u0e48", "\u200c", "\u200d", "\ufeff", "\u200f", "\u202e", "\U0001f468", "\U00010400", "\ufdfa", "ﬀ"),
    *("שלום", "مرحبا", "漢字かな", "ภาษา", "ລາວ", "ខ្មែរ", "မြန်မာ", "१२", "٣", "𝐝𝐨𝐠", "ｄｏｇ", "1", "b2b", "x_y", "_"),
    *(" ", "  ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\x85", "\x00", "\x1c"),
    *(".", ". ", "! ", "? ", '." ', "...", "…", "—", "-", "/", "'", "’", '"', "(", ")", "<", ">"),
    *(
        "`",
        "``",
        "```",
        "```\n",
        "~~~",
        "~~~\n",
        "$",
        "$$",
        "\\$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\begin{a}",
        "\\end{a}",
    ),
    *("{", "}", "{{", "}}", "{x}", "\\x{", "http://", "https://a.b/c?d", "www.", "a@b.c", "@"),
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(SNIPPETS), max_size=24).map("".join),
    st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=4)), max_size=16).map("".join),
    st.lists(st.sampled_from([*SNIPPETS[:20], "Dog", "The"]), max_size=16).map(" ".join),
    st.text(),
)
FEWER = settings(max_examples=50)  # of each way to mix
EXAMPLES = st.fixed_dictionaries({"instruction": TEXTS, "input": TEXTS, "output": TEXTS})
SETTINGS = [
    (dictionary, style, draw, all_capitals)
    for dictionary in (LATIN, THAI)
    for style, draw, all_capitals in [
        ("clean", "type", False),
        ("clean", "type", True),
        ("clean", "occurrence", False),
        ("clean", "occurrence", True),
        ("original", "occurrence", False),
    ]
]
NAMES = [f"{d.name}-{style}-{draw}-{'capitals' if capitals else 'names'}" for d, style, draw, capitals in SETTINGS]


@pytest.fixture(scope="module", params=SETTINGS, ids=NAMES)
def make(request):
    """A function from ratio to mixer; the mixers are made once, for all the texts that are tried."""
    dictionary, style, draw, all_capitals = request.param
    made = {
        ratio: CodeMixer(dictionary, ratio=ratio, style=style, draw=draw, all_capitals=all_capitals, seed=7)
        for ratio in (0.0, 0.5, 1.0)
    }
    return made.__getitem__


def arrow(examples):
    return {field: pa.array([one[field] for one in examples], pa.string()) for field in examples[0]}


@FEWER
@given(texts=EXAMPLES, row=st.integers(0, 2**40))
def test_ratio_zero_is_the_identity(make, texts, row):
    mixer = make(0.0)
    assert mixer.mix_example(texts, row=row).texts == texts
    assert {field: mixer.mix(text, row=row).text for field, text in texts.items()} == texts
    mixed, counts = mixer.mix_columns(arrow([texts]), first_row=row)
    assert {field: column.to_pylist() for field, column in mixed.items()} == {f: [t] for f, t in texts.items()}
    assert counts[0][Outcome.REPLACED] == 0


@FEWER
@given(texts=EXAMPLES, row=st.integers(0, 2**40), ratio=st.sampled_from([0.5, 1.0]))
@example(texts={"instruction": "The dog. Dog", "input": "แมวดำ", "output": "```dog"}, row=0, ratio=1.0)
def test_outside_the_replaced_words_nothing_moves(make, texts, row, ratio):
    """The mixed text is the text with each replaced word's translation in its place, and the counts are theirs.

    What explains is plain Python, what mixes an example is compiled where the source has spaces.
    """
    mixer = make(ratio)
    # A replaced word of a script without spaces may be set off by one.
    space = " ?" if mixer.dictionaries == (THAI,) and mixer.settings.style == "clean" else ""
    mixed, explained = mixer.mix_example(texts, row=row), mixer.explain(texts, row=row)
    outcomes = Counter()
    changed = 0
    for field, text in texts.items():
        words = explained[field]
        assert all(0 <= word.start < word.end <= len(text) for word in words)
        assert all(before.end <= after.start for before, after in pairwise(words))
        assert all((word.translation is not None) == (word.outcome is Outcome.REPLACED) for word in words)
        for word in words:
            outcomes[word.outcome] += word.words
        changed += sum(word.words for word in words if word.translation not in (None, text[word.start : word.end]))
        expected, end = "", 0
        for word in words:
            if word.outcome is Outcome.REPLACED:
                expected += re.escape(text[end : word.start]) + space + re.escape(word.translation) + space
                end = word.end
        assert re.fullmatch(expected + re.escape(text[end:]), mixed.texts[field])
    assert mixed.counts[: Outcome.PROTECTED + 1] == tuple(outcomes[outcome] for outcome in Outcome)
    assert mixed.counts.changed == changed
    assert changed == mixed.counts.replaced or mixer.settings.style == "original"


@FEWER
@given(examples=st.lists(EXAMPLES, min_size=1, max_size=4), first_row=st.integers(0, 2**40), epoch=st.integers(0, 9))
def test_all_paths_give_the_same_bytes(make, examples, first_row, epoch):
    """Columns against examples one by one, and a column cut in two against the whole."""
    mixer = make(0.5)
    mixed, counts = mixer.mix_columns(arrow(examples), first_row=first_row, epoch=epoch)
    for index, texts in enumerate(examples):
        one = mixer.mix_example(texts, row=first_row + index, epoch=epoch)
        assert {field: column[index].as_py() for field, column in mixed.items()} == one.texts
        assert Counts(*counts[index].tolist()) == one.counts
    cut = len(examples) // 2
    later = {field: column[cut:] for field, column in arrow(examples).items()}
    rest, _ = mixer.mix_columns(later, first_row=first_row + cut, epoch=epoch)
    assert {f: c.to_pylist() for f, c in rest.items()} == {f: c.to_pylist()[cut:] for f, c in mixed.items()}


@FEWER
@given(text=TEXTS, row=st.integers(0, 99), epoch=st.integers(0, 9))
def test_a_text_is_an_example_of_one_field(make, text, row, epoch):
    mixer = make(0.5)
    alone = mixer.mix(text, row=row, epoch=epoch, field="output")
    inside = mixer.mix_example({"output": text}, row=row, epoch=epoch)
    assert (alone.text, alone.counts) == (inside.texts["output"], inside.counts)


@FEWER
@given(texts=EXAMPLES, fields=st.lists(st.sampled_from(["instruction", "input", "output"]), unique=True, min_size=1))
def test_fields_that_are_not_mixed_stay(make, texts, fields):
    """They are looked at all the same, to tell names: what is mixed is mixed as it is among all fields."""
    mixer = make(0.5)
    some, all_fields = mixer.mix_example(texts, row=3, mixed_fields=fields), mixer.mix_example(texts, row=3)
    assert some.texts == {f: (all_fields.texts if f in fields else texts)[f] for f in texts}
    mixed, counts = mixer.mix_columns(arrow([texts]), first_row=3, mixed_fields=fields)
    assert {field: column.to_pylist() for field, column in mixed.items()} == {f: [t] for f, t in some.texts.items()}
    assert Counts(*counts[0].tolist()) == some.counts


@FEWER
@given(text=st.text(st.characters(codec=None, categories=["Cs", "L", "Z", "P"]), max_size=12))
def test_a_lone_surrogate_stays(make, text):
    """JSON can hold one, though neither Arrow nor UTF-8 can."""
    assert make(0.0).mix(text + " dog").text == text + " dog"
    make(1.0).mix(text + " dog")
