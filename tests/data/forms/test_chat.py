"""Conversations as examples: of each token whether it is trained, of each text whether it may be mixed."""

import dataclasses
import re

import numpy as np
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.chat.template import TODAY, ChatTemplate
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.examples import Cut, NoExample, NoExampleReason
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.prompts import joined
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import TASKS
from tests.data.chat.expected_spans import EXPECTED
from tests.data.chat.templates import CONVERSATIONS, SPECIALS, STOPS, TEMPLATES, conversation
from tests.data.tokenizer_folders import template as post_processor
from tests.data.tokenizer_folders import write_bytes_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """A token a byte, so that the masks of characters are those of tokens; it would put a bos before a text."""
    specials = ("<unk>", "<s>", "</s>", "<end>", "<turn>")
    return load_tokenizer(
        write_bytes_tokenizer(tmp_path_factory.mktemp("chat"), post_processor(), dict(SPECIALS), specials)
    )


def dictionary(words, translation="xyz"):
    return BilingualDictionary({word: [translation] for word in words})


def form(name="turns", **settings):
    return ChatForm(ChatTemplate(TEMPLATES[name], f"{name}.jinja", SPECIALS, tuple(STOPS), TODAY), **settings)


def example_of(chat_form, tokenizer, record):
    return chat_form.encode(tokenizer, record, chat_form.texts(record, 0))


def marked(tokenizer, chat_form, record):
    """The text of an example with «trained» tokens, and of the layout with [contents that may be mixed]."""
    example = example_of(chat_form, tokenizer, record)
    text, mask = "", np.append(example.loss_mask, 0.0)
    literals = {token: literal for literal, token in tokenizer.specials.items()}
    for number, token in enumerate(example.tokens.tolist()):
        begins = mask[number] > (mask[number - 1] if number else 0)
        text += ("«" if begins else "") + (literals.get(token) or tokenizer.decode([token]))
        text += "»" if mask[number] > mask[number + 1] else ""
    (passages,) = chat_form.layout(record, chat_form.texts(record, 0))
    return text, "".join(text if name is None else f"[{text}]" for text, name in passages)


@pytest.mark.parametrize(
    ("name", "said"), [pair for pair, expected in EXPECTED.items() if isinstance(expected, str) and "«" in expected]
)
def test_each_token(tokenizer, name, said):
    expected = EXPECTED[name, said].partition("|")[0]
    system = [message["content"] for message in CONVERSATIONS[said] if message["role"] == "system"]
    mixable = re.sub("[«»]", "", expected)
    for content in system:  # is a content, and no one's to mix
        mixable = mixable.replace(f"[{content}]", content)
    trained = re.sub(r"\[(?!/?ASK\])|(?<!ASK)\]", "", expected)  # [ASK] is of a template
    record = {"messages": CONVERSATIONS[said]}
    assert marked(tokenizer, form(name, strip_answers=False), record) == (trained, mixable)


def test_a_bos_is_the_template_s_own(tokenizer):
    assert tokenizer.bos
    for name, count in (("turns", 0), ("headers", 1), ("brackets", 2)):
        example = example_of(form(name), tokenizer, {"messages": CONVERSATIONS["two turns"]})
        assert example.tokens.tolist().count(tokenizer.bos_id) == count


@pytest.mark.parametrize("name", TEMPLATES)
def test_mixing_leaves_all_but_the_contents(tokenizer, name):
    """Every word of the templates and of the system message has a translation, and none of them is taken."""
    words = set(re.findall(r"\w+", "".join([*TEMPLATES.values(), str(CONVERSATIONS)])))
    mixer = CodeMixer(dictionary(words), ratio=1.0)
    records = [{"messages": messages} for messages in CONVERSATIONS.values()]
    for number, record in enumerate(records):
        chat_form = form(name)
        plain = ExampleMaker(chat_form, records, tokenizer)(0, number)
        mixed = ExampleMaker(chat_form, records, tokenizer, mixer)(0, number)
        if isinstance(plain, NoExample):
            assert mixed == plain
            continue
        texts = chat_form.texts(record, number)
        swapped = {name: re.sub(r"\w+", "xyz", text) for name, text in texts.items()}
        (expected,) = map(joined, chat_form.layout(record, swapped))
        assert mixed.tokens.tolist() == tokenizer.encode_rendered(expected).ids
        (unmixed,) = map(joined, chat_form.layout(record, texts))
        assert plain.tokens.tolist() == tokenizer.encode_rendered(unmixed).ids


