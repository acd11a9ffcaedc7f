"""A mixed conversation is what training makes of it; translations go into the part where their word begins."""

import random

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.chat.template import TODAY, ChatTemplate
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.mix_records import mix_records
from commit_llm.data.mixed_fields import Fields
from commit_llm.data.tokenizer import load_tokenizer
from tests.data.chat.templates import CONVERSATIONS, SPECIALS, STOPS, TURNS
from tests.data.tokenizer_folders import write_bytes_tokenizer

PAIRS = [("dog", "σκύλος"), ("dog", "σκυλί"), ("cat", "γάτα"), ("polar bear", "αρκούδα"), ("the", "ο"), ("here", "εδώ")]
ENGLISH = BilingualDictionary.from_pairs(PAIRS)
EVERY = CodeMixer(ENGLISH, ratio=1.0)
THAI = CodeMixer(BilingualDictionary.from_pairs([("แมว", "cat"), ("ดำ", "black")], "th-en"), ratio=1.0)
WORDS = ["dog", "The dog", "cat", "polar bear", "Here", "`dog`", "Dog.", "\n", " ", "xyz", "🐈", "שלום", "é"]


def a_text(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, 12)))


def in_parts(text, rng):
    """The text in parts that are cut anywhere, words too."""
    places = sorted(rng.randint(0, len(text)) for _ in range(rng.randint(0, 3)))
    return [{"type": "text", "text": text[a:b]} for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def a_conversation(rng):
    messages = [{"role": "system", "content": "Be a dog."}] * rng.randint(0, 1)
    for number in range(rng.randint(1, 6)):
        content = a_text(rng)
        if number % 2:
            content = rng.choice(["<think>\nThe dog?\n</think>\n\n", " \n", ""]) + content + rng.choice([" \n", ""])
        content = in_parts(content, rng) if rng.random() < 0.4 else content
        messages.append({"role": ("user", "assistant")[number % 2], "content": content})
    return {"messages": messages, "note": "dog"}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    write_bytes_tokenizer(folder, specials=("<unk>", "<s>", "</s>", "<turn>", "<end>"))
    return load_tokenizer(folder)


@pytest.mark.parametrize("roles", [("user", "assistant"), ("assistant",)])
@pytest.mark.parametrize(
    "settings", [{}, {"draw": "occurrence"}, {"style": "original"}, {"surface": "annotate"}], ids=str
)
def test_a_mixed_file_is_what_training_makes_in_its_first_epoch(tokenizer, settings, roles):
    rng = random.Random(3)
    records = [a_conversation(rng) for _ in range(20)] + [{"messages": messages} for messages in CONVERSATIONS.values()]
    mixer = CodeMixer(ENGLISH, ratio=0.6, seed=5, **settings)
    mixed, tally = mix_records(records, mixer, Fields(roles=roles))
    form = ChatForm(ChatTemplate(TURNS, "turns", SPECIALS, tuple(STOPS), TODAY), roles)
    trains, takes = ExampleMaker(form, records, tokenizer, mixer), ExampleMaker(form, mixed, tokenizer)
    for index, (before, after) in enumerate(zip(records, mixed, strict=True)):
        mixes = mixer.mix_example(form.texts(before, index), row=index).texts
        assert form.texts(after, index) == mixes
        assert_alike(trains(0, index), takes(0, index))
        assert [*map(around, after["messages"])] == [*map(around, before["messages"])]
        assert [*after.items()][1:] == [*before.items()][1:]
    assert (tally.conversations, tally.faulty) == (len(records), 0)
    assert tally.words.changed > 25


def assert_alike(first, second):
    if hasattr(first, "tokens"):
        assert (first.tokens.tolist(), first.loss_mask.tolist()) == (second.tokens.tolist(), second.loss_mask.tolist())
    else:
        assert first == second


def around(message):
    """What is never mixed of a message: keys, role, parts, a thought, white space around it, the system."""
    content, role = message["content"], message["role"]
    if role == "system":
        return message
    parts = content if isinstance(content, list) else []
    text = "".join(part["text"] for part in parts) if parts else content
    thought = text[: text.find("</think>") + 1] if role == "assistant" else ""
    ends = (text[: -len(text.lstrip())], text[len(text.rstrip()) :]) if text.strip() and role == "assistant" else ()
    return [*message], role, [{**part, "text": ""} for part in parts], thought, ends


@pytest.mark.parametrize(
    ("parts", "mixed", "mixer"),
    [
        (["the do", "g and a polar ", "", "bear!"], ["ο σκύλος", " and a αρκούδα", "", "!"], None),
        (["the dog ", "cat"], ["ο σκύλος ", "γάτα"], None),
        (["dog", "cat"], ["dog", "cat"], None),
        (["the cat sle", "", "eps; a d", "og."], ["ο γάτα sle", "", "eps; a σκύλος", "."], None),
        (["แมว", "ดำ"], ["cat", " black"], THAI),
        (["แม", "วดำ"], ["cat", " black"], THAI),
    ],
)
def test_a_translation_goes_into_the_part_where_its_word_begins(parts, mixed, mixer):
    one = CodeMixer(BilingualDictionary.from_pairs([pair for pair in PAIRS if pair[1] != "σκυλί"]), ratio=1.0)
    content = [{"type": "text", "text": text} for text in parts]
    (record,), _ = mix_records([{"messages": [{"role": "user", "content": content}]}], mixer or one)
    assert [part["text"] for part in record["messages"][0]["content"]] == mixed
