"""Which tokens of a rendering are trained: with tokens that take white space, and tokens that span an answer's start."""

import json

import pytest

from commit_llm.data.chat.template import TODAY, ChatTemplate, find_chat_template
from commit_llm.data.examples import Example, NoExample, NoExampleReason
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.stops import with_literals
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from tests.data.chat.templates import TURNS, conversation
from tests.data.tokenizer_folders import byte_tokenizer

TALK = {"messages": conversation(("u", "one"), ("a", "two"), ("u", "three"), ("a", "four"))}


def tokenizer_with(folder, *tokens, merges=()):
    """A token a byte, with these tokens added, and merges of bytes."""
    from tokenizers import AddedToken, models

    library = byte_tokenizer(("<unk>", "<s>", "</s>"))
    if merges:
        vocabulary = library.get_vocab(with_added_tokens=False)
        for first, second in merges:
            vocabulary.setdefault(first + second, len(vocabulary))
        library.model = models.BPE(vocabulary, list(merges))
    for content, settings in tokens:
        add = library.add_special_tokens if settings.get("special") else library.add_tokens
        add([AddedToken(content, normalized=False, **settings)])
    library.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    return load_tokenizer(folder)


def trained(tokenizer, template=TURNS, stops=("<end>",), record=TALK):
    form = ChatForm(ChatTemplate(template, "turns.jinja", {}, tuple(stops), TODAY))
    example = form.encode(tokenizer, record, form.texts(record, 0))
    if isinstance(example, NoExample):
        return example
    literals = {token: literal for literal, token in tokenizer.added.items()}
    ids = example.tokens[example.loss_mask > 0].tolist()
    return "".join(literals.get(token) or tokenizer.decode([token]) for token in ids), example.untrained


@pytest.mark.parametrize("sides", [{}, {"rstrip": True}, {"lstrip": True}, {"lstrip": True, "rstrip": True}])
@pytest.mark.parametrize("special", [True, False])
def test_a_stop_is_trained_whatever_white_space_its_token_takes(tmp_path, sides, special):
    tokenizer = tokenizer_with(tmp_path, ("<end>", sides | {"special": special}), ("<turn>", sides | {"special": True}))
    assert trained(tokenizer) == ("two<end>four<end>", 0)


def test_a_token_before_an_answer_that_takes_its_line_end(tmp_path):
    """As of a model whose template writes a line end behind the token that asks."""
    tokenizer = tokenizer_with(
        tmp_path, ("<end>", {"special": True, "rstrip": True}), ("<asks>", {"special": True, "rstrip": True})
    )
    template = TURNS.replace("<turn>assistant", "<asks>").replace(
        "'<turn>' + message['role']",
        "('<asks>' if message['role'] == 'assistant' else '<turn>' + message['role'])",
    )
    assert "<asks>\n" in template
    assert trained(tokenizer, template) == ("two<end>four<end>", 0)
    spaced = {"messages": conversation(("u", "one"), ("a", "  two"))}
    form = ChatForm(ChatTemplate(template, "t", {}, ("<end>",), TODAY), strip_answers=False)
    example = form.encode(tokenizer, spaced, form.texts(spaced, 0))
    assert tokenizer.decode(example.tokens[example.loss_mask > 0].tolist()) == "two"  # the token took the spaces


def test_a_token_over_an_answer_s_start_is_cut_there(tmp_path):
    merges = [("Ċ", "t")]  # a line end and a t, as byte-level tokenizers write them
    tokenizer = tokenizer_with(tmp_path, ("<end>", {"special": True}), merges=merges)
    assert tokenizer.may_be_cut
    assert trained(tokenizer) == ("two<end>four<end>", 0)


def test_an_answer_whose_end_is_no_token_of_its_own_is_not_trained(tmp_path):
    """The stop stands behind a letter, where its token is not found."""
    tokenizer = tokenizer_with(tmp_path, ("<end>", {"special": True, "single_word": True}), ("</s>", {"special": True}))
    example = trained(tokenizer, TURNS.replace("'<end>'", "'<end>x'"))
    assert example == NoExample(NoExampleReason.UNASKED)


def test_a_stop_that_is_an_added_token_and_not_special(tmp_path):
    tokenizer = tokenizer_with(tmp_path, ("<end>", {"special": False}))
    assert "<end>" not in tokenizer.specials
    (tmp_path / "chat_template.jinja").write_text(TURNS)
    stops = with_literals((tokenizer.eos_id,), ["<end>"], tokenizer)
    template = find_chat_template(tokenizer, stops)
    assert template.stops == ("</s>", "<end>")
    form = ChatForm(template)
    assert isinstance(form.encode(tokenizer, TALK, form.texts(TALK, 0)), Example)
    bad = {"messages": conversation(("u", "one <end>"), ("a", "two"))}
    assert form.encode(tokenizer, bad, form.texts(bad, 0)) == NoExample(NoExampleReason.CONTROL)
    with pytest.raises(UserError, match=r"--stop '<no>': no added token of .*, which has .*<end>"):
        with_literals((2,), ["<no>"], tokenizer)


def test_special_tokens_that_the_older_file_names_are_told(tmp_path):
    tokenizer = tokenizer_with(tmp_path, ("<end>", {"special": True}))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}))
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"bos_token": {"content": "<s>"}, "eos_token": "<x>"}))
    (tmp_path / "chat_template.jinja").write_text(TURNS)
    assert find_chat_template(tokenizer, (2,)).values == {"bos_token": "<s>", "eos_token": "</s>"}
