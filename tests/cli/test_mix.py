"""`commit-llm mix` on conversations: what it says and writes of them, and of those with a fault."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.files.provenance import sha256
from tests.files.test_unpacking import zstd

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
            "in.jsonl: record 2 of the data: no column 'instruction' or 'text', only 'a', and no conversation",
        ),
        ([TALK], ["--fields", "messages"], "in.jsonl: record 1 of the data: field 'messages' holds list"),
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


ROWS = [
    {"instruction": "the dog, and", "input": 'a "cat"', "output": "the\ncat"},
    *[{"instruction": "dog", "input": "", "output": "cat"}] * 5,
]
AS_CSV = 'instruction,input,output\n"the dog, and","a ""cat""","the\ncat"\n' + "dog,,cat\n" * 5
AS_LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
FORMATS = {
    "a.csv": AS_CSV.encode(),
    "a.TSV": AS_CSV.replace('"the dog, and"', "the dog; and").replace(",", "\t").replace(";", ",").encode(),
    "a.csv.gz": gzip.compress(AS_CSV.encode("utf-16")),
    "a.JSONL": b"\xef\xbb\xbf" + AS_LINES.encode(),
    "a.jsonl.zst": zstd(AS_LINES.encode()),
    "a.json": AS_LINES.encode(),
    "a.json.gz": gzip.compress(json.dumps(ROWS).encode()),
}


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FORMATS)
def test_the_same_is_mixed_of_every_format(mix, run, tmp_path, name, workers):
    expected = mix(ROWS)
    (tmp_path / name).write_bytes(FORMATS[name])
    command = [
        "mix",
        name,
        "--dictionary",
        "en-el.txt",
        "--ratio",
        "1",
        "--out",
        "of_format.JSONL",
        "--workers",
        workers,
    ]
    status, out, err = run(*command)
    assert (status, "6 rows" in out) == (0, True), err
    assert (tmp_path / "of_format.JSONL").read_text(encoding="utf-8").splitlines() == expected[2]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"text,b\ndog,1\ndog\n", "a.csv:3: a row of 1 values, and the header names 2"),
        ("a.csv", b'text,b\ndog,1\n"dog,2\n', "a.csv:3: a quote that begins in this row never ends"),
        ("a.txt", "caf\u00e9, dog and cat\n".encode("cp1252"), "iconv -f WINDOWS-1252 -t UTF-8 a.txt > a.utf-8.txt"),
        ("a.txt", "dog\n".encode("utf-16-be"), "UTF-16BE without a byte-order mark; convert it: iconv -f UTF-16BE"),
        ("a.jsonl.zst", zstd(b'{"text": "dog"}\n')[:-4], "a.jsonl.zst: a zst file that is cut off"),
        ("a.txt.gz", gzip.compress(b"x" * 2_000_000), "a.txt.gz: unpacks to over 100 times its size"),
        ("a.csv.bz2", b"text\ndog\n", "unknown suffix '.bz2'"),
    ],
)
def test_data_that_cannot_be_read_is_one_line_and_leaves_nothing(
    mix, run, tmp_path, monkeypatch, name, content, message
):
    mix([TALK])
    monkeypatch.setattr("commit_llm.files.unpacking.FREE", 1 << 20)
    (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.iterdir())
    for command in (["mix", name, "--out", "new.jsonl"], ["preview", name]):
        status, out, err = run(*command, "--dictionary", "en-el.txt")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert message in err
    assert sorted(tmp_path.iterdir()) == before


QUESTIONS = [
    {"question": row["instruction"], "context": row["input"], "answer": row["output"], "instruction": "dog"}
    for row in ROWS
]
COLUMNS = ["--columns", "instruction=question", "input=context", "output=answer"]


