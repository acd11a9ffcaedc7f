"""What is a content and what is trained, of six templates and six conversations, to the character."""

from datetime import date

import pytest

from commit_llm.data.chat.answer_spans import StopError, TurnsError, find_answers
from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.slots import PlaceError, rendering
from tests.data.chat.expected_spans import CHANGED, EXPECTED
from tests.data.chat.templates import CONVERSATIONS, SPECIALS, STOPS, TEMPLATES, TURNS, conversation


def renderer(template, **settings):
    sandbox = Sandbox(template, SPECIALS | settings, date(2024, 7, 26))
    return lambda messages, asks: sandbox.render(messages=messages, add_generation_prompt=asks)


def shown(render, messages, stops=STOPS):
    """A rendering with its contents and answers in brackets."""
    rendered = rendering(render, messages)
    answers = find_answers(render, messages, rendered, stops)
    signs = [(place, sign) for slot in rendered.slots.values() for place, sign in ((slot.start, "["), (slot.end, "]"))]
    signs += [(place, sign) for one in answers.trained for place, sign in ((one.start, "«"), (one.end, "»"))]
    text = rendered.text
    for place, sign in sorted(signs, key=lambda pair: (-pair[0], "»[]«".index(pair[1]))):
        text = text[:place] + sign + text[place:]
    return "|".join([text, *answers.passed_over])


@pytest.mark.parametrize(("template", "name"), EXPECTED)
def test_six_templates_and_six_conversations(template, name):
    render, expected = renderer(TEMPLATES[template]), EXPECTED[template, name]
    if isinstance(expected, str):
        assert shown(render, CONVERSATIONS[name]) == expected
        return
    with pytest.raises(type(expected), match=f"^{expected}$"):
        shown(render, CONVERSATIONS[name])


def test_the_table_is_whole():
    assert set(EXPECTED) == {(template, name) for template in TEMPLATES for name in CONVERSATIONS}


def test_an_earlier_answer_that_is_asked_for_otherwise_is_passed_over():
    """With `quick` the model is given an empty thought before an answer, and earlier answers are rendered without it."""
    text, reason = shown(renderer(TEMPLATES["thinking"], quick=True), CONVERSATIONS["two turns"]).split("|")
    assert text.endswith("<turn>assistant\n<think>\n\n</think>\n\n«[Now.]<end>»\n")
    assert text.count("«") == 1
    assert reason == CHANGED


def test_a_template_without_a_stop_is_refused():
    render = renderer(TURNS)
    with pytest.raises(StopError, match="the template writes no stop after an answer"):
        shown(render, CONVERSATIONS["two turns"], stops=["</s>"])


def test_the_first_stop_behind_an_answer_ends_it():
    template = TURNS.replace("'<end>' + '\n'", "'<end>' + '\n' + eos_token")
    assert "«[Here.]<end>»\n</s>" in shown(renderer(template), CONVERSATIONS["two turns"], stops=["</s>", "<end>"])
    assert "«[Here.]<end>\n</s>»" in shown(renderer(template), CONVERSATIONS["two turns"], stops=["</s>"])


def test_an_end_that_stands_behind_the_last_answer_alone():
    template = TURNS.replace("{% if add", "{% if not add_generation_prompt %}{{ eos_token }}{% endif %}{% if add")
    text, reason = shown(renderer(template), CONVERSATIONS["two turns"], stops=["</s>"]).split("|")
    assert text.endswith("«[Now.]<end>\n</s>»")
    assert reason == "later turns change what ends an answer"


def test_the_last_answer_alone():
    render, messages = renderer(TURNS), CONVERSATIONS["two turns"]
    rendered = rendering(render, messages)
    answers = find_answers(render, messages, rendered, STOPS, last_only=True)
    assert [rendered.text[one.start : one.end] for one in answers.trained] == ["Now.<end>"]


def test_the_prompt_is_what_a_model_is_given():
    render, messages = renderer(TEMPLATES["headers"]), CONVERSATIONS["two turns"]
    first, second = find_answers(render, messages, rendering(render, messages), STOPS).trained
    text = rendering(render, messages).text
    assert text[: first.start] == render(messages[:1], True)
    assert text[: second.start] == render(messages[:3], True)
    assert text[: first.start].endswith("<head>assistant</head>\n\n")


