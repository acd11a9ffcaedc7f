"""`commit-llm tokenizer inspect`: what it counts, what it prints, and what it answers to a mistake."""

import dataclasses
import json
import re
from importlib.util import find_spec

import pytest

from commit_llm.recipes import RECIPES, dump_recipe
from tests.data.tokenizer_folders import write_bytes_tokenizer, write_pieces

ENGLISH, GREEK = "The dog runs.\nA cat!\n", "Ο σκύλος τρέχει.\nΜία γάτα!\n"
DICTIONARY = "dog\tσκύλος\ncat\tγάτα\nruns\tτρέχει\n"


@pytest.fixture
def run(run):
    return lambda *argv: run("tokenizer", "inspect", *argv)


@pytest.fixture
def model(tmp_path):
    """A folder with a token a byte, and no weights."""
    write_bytes_tokenizer(tmp_path / "bytes")
    return tmp_path / "bytes"


@pytest.fixture
def texts(tmp_path):
    for name, content in (("en.txt", ENGLISH), ("el.txt", GREEK), ("en-el.txt", DICTIONARY)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path / "en.txt", tmp_path / "el.txt", tmp_path / "en-el.txt"


REPORT = """\
bytes: 259 entries

texts   examples  words  characters
en.txt         2      5          19
el.txt         2      5          25

spelling  tokens  a word  a character  chars each  x first
en.txt        19    3.80         1.00        1.00     1.00
el.txt        45    9.00         1.80        0.56     2.37

tokens an example  mean  median  95 %  longest  --seq-len
en.txt               10       6    13       13         13
el.txt               22      16    29       29         29
--seq-len: of rows that hold 95 % of the examples, with bos and eos.

kinds of tokens  parts of characters  unknown  different  of entries
en.txt                         0.0 %    0.0 %         17       6.6 %
el.txt                        88.9 %    0.0 %         23       8.9 %

dictionaries  translations  tokens each  as drawn
en-el.txt                3        11.67     11.67
as drawn: those that mixing puts into en.txt at ratio 1.

spelt worst in en-el.txt:
  13 tokens, 6 characters  σκύλος
"""


def test_the_report(run, model, texts):
    """As a whole: who changes it looks at it."""
    english, greek, dictionary = texts
    flags = ("--text", english, "--text", greek, "--dictionary", dictionary, "--worst", 1)
    assert run(model, *flags) == (0, REPORT, "")
    assert max(map(len, REPORT.splitlines())) <= 80


def found(run, model, *flags):
    """What it says as JSON."""
    status, printed, error = run(model, *flags, "--json")
    assert (status, error) == (0, "")
    return json.loads(printed)


def sentences(run, model, *flags):
    """What it says, its lines joined."""
    return " ".join(run(model, *flags)[1].split())


def test_two_tokenizers(run, model, texts, tmp_path):
    """A tokenizer.model beside a tokenizer.json, by its file."""
    pieces = write_pieces(tmp_path / "pieces")
    english, _, dictionary = texts
    flags = ("--text", english, "--beside", pieces, "--dictionary", dictionary)
    printed = run(model, *flags)[1]
    assert printed.startswith("bytes: 259 entries\ntokenizer.model: 120 entries\n")
    counts = found(run, model, *flags)
    tokens = {name: each["tokens"] for name, each in counts["texts"]["en.txt"]["tokenizers"].items()}
    assert tokens["tokenizer.model"] < tokens["bytes"] == 19
    share = tokens["tokenizer.model"] / 19
    assert f"\ntokenizer.model: {share:.2f} x the tokens in en.txt\n" in printed
    assert set(counts["dictionaries"]["en-el.txt"]["worst"][0]["tokens"]) == {"bytes", "tokenizer.model"}
    assert "spelt worst in en-el.txt (by bytes and tokenizer.model):\n  13, " in printed


def test_texts_that_are_no_translations_have_no_factor(run, model, texts, tmp_path):
    """Those with other numbers of examples, and those of which only a part is looked at."""
    note = "x first: of all of a text with as many examples as the first, as translations have."
    longer = tmp_path / "longer.txt"
    longer.write_text(GREEK + "Ναι\n", encoding="utf-8")
    for flags in (["--text", longer], ["--text", texts[1], "--examples", 1]):
        printed = run(model, "--text", texts[0], *flags)[1]
        assert note in " ".join(printed.split())
        assert re.search(rf"^{flags[1].name} .* -$", printed, re.M)
    assert note not in sentences(run, model, "--text", texts[0], "--text", texts[1])


def test_one_tokenizer_twice_is_told(run, model, texts):
    printed = run(model, "--text", texts[0], "--beside", model / "tokenizer.json")[1]
    assert printed.startswith("bytes: 259 entries\ntokenizer.json: 259 entries\nBoth are one and the same tokenizer")


def test_what_a_tokenizer_does_not_know_is_told(run, example, texts):
    """A vocabulary of words has one token for all others."""
    counts = found(run, example / "model", "--text", texts[1])["texts"]["el.txt"]["tokenizers"]["model"]
    assert (counts["tokens"], counts["unknown"]) == (6, 5)


def test_instructions_count_as_training_makes_them(run, example):
    """With the prompt around them, bos and eos: by the arrays that training would see."""
    from commit_llm.data.forms.instruction import InstructionForm
    from commit_llm.data.tokenizer import load_tokenizer
    from commit_llm.files.records import read_records

    data = example / "instructions.jsonl"
    counts = found(run, example / "model", "--text", data, "--examples", 20)["texts"]["instructions.jsonl"]
    form, tokenizer = InstructionForm(), load_tokenizer(example / "model")
    records = read_records(data)[:20]
    places = sorted(len(form.encode(tokenizer, one, form.texts(one, 0)).tokens) - 1 for one in records)
    (tokens,) = counts["tokenizers"].values()
    assert (counts["examples"], counts["is_cut"], counts["kinds"]) == (20, True, {"instruction": 20})
    assert tokens["seq_len"] == {"median": places[9], "p95": places[18], "max": places[19]}
    assert tokens["an_example"]["max"] < places[19] - 20  # the prompt
    printed = sentences(run, example / "model", "--text", data, "--examples", 20)
    assert "Of instructions.jsonl only the first 20 are looked at; --examples 0 looks at all. " in printed
    assert "--seq-len: of rows that hold 95 % of the examples, with prompt, bos and eos. " in printed
    everything = found(run, example / "model", "--text", data, "--examples", 0)["texts"]["instructions.jsonl"]
    assert (everything["examples"], everything["is_cut"]) == (len(read_records(data)), False)


def test_conversations(run, model, tmp_path):
    """Their contents count; their rows with a chat template alone."""
    path = tmp_path / "chat.jsonl"
    messages = [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Yes"}]
    path.write_text(json.dumps({"messages": messages}) + "\n")
    printed = sentences(run, model, "--text", path)
    assert " --seq-len chat.jsonl 11 11 11 11 - " in printed
    assert "chat.jsonl: the texts alone; --prompt chat lays conversations out for their rows. " in printed
    template = tmp_path / "chat.jinja"
    template.write_text("{% for m in messages %}{{ m.role[0] }}:{{ m.content }}</s>{% endfor %}"
                        "{% if add_generation_prompt %}a:{% endif %}")  # fmt: skip
    counts = found(run, model, "--text", path, "--prompt", "chat", "--chat-template", template)
    tokens = counts["texts"]["chat.jsonl"]["tokenizers"]["bytes"]
    assert (tokens["an_example"]["max"], tokens["seq_len"]["max"]) == (11, len("u:Hi there.a:Yes.") - 1)


def test_examples_that_training_leaves_out(run, model, tmp_path):
    """Those of which the template makes none count by their texts, and take no row."""
    path, template = tmp_path / "rows.jsonl", tmp_path / "prompt.jinja"
    rows = [{"instruction": "Hi", "input": "there", "output": "Yes"}, {"instruction": "Hi", "output": "Yes"}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    template.write_text("Q: {{ instruction }} A: ")
    flags = ("--text", path, "--prompt", template)
    counts = found(run, model, *flags)["texts"]["rows.jsonl"]["tokenizers"]["bytes"]
    assert (counts["left_out"], counts["an_example"]["max"]) == (1, 10)
    assert counts["seq_len"] == dict.fromkeys(("median", "p95", "max"), len("Q: Hi A: Yes.") - 1)
    assert "Training leaves out 1 example, so no row must hold them." in sentences(run, model, *flags)


SQUAD = {"data": [{"paragraphs": [{"context": "Ο σκύλος.", "qas": []}, {"context": "Η γάτα", "qas": []}]}]}


def test_contexts_of_squad(run, model, tmp_path):
    path = tmp_path / "xquad.el.json"
    path.write_text(json.dumps(SQUAD), encoding="utf-8")
    counts = found(run, model, "--text", path, "--columns", "text=context")["texts"]["xquad.el.json"]
    assert (counts["kinds"], counts["words"], counts["characters"]) == ({"context": 2}, 4, 15)
    cut = found(run, model, "--text", path, "--examples", 1)["texts"]["xquad.el.json"]
    assert (cut["examples"], cut["is_cut"]) == (1, True)


def test_bad_lines_of_a_dictionary_may_be_left_out(run, model, texts):
    """As its message says."""
    texts[2].write_text(f"{DICTIONARY}x\ty\tz\n", encoding="utf-8")
    flags = ("--text", texts[0], "--dictionary", texts[2])
    assert "--skip-bad-lines skips others" in run(model, *flags)[2]
    assert found(run, model, *flags, "--skip-bad-lines")["dictionaries"]["en-el.txt"]["translations"] == 3


def test_words_without_icu_are_told(run, model, tmp_path, monkeypatch):
    """Then they are those of a dictionary, and characters."""
    path, dictionary = tmp_path / "th.txt", tmp_path / "en-th.txt"
    path.write_text("แมวดำ\n", encoding="utf-8")
    dictionary.write_text("cat\tแมว\n", encoding="utf-8")
    line = "th.txt: without ICU (extra seg) a word that no --dictionary has is one character."
    if find_spec("icu4py"):
        assert line not in sentences(run, model, "--text", path)
    monkeypatch.setattr("commit_llm.codemix.finding.segmentation.find_spec", lambda name: None)
    for flags, words in (([], 4), (["--dictionary", dictionary], 2)):
        assert line in sentences(run, model, "--text", path, *flags)
        assert found(run, model, "--text", path, *flags)["texts"]["th.txt"]["words"] == words


def test_columns_and_fields(run, model, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("title,context,n\nA dog,The dog runs,1\n", encoding="utf-8")
    assert found(run, model, "--text", path, "--columns", "text=context")["texts"]["rows.csv"]["words"] == 3
    assert found(run, model, "--text", path, "--fields", "title", "context")["texts"]["rows.csv"]["words"] == 5


def test_a_dictionary_of_another_language_is_told(run, model, texts, tmp_path):
    hindi = tmp_path / "en-hi.txt"
    hindi.write_text("dog\tकुत्ता\ncat\tबिल्ली\n", encoding="utf-8")
    line = "en-hi.txt: hardly a word of el.txt is among its translations, which are in Devanagari: "
    line += "is it the dictionary of another language?"
    for flags in (["--text", texts[1]], ["--text", texts[0], "--text", texts[1]]):
        assert line in sentences(run, model, *flags, "--dictionary", hindi)
    for flags in (["--text", texts[0]], ["--text", texts[1], "--text", texts[0]]):
        assert "hardly" not in sentences(run, model, *flags, "--dictionary", texts[2])
    (tmp_path / "hi.txt").write_text("एक कुत्ता\n", encoding="utf-8")  # beside one that is in it
    flags = ("--text", texts[1], "--text", tmp_path / "hi.txt")
    assert "hardly" not in sentences(run, model, *flags, "--dictionary", texts[2])


MISTAKES = [
    ("{model}", "no text; name a data file in the language with --text"),
    ("{model} --text {none}.txt", "none.txt: no such data file"),
    ("{model} --text {empty}", "empty.txt: holds no record"),
    ("{model} --text {blank}", "blank.txt: holds no word; name another file"),
    ("{model} --text {table}", "table.jsonl: record 1 of the data: no column 'instruction' or 'text', only 'x'"),
    ("{model} --text {table} --columns text=y", "no column 'y'"),
    ("{model} --text {object}", "object.json: not in SQuAD layout"),
    ("{model} --text {good} --text {good}", "--text: names one file twice"),
    ("{model} --text {good} --examples -1", "--examples -1: must be at least 0"),
    ("{model} --text {good} --stop x", "--stop 'x': is for --prompt chat"),
    ("{model} --text {good} --prompt chat", "has no chat template"),
    ("{model} --text {good} --dictionary {none}.txt", "none.txt: no such dictionary file"),
    ("{model} --text {good} --dictionary {same}", "same.tsv: cleaning leaves no translation"),
    ("{folder} --text {good}", "folder: holds neither tokenizer.json nor tokenizer.model"),
    ("{good} --text {good}", "good.txt: a tokenizer is a sentencepiece .model or a Hugging Face tokenizer.json"),
    ("{object} --text {good}", "object.json: not a tokenizer.json"),
    ("{model} --text {good} --beside {none}.json", "none.json: no such tokenizer file"),
]


@pytest.mark.parametrize(("argv", "message"), MISTAKES)
def test_a_mistake_is_one_line(run, model, tmp_path, argv, message):
    (tmp_path / "folder").mkdir()
    contents = {"empty.txt": "", "blank.txt": "\n 12 \n", "table.jsonl": '{"x": "dog"}\n', "object.json": '{"a": 1}',
                "good.txt": "A dog.\n", "same.tsv": "dog\tdog\n"}  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    names = {name.split(".")[0]: tmp_path / name for name in (*contents, "none", "folder")} | {"model": model}
    status, printed, err = run(*argv.format(**names).split())
    assert (status, printed) == (2, "")
    assert message in err
    assert re.fullmatch("commit-llm tokenizer: [^\n]{10,600}\n", err)


def test_a_run_has_the_bos_that_it_was_trained_with(run, model, texts, tmp_path):
    """Its tokenizer is that of its model folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    model.rename(folder / "model")
    (folder / "provenance.json").write_text('{"tokenizer": "tokenizer.json"}')
    for bos, longest in (("always", 14), ("never", 13)):
        recipe = dataclasses.replace(RECIPES["commit"][1], bos=bos)
        (folder / "config.yaml").write_text(dump_recipe(recipe))
        counts = found(run, folder, "--text", texts[0])["texts"]["en.txt"]["tokenizers"]["run"]
        assert counts["seq_len"]["max"] == longest


def test_files_of_one_name_are_told_apart(run, model, texts, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "en.txt"
    other.write_text("Cats run.\n")
    flags = ("--text", texts[0], "--text", other)
    assert set(found(run, model, *flags)["texts"]) == {str(texts[0]), str(other)}
    printed = run(model, *flags)[1]
    assert max(map(len, printed.splitlines())) <= 80
    assert f"\n…{str(other)[-21:]}  " in printed