def test_columns_of_other_names(mix, run, tmp_path):
    """The file keeps its own; a table, too; a preview shows the fields."""
    _, _, expected = mix(ROWS)
    status, said, lines = mix(QUESTIONS, *COLUMNS)
    assert status == 0, said
    mixed = [json.loads(line) for line in lines]
    texts = [[json.loads(line)[name] for name in ("instruction", "input", "output")] for line in expected]
    assert [[row[name] for name in ("question", "context", "answer")] for row in mixed] == texts
    assert {row["instruction"] for row in mixed} == {"dog"}
    recipe = json.loads((tmp_path / "out.jsonl.provenance.json").read_text(encoding="utf-8"))["recipe"]
    assert recipe["columns"] == COLUMNS[1:]
    pq.write_table(pa.Table.from_pylist(QUESTIONS), tmp_path / "a.parquet")
    status, _, err = run(
        "mix", "a.parquet", "--dictionary", "en-el.txt", "--ratio", "1", "--out", "b.parquet", *COLUMNS
    )
    assert (status, pq.read_table(tmp_path / "b.parquet").to_pylist()) == (0, mixed), err
    flags = ["--dictionary", "en-el.txt", "--ratio", "1", *COLUMNS]
    status, shown, err = run("preview", "in.jsonl", *flags, "--fields", "input")
    assert (status, "γάτα" in shown, "input" in shown) == (0, True, True), err
    status, _, err = run("mix", "in.jsonl", "--list-sentences", "list.txt", *COLUMNS)
    assert (status, "the dog, and" in (tmp_path / "list.txt").read_text()) == (0, True), err
    status, _, err = run("dictionary", "inspect", "en-el.txt", "--text", "in.jsonl", *COLUMNS)
    assert (status, err) == (0, "")


def test_conversations_under_another_name(mix):
    talk = {"id": 1, "turns": TALK["messages"]}
    status, said, (line,) = mix([talk], "--columns", "messages=turns")
    assert (status, json.loads(line)) == (0, {"id": 1, "turns": MIXED["messages"]})
    status, said, _ = mix([talk])
    assert (status, "; --columns messages=turns would probably do\n" in said) == (2, True)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "it has"),
        (["instruction=question"], "no field 'output'; it has 'instruction', 'context', 'answer'; --columns "
         "instruction=question input=context output=answer would probably do"),
        (["instruction=qestion", "output=answer"], "--columns instruction=qestion: in.jsonl: no column 'qestion'; it "
         "has 'question', 'context', 'answer'; --columns instruction=question output=answer would probably do"),
        (["input=question", "input=context"], "--columns input=context: 'input' is 'question' already"),
        (["input=question", "output=question"], "--columns output=question: column 'question' is another field"),
        (["instruction=question", "inptu=context", "output=answer"],
         "--columns inptu=context: 'inptu' is not a field; write input=context"),
        (["question"], "--columns question: is not a name of a column; write FIELD=COLUMN"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_one_line(mix, tmp_path, columns, message):
    rows = [{name: value for name, value in row.items() if name != "instruction"} for row in QUESTIONS]
    status, said, _ = mix(rows, *(["--columns", *columns] if columns else []))
    assert (status, said.count("\n")) == (2, 1)
    assert message in said or not columns
    assert columns or "--columns instruction=question input=context output=answer would probably do" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["en-el.txt", "in.jsonl"]


def test_translations_by_their_frequency(mix, tmp_path):
    """The text is described with its hash, and read again when a file that was begun goes on."""
    (tmp_path / "en-el.txt").write_text("dog\tσκύλος\ndog\tσκυλί\n", encoding="utf-8")
    (tmp_path / "el.txt").write_text("σκυλί\n" * 999, encoding="utf-8")
    records = [{"text": f"dog {number}"} for number in range(50)]
    status, said, lines = mix(records, "--choice", "frequent", "--target-text", "el.txt", "--json")
    assert (status, json.loads(said)["replaced"]) == (0, 50)
    assert sum("σκυλί" in line for line in lines) >= 48
    assert 10 < sum("σκυλί" in line for line in mix(records)[2]) < 40
    mix(records, "--choice", "frequent", "--target-text", "el.txt")
    provenance = json.loads((tmp_path / "out.jsonl.provenance.json").read_text(encoding="utf-8"))
    (text,) = provenance["other_files"]
    assert (text["path"], text["sha256"]) == ("el.txt", sha256(tmp_path / "el.txt"))
    assert provenance["recipe"]["choice"] == "frequent"
    assert "target_text" not in provenance["recipe"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--choice", "frequent"], "--choice frequent: needs text in which translations are counted"),
        (["--target-text", "el.txt"], "--target-text el.txt: has no use without --choice frequent"),
        (["--choice", "frequent", "--target-text", "no.txt"], "no.txt: no such data file"),
        (["--choice", "frequent", "--target-text", "in.jsonl"], "has none of the translations of en-el.txt in its 1"),
    ],
)
def test_a_text_that_cannot_be_used_is_one_line(mix, tmp_path, flags, message):
    status, said, _ = mix([{"text": "dog"}], *flags)
    assert (status, said.count("\n")) == (2, 1)
    assert message in said
    assert not (tmp_path / "out.jsonl").exists()