def test_an_empty_last_answer_leaves_no_other_one_to_train():
    render, messages = renderer(TURNS), conversation(("u", "Where?"), ("a", "Here."), ("u", "When?"), ("a", ""))
    assert find_answers(render, messages, rendering(render, messages), STOPS, last_only=True).trained == []


def test_what_asks_for_an_answer_is_not_looked_for_in_other_texts():
    """Earlier thoughts go, so that the prompt of the second answer is not in the text; the thought has what asks."""
    template = (
        "{% for m in messages %}{% if m.reasoning_content and not loop.last %}[{{ m.reasoning_content }}]{% endif %}"
        "{{ m.role }}: {{ m.content }}<end>\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
    )
    messages = [
        *conversation(("u", "Where?")),
        {"role": "assistant", "content": "Here.", "reasoning_content": "it says assistant: yes"},
        *conversation(("u", "When?"), ("a", "Now.")),
    ]
    assert "«Here" not in shown(renderer(template), messages).replace("[", "").replace("]", "")


def test_a_template_that_leaves_an_answer_out_where_it_is_the_last():
    template = TURNS.replace(
        "{% for message in messages %}",
        "{% for message in messages[:9] if messages | length > 3 or message.role == 'user' %}",
    )
    text, reason = shown(renderer(template), CONVERSATIONS["two turns"]).split("|")
    assert "«[Here.]" not in text
    assert reason


def test_a_thought_that_the_template_leaves_out_is_no_answer_s():
    messages = [*conversation(("u", "Where?")), {"role": "assistant", "content": "Here.", "reasoning_content": "Hm."}]
    assert shown(renderer(TURNS), messages).endswith("|the template leaves out the thought before an answer")
    writes = TURNS.replace(
        "'\n' + message['content']", "'\n' + message.get('reasoning_content', '') + message['content']"
    )
    assert "«Hm.[Here.]<end>»" in shown(renderer(writes), messages)


def test_so_many_turns_that_rendering_them_takes_too_long(monkeypatch):
    monkeypatch.setattr("commit_llm.data.chat.answer_spans.MOST_RENDERED", 300)
    with pytest.raises(TurnsError, match="2 answers in 98 characters"):
        shown(renderer(TURNS), CONVERSATIONS["two turns"])


@pytest.mark.parametrize(
    "written",
    [
        "message['content'].replace('e', 'i')",
        "message['content'].upper()",
        "message['content'] + message['content']",
        "message['content'] | length | string",
        "message['content'].split('?') | join('?!')",
        "message['content'][1:]",
        "'  '.join(message['content'])",
        "message['content'][:3] + '-' + message['content'][3:]",
        "message['content'] | indent(2)",
        "message['content'] | title if message['content'] | length > 9 else message['content'][1:]",
    ],
)
def test_a_template_that_changes_contents_is_refused(written):
    render = renderer(TURNS.replace("message['content']", f"({written})"))
    with pytest.raises(PlaceError, match="the template changes"):
        shown(render, conversation(("u", "Where is it?\nHere?"), ("a", "There.\nThere.")))


def test_a_template_that_drops_old_turns_gives_them_no_slot():
    template = TURNS.replace("{% for message in messages %}", "{% for message in messages[-2:] %}")
    messages = CONVERSATIONS["two turns"]
    assert set(rendering(renderer(template), messages).slots) == {2, 3}
    assert shown(renderer(template), messages) == "<turn>user\n[When?]<end>\n<turn>assistant\n«[Now.]<end>»\n"


def test_a_content_with_marks_of_ours_is_refused():
    with pytest.raises(PlaceError, match="a content has a noncharacter"):
        shown(renderer(TURNS), conversation(("u", "a\ufdd1b"), ("a", "c")))


def test_contents_that_look_like_the_template_make_no_difference():
    messages = conversation(("u", "<turn>assistant\nNo.<end>"), ("a", "{{ eos_token }}{% raw %}"))
    expected = "<turn>user\n[<turn>assistant\nNo.<end>]<end>\n<turn>assistant\n«[{{ eos_token }}{% raw %}]<end>»\n"
    assert shown(renderer(TURNS), messages) == expected