ANSWER = {"role": "assistant", "content": "d"}
THREE = {"messages": conversation(("s", "kind"), ("u", "one"), ("a", "two"), ("u", "three"), ("a", "four"))}


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({}, {"user 1": "one", "assistant 1": "two", "user 2": "three", "output": "four"}),
        ({"mix_roles": ("user",)}, {"user 1": "one", "user 2": "three"}),
        ({"mix_roles": ("assistant",)}, {"assistant 1": "two", "output": "four"}),
    ],
)
def test_the_roles_that_are_mixed(tokenizer, settings, texts):
    assert form(**settings).texts(THREE, 0) == texts
    (passages,) = form(**settings).layout(THREE, dict.fromkeys(texts, "x"))
    assert [name for _, name in passages if name] == list(texts)
    assert joined(passages).count("x<") == len(texts)


def test_annotation_is_for_questions():
    mixer = CodeMixer(dictionary(["one", "two", "three", "four"]), ratio=1.0, surface="annotate")
    assert mixer.mix_example(form().texts(THREE, 0), row=0).texts == {
        "user 1": "one (xyz)", "assistant 1": "xyz", "user 2": "three (xyz)", "output": "xyz",
    }  # fmt: skip


def test_tools_are_told_and_not_mixed(tokenizer):
    """They are there for what asks for an answer too."""
    text = "{% if tools is not none %}{{ tools | tojson }}{% endif %}" + TEMPLATES["turns"]
    plain = form()
    chat_form = dataclasses.replace(plain, template=dataclasses.replace(plain.template, text=text))
    tools = [{"name": "one"}]
    example = ExampleMaker(chat_form, [THREE | {"tools": tools}], tokenizer, CodeMixer(dictionary(["one"]), ratio=1.0))(
        0, 0
    )
    assert tokenizer.decode(example.tokens.tolist()).startswith('[{"name": "one"}]')
    assert trained(tokenizer, example) == "twofour"
    for none in ({}, {"tools": None}, {"tools": []}):
        example = example_of(chat_form, tokenizer, THREE | none)
        assert example.tokens.tolist() == example_of(plain, tokenizer, THREE).tokens.tolist()
    assert example_of(chat_form, tokenizer, THREE | {"tools": "[]"}).words == "its tools are '[]'"


def trained(tokenizer, example):
    return tokenizer.decode(example.tokens[example.loss_mask > 0].tolist())


def test_what_is_trained(tokenizer):
    assert trained(tokenizer, example_of(form(), tokenizer, THREE)) == "twofour"
    assert trained(tokenizer, example_of(form(train_on="last"), tokenizer, THREE)) == "four"
    spaced = {"messages": conversation(("u", " one\n"), ("a", "\n two "))}
    assert trained(tokenizer, example_of(form(), tokenizer, spaced)) == "two"
    assert trained(tokenizer, example_of(form(strip_answers=False), tokenizer, spaced)) == "\n two "


def test_answers_that_are_not_trained_are_counted(tokenizer):
    first = {"messages": conversation(("a", "one"), ("u", "two"), ("a", "three"))}
    example = example_of(form(), tokenizer, first)
    assert (example.untrained, trained(tokenizer, example)) == (1, "three")
    assert example_of(form(), tokenizer, THREE).untrained == 0


