"""`commit-llm mix` on conversations: what it says and writes of them, and of those with a fault."""

import json

import pytest

USER, ANSWER = {"role": "user", "content": "the dog"}, {"role": "assistant", "content": "the cat"}
TALK = {"id": 1, "messages": [USER, ANSWER], "tools": ["dog"]}
MIXED = {"id": 1, "messages": [USER | {"content": "ο σκύλος"}, ANSWER | {"content": "ο γάτα"}], "tools": ["dog"]}
NO_ROLE = {"messages": [{"role": "narrator", "content": "dog"}]}


@pytest.fixture
def mix(run, tmp_path, monkeypatch):
    """Mix records; the status, what is said, and the lines that are written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en-el.txt").write_text("dog\tσκύλος\ncat\tγάτα\nthe\tο\n", encoding="utf-8")

    def call(records, *flags):
        (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        mixing = ["in.jsonl", "--dictionary", "en-el.txt", "--ratio", "1", "--out", "out.jsonl", "--overwrite"]
        status, out, err = run("mix", *mixing, *flags)
        written = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines() if status == 0 else []
        return status, out + err, written

    return call


def test_conversations_are_counted(mix, tmp_path):
    status, said, lines = mix([TALK, NO_ROLE, {"text": "dog"}])
    assert status == 0
    assert said.startswith(
        "3 rows, 2 of them conversations, 5 words\n"
        "  1 with a fault, it stays as before: record 2: a message has the role 'narrator'\n  5  100.0 %  replaced"
    )
    assert lines == [json.dumps(record, ensure_ascii=False) for record in (MIXED, NO_ROLE, {"text": "σκύλος"})]
    counts = json.loads((tmp_path / "out.jsonl.provenance.json").read_text(encoding="utf-8"))["counts"]
    assert (counts["conversations"], counts["faulty_conversations"]) == (2, 1)
    counts = json.loads(mix([TALK, {"messages": None}, NO_ROLE], "--json")[1])
    assert (counts["conversations"], counts["faulty_conversations"]) == (3, 2)
    said = mix([TALK, {"messages": None}, NO_ROLE])[1]
    assert "  2 with a fault, they stay as before: the first is record 2: its messages are null\n" in said


def test_roles_are_told_of_conversations_alone(mix, tmp_path):
    def recipe():
        return json.loads((tmp_path / "out.jsonl.provenance.json").read_text(encoding="utf-8"))["recipe"]

    _, _, (line,) = mix([TALK], "--mix-roles", "assistant")
    assert [message["content"] for message in json.loads(line)["messages"]] == ["the dog", "ο γάτα"]
    assert recipe()["mix_roles"] == ["assistant"]
    assert "conversations" not in mix([{"text": "dog"}], "--mix-roles", "assistant")[1]
    assert "mix_roles" not in recipe()


@pytest.mark.parametrize(
    ("records", "flags", "message"),
    [
        (
            [NO_ROLE, {"messages": []}],
            [],
            "in.jsonl: no record is a conversation that can be mixed; record 1: a message",
        ),
        ([{"messages": [{"role": "system", "content": "dog"}]}], [], "the data: has no word to mix"),
        ([{"messages": [USER | {"content": None}]}], [], "the data: has no word to mix"),
        (
            [TALK, {"a": 1}],
            [],
            "record 2 of the data: no column 'instruction' or 'text', only 'a', and no conversation",
        ),
        ([TALK], ["--fields", "messages"], "record 1 of the data: field 'messages' holds list"),
        ([TALK], ["--mix-fields", "input"], "--mix-fields input: no such field in the data; there are user 1, output"),
        ([TALK], ["--mix-roles", "tool"], "--mix-roles 'tool': contents of this role are never mixed"),
        (
            [TALK],
            ["--mix-roles", "assistant", "--surface", "annotate"],
            "--surface annotate: no field that is mixed is",
        ),
    ],
)
def test_mistakes(mix, tmp_path, records, flags, message):
    status, said, _ = mix(records, *flags)
    assert (status, said.count("\n")) == (2, 1)
    assert said.startswith(f"commit-llm mix: {message}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["en-el.txt", "in.jsonl"]
