"""What is a content and what is trained, of six templates and six conversations, to the character."""

from commit_llm.data.chat.work_budget import RenderingError

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