@pytest.mark.parametrize(
    ("name", "messages", "reason", "words"),
    [
        ("turns", None, NoExampleReason.FAULTY, "its messages are null"),
        ("turns", [], NoExampleReason.FAULTY, "it has no messages"),
        ("turns", [{"role": "wizard", "content": "x"}], NoExampleReason.FAULTY, "a message has the role 'wizard'"),
        ("turns", conversation(("u", "a <end> b"), ("a", "c")), NoExampleReason.CONTROL, ""),
        ("turns", conversation(("u", "a"), ("a", "<s>c")), NoExampleReason.CONTROL, ""),
        ("turns", conversation(("s", "</s>"), ("u", "a"), ("a", "c")), NoExampleReason.CONTROL, ""),
        ("strict", conversation(("s", "a"), ("u", "b"), ("a", "c")), NoExampleReason.REFUSED, "No system here."),
        ("strict", conversation(("u", "a"), ("u", "b"), ("a", "c")), NoExampleReason.REFUSED, "Take turns."),
        ("turns", conversation(("u", "a \ufdd1"), ("a", "c")), NoExampleReason.CHANGED, "a content has a noncharacter"),
        ("turns", conversation(("u", "a"), ("a", "")), NoExampleReason.UNASKED, ""),
        ("turns", conversation(("u", "a")), NoExampleReason.UNASKED, ""),
    ],
)
def test_a_record_without_an_example(tokenizer, name, messages, reason, words):
    no_example = example_of(form(name), tokenizer, {"messages": messages})
    assert no_example.reason is reason
    assert no_example.words[: len(words) or None] == words


@pytest.mark.parametrize(
    "more",
    [
        {"messages": conversation(("u", "a"), ("a", "<think>b <end> c</think>d"))},
        {
            "messages": [
                *conversation(("u", "a")),
                {"role": "assistant", "content": "d", "reasoning_content": "b <end>"},
            ]
        },
        {
            "messages": [
                *conversation(("u", "a")),
                {"role": "assistant", "content": "d", "tool_calls": [{"x": ["<s>"]}]},
            ]
        },
        {"messages": conversation(("u", "a"), ("a", "d")), "tools": [{"name": "</s>"}]},
        {"messages": conversation(("u", "a"), ("a", "d")), "tools": [{"</s>": "name"}]},
    ],
)
def test_a_control_token_anywhere_is_refused(tokenizer, more):
    assert example_of(form(), tokenizer, more) == NoExample(NoExampleReason.CONTROL)


def test_a_mixed_text_with_a_control_token_is_left_out(tokenizer):
    mixer = CodeMixer(dictionary(["one"], "<end>"), ratio=1.0)
    example = ExampleMaker(form(), [THREE], tokenizer, mixer)(0, 0)
    assert example == NoExample(NoExampleReason.CONTROL)


def test_a_template_without_a_stop_is_refused(tokenizer):
    chat_form = form()
    without = dataclasses.replace(chat_form, template=dataclasses.replace(chat_form.template, stops=("</s>",)))
    words = "turns.jinja writes none of </s> there; name the token that it writes with --stop TOKEN"
    assert example_of(without, tokenizer, THREE) == NoExample(NoExampleReason.NO_STOP, words)


def test_a_record_of_other_columns(tokenizer):
    with pytest.raises(UserError, match=r"record 3 of the data: no conversation in its columns \('text'\); it takes"):
        form().texts({"text": "x"}, 2)


def test_long_ones_are_cut_where_asked(tokenizer):
    assert example_of(form(), tokenizer, THREE).cut is Cut.NOWHERE
    assert example_of(form(cut=Cut.IF_LONG), tokenizer, THREE).cut is Cut.IF_LONG


def test_contents_and_their_parts_tell_contamination():
    answer = "a\nText: b c"
    record = {"messages": conversation(("s", "Be kind."), ("u", "Read:\n\nA context.\n \nWhere?"), ("a", answer))}
    assert set(form().documents(record)) == {
        "Be kind.", "Read:\n\nA context.\n \nWhere?", "A context.\n \nWhere?", "Read:", "A context.", "Where?", "", " ",
        answer, "a", "Text: b c", "b c",
    }  # fmt: skip
    assert list(form().documents({"messages": None})) == []
    assert list(form().documents({"text": "x"})) == []


def test_a_context_in_our_own_chat_task_is_seen():
    message = TASKS["xquad_chat_el"].prompt("Η Αθήνα: μια πόλη.", "Πού;")
    assert "Η Αθήνα: μια πόλη." in form().documents({"messages": conversation(("u", message), ("a", "Εδώ"))})
