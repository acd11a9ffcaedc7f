"""What is a content and what is trained, of six templates and six conversations, to the character."""

from datetime import date

import pytest

from commit_llm.data.chat.answer_spans import StopError, find_answers
from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.slots import PlaceError, rendering
from commit_llm.data.chat.work_budget import RenderingError
from tests.data.chat.templates import CONVERSATIONS, SPECIALS, STOPS, TEMPLATES, TURNS, conversation

CHANGED = "an answer is not rendered as it is asked for"
FIRST = "an answer that comes first was asked for by nothing"
# By template and conversation: [content], «trained»; or why it is refused. Behind | why an answer is passed over.
EXPECTED = {
    ("turns", "two turns"): """\
<turn>user
[Where?]<end>
<turn>assistant
«[Here.]<end>»
<turn>user
[When?]<end>
<turn>assistant
«[Now.]<end>»
""",
    ("turns", "with system"): """\
<turn>system
[Be kind.]<end>
<turn>user
[Where?]<end>
<turn>assistant
«[Here.]<end>»
""",
    ("turns", "spaces"): """\
<turn>user
[ Where?
]<end>
<turn>assistant
«[
 Here.\x20
]<end>»
""",
    ("turns", "the same text"): """\
<turn>user
[assistant]<end>
<turn>assistant
«[user]<end>»
<turn>user
[user]<end>
<turn>assistant
«[assistant]<end>»
""",
    ("turns", "first is an answer"): """\
<turn>assistant
[Here.]<end>
<turn>user
[Where?]<end>
<turn>assistant
«[There.]<end>»
|"""
    + FIRST,
    ("turns", "empty answer"): "<turn>user\n[Where?]<end>\n<turn>assistant\n<end>\n",
    ("default system", "two turns"): """\
<turn>system
Help.<end>
<turn>user
[Where?]<end>
<turn>assistant
«[Here.]<end>»
<turn>user
[When?]<end>
<turn>assistant
«[Now.]<end>»
""",
    ("default system", "with system"): """\
<turn>system
[Be kind.]<end>
<turn>user
[Where?]<end>
<turn>assistant
«[Here.]<end>»
""",
    ("default system", "spaces"): """\
<turn>system
Help.<end>
<turn>user
[ Where?
]<end>
<turn>assistant
«[
 Here.\x20
]<end>»
""",
    ("default system", "the same text"): """\
<turn>system
Help.<end>
<turn>user
[assistant]<end>
<turn>assistant
«[user]<end>»
<turn>user
[user]<end>
<turn>assistant
«[assistant]<end>»
""",
    ("default system", "first is an answer"): """\
<turn>system
Help.<end>
<turn>assistant
[Here.]<end>
<turn>user
[Where?]<end>
<turn>assistant
«[There.]<end>»
|"""
    + FIRST,
    ("default system", "empty answer"): """\
<turn>system
Help.<end>
<turn>user
[Where?]<end>
<turn>assistant
<end>
""",
    ("headers", "two turns"): """\
<s><head>user</head>

[Where?]<end><head>assistant</head>

«[Here.]<end>»<head>user</head>

[When?]<end><head>assistant</head>

«[Now.]<end>»""",
    ("headers", "with system"): """\
<s><head>system</head>

[Be kind.]<end><head>user</head>

[Where?]<end><head>assistant</head>

«[Here.]<end>»""",
    ("headers", "spaces"): """\
<s><head>user</head>

[Where?]<end><head>assistant</head>

«[Here.]<end>»""",
    ("headers", "the same text"): """\
<s><head>user</head>

[assistant]<end><head>assistant</head>

«[user]<end>»<head>user</head>

[user]<end><head>assistant</head>

«[assistant]<end>»""",
    ("headers", "first is an answer"): """\
<s><head>assistant</head>

[Here.]<end><head>user</head>

[Where?]<end><head>assistant</head>

«[There.]<end>»|"""
    + FIRST,
    ("headers", "empty answer"): "<s><head>user</head>\n\n[Where?]<end><head>assistant</head>\n\n<end>",
    ("brackets", "two turns"): "<s>[ASK] [Where?] [/ASK]« [Here.] </s>»<s>[ASK] [When?] [/ASK]« [Now.] </s>»",
    ("brackets", "with system"): RenderingError("There are users and assistants alone."),
    ("brackets", "spaces"): "<s>[ASK] [Where?] [/ASK]« [Here.] </s>»",
    ("brackets", "the same text"): (
        "<s>[ASK] [assistant] [/ASK]« [user] </s>»<s>[ASK] [user] [/ASK]« [assistant] </s>»"
    ),
    ("brackets", "first is an answer"): " [Here.] </s><s>[ASK] [Where?] [/ASK]« [There.] </s>»|" + FIRST,
    ("brackets", "empty answer"): "<s>[ASK] [Where?] [/ASK]  </s>",
    ("strict", "two turns"): """\
<s><turn>user
[Where?]<end>
<turn>model
«[Here.]<end>»
<turn>user
[When?]<end>
<turn>model
«[Now.]<end>»
""",
    ("strict", "with system"): RenderingError("No system here."),
    ("strict", "spaces"): "<s><turn>user\n[Where?]<end>\n<turn>model\n«[Here.]<end>»\n",
    ("strict", "the same text"): """\
<s><turn>user
[assistant]<end>
<turn>model
«[user]<end>»
<turn>user
[user]<end>
<turn>model
«[assistant]<end>»
""",
    ("strict", "first is an answer"): RenderingError("Take turns."),
    ("strict", "empty answer"): "<s><turn>user\n[Where?]<end>\n<turn>model\n<end>\n",
    ("thinking", "two turns"): """\
<turn>user
[Where?]<end>
<turn>assistant
«[Here.]<end>»
<turn>user
[When?]<end>
<turn>assistant
«<think>

</think>

[Now.]<end>»
""",
    ("thinking", "with system"): """\
<turn>system
[Be kind.]<end>
<turn>user
[Where?]<end>
<turn>assistant
«<think>

</think>

[Here.]<end>»
""",
    ("thinking", "spaces"): """\
<turn>user
[ Where?
]<end>
<turn>assistant
«<think>

</think>

[ Here.\x20
]<end>»
""",
    ("thinking", "the same text"): """\
<turn>user
[assistant]<end>
<turn>assistant
«[user]<end>»
<turn>user
[user]<end>
<turn>assistant
«<think>

</think>

[assistant]<end>»
""",
    ("thinking", "first is an answer"): """\
<turn>assistant
[Here.]<end>
<turn>user
[Where?]<end>
<turn>assistant
«<think>

</think>

[There.]<end>»
|"""
    + FIRST,
    ("thinking", "empty answer"): """\
<turn>user
[Where?]<end>
<turn>assistant
<think>

</think>

<end>
""",
}


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
    with pytest.raises(StopError, match="the template writes no stop behind an answer"):
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
    assert first.prompt == render(messages[:1], True)
    assert second.prompt == render(messages[:3], True)
    assert first.prompt.endswith("<head>assistant</head>\n\n")


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
