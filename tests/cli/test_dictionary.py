"""`commit-llm dictionary`: what it prints, what it writes, and what it answers to a broken file."""

import gzip
import json
import re

import pytest

from commit_llm.codemix import BilingualDictionary
from commit_llm.codemix.dictionaries.foreign import CONVERTED

CONTENT = "dog\tσκύλος\ndog\tdog\ncat\tγάτα,\ncat\tkitten\nutc\tutc\n"
TEXT = '{"instruction": "The dog and the cat.", "output": "Utc"}\n'


@pytest.fixture
def run(run):
    return lambda *argv: run("dictionary", *argv)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "en-el.txt"
    path.write_text(CONTENT, encoding="utf-8")
    return path


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.jsonl"
    path.write_text(TEXT, encoding="utf-8")
    return path


REPORT = """\
en-el.txt: en (Latin) -> el (Greek)
pairs                            5
  target in Greek                2  40.0 %
source words                     3
  translated by themselves only  1  33.3 %
source words after cleaning      2  66.7 %
  their translations             2

what cleaning finds              pairs
  a word by itself: no choice        2  40.0 %  dog → dog, utc → utc
  in another script: left out        1  20.0 %  cat → kitten
  punctuation around: corrected      1  20.0 %  cat → γάτα,

running words of 1 example           6
  can be replaced                    2  33.3 %
  same in both                       1  16.7 %
  name                               0   0.0 %
  not in the dictionary              3  50.0 %
found the other way round, el -> en  0   0.0 %

missing most often:
  the 2   and 1
"""


def test_the_report(run, file, text):
    """As a whole: who changes it looks at it."""
    assert run("inspect", file, "--text", text) == (0, REPORT, "")


PHRASES = "hot dog\tχοτ ντογκ\ndog\tσκύλος\nhot-dog stand\tκαντίνα\nas long as it may ever be\tόσο\n"
OF_PHRASES = """\
source words                     4
  translated by themselves only  0    0.0 %
source words after cleaning      1   25.0 %
phrases after cleaning           2   50.0 %
  translations of both           3
"""


def test_phrases_are_counted(run, tmp_path):
    """Those of two to five words, in the file and in a text; longer ones are passed over."""
    path, text = tmp_path / "en-el.txt", tmp_path / "text.jsonl"
    path.write_text(PHRASES, encoding="utf-8")
    text.write_text('{"instruction": "A hot dog, a hot dog and a dog.", "output": ""}\n')
    printed = run("inspect", path, "--text", text)[1]
    assert OF_PHRASES in printed
    assert "  over five words: passed over      1  25.0 %  as long as it may ever be → όσο\n" in printed
    assert re.search(r"^  can be replaced +5  55.6 %\n    phrases among these +2$", printed, re.M)
    found = json.loads(run("inspect", path, "--text", text, "--json")[1])
    assert (found["words"], found["phrases"], found["text"]["counts"]["phrases"]) == (1, 2, 2)


def test_the_report_for_a_program(run, file, text):
    found = json.loads(run("inspect", file, "--text", text, "--json")[1])
    assert found["languages"] == {
        "source": "en", "target": "el", "source_scripts": ["LATIN"], "target_scripts": ["GREEK"],
    }  # fmt: skip
    assert (found["pairs"], found["words"], found["text"]["replaceable"]) == (5, 2, 2)
    assert found["noise"][0]["kind"] == "identity"
    assert found["text"]["missing"] == {"the": 2, "and": 1}
    assert "text" not in json.loads(run("inspect", file, "--json")[1])


def test_the_cleaned_dictionary(run, file, tmp_path):
    out = tmp_path / "clean" / "en-el.tsv"
    status, printed, _ = run("inspect", file, "--out", out)
    assert status == 0
    assert f"wrote {out}: 2 pairs" in printed
    assert out.read_bytes().decode() == "dog\tσκύλος\ncat\tγάτα\n"
    status, _, err = run("inspect", file, "--out", out)
    assert (status, "exists already" in err) == (2, True)
    assert run("inspect", file, "--out", out, "--overwrite")[0] == 0
    assert "Cleaning finds nothing to do." in run("inspect", out)[1]


def test_bad_lines(run, tmp_path):
    path = tmp_path / "en-el.txt"
    path.write_text("dog\tσκύλος\na\tb\tc\td\te\nalone\n", encoding="utf-8")
    message = (
        f"commit-llm dictionary: {path}:2: 5 tab-separated field(s) in 'a\\tb\\tc\\td\\te'; "
        "a dictionary line is 'source<TAB>target'; --skip-bad-lines skips others\n"
    )
    assert run("inspect", path) == (2, "", message)
    status, printed, _ = run("inspect", path, "--skip-bad-lines")
    assert status == 0
    assert "\nbad lines, skipped               2  line 2: 5 tab-separated field(s)" in printed


def test_the_wrong_way_round(run, file, tmp_path):
    text = tmp_path / "greek.txt"
    text.write_text("ο σκύλος\n", encoding="utf-8")
    printed = run("inspect", file, "--text", text)[1]
    assert "The text looks like the other language: is the dictionary the wrong way round?" in printed


PARALLEL = """\
content words of 2 pairs of texts (1 with an empty side left out), each once a pair  5
  in the dictionary                                                                  3  60.0 %
found the other way round, el -> en                                                  0   0.0 %

stands in the other text        exact     stem
  drawn translation (uniform)  50.0 %   83.3 %
  best of several              66.7 %  100.0 %
  of a shuffled dictionary     33.3 %   83.3 %
"""


@pytest.fixture
def parallel(tmp_path):
    """Two files of lines."""
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    source.write_text("The dog and the cat sat.\nTwo dogs\n\n", encoding="utf-8")
    target.write_text("Ο σκύλος κι η γάτα.\nΔύο σκυλιά\n\n", encoding="utf-8")
    return source, target


def test_parallel_texts(run, tmp_path, parallel):
    """As a whole: who changes it looks at it."""
    path = tmp_path / "en-el.txt"
    path.write_text("dog\tσκύλος\ndog\tκύων\ncat\tγάτα\ndogs\tσκύλοι\n", encoding="utf-8")
    status, printed, error = run("inspect", path, "--parallel", *parallel)
    assert (status, error) == (0, "")
    assert printed.endswith(f"\n\n{PARALLEL}")
    counted = json.loads(run("inspect", path, "--parallel", *parallel, "--json")[1])["parallel"]
    assert (counted["pairs"], counted["empty"], counted["content_words"], counted["covered"]) == (2, 1, 5, 3)
    assert counted["drawn"] == {"exact": 1.5, "stem": 2.5}
    assert counted["best"] == {"exact": 2, "stem": 3}
    assert (counted["has_stop_words"], counted["by_substring"], counted["turned"]) == (True, False, 0)


def test_parallel_texts_the_wrong_way_round(run, file, parallel):
    """Told as --text tells it; other languages have no list of words without content."""
    source, target = parallel
    printed = run("inspect", file, "--parallel", target, source)[1]
    line = "The source looks like the other language: is the dictionary, or --parallel, the wrong way round?"
    assert line in printed.splitlines()
    assert "  drawn translation (uniform)      -     -\n" in printed


def test_parallel_texts_without_spaces(run, tmp_path):
    path, source, target = (tmp_path / name for name in ("en-th.txt", "source.txt", "target.txt"))
    path.write_text("cat\tแมว\ndog\tหมา\n", encoding="utf-8")
    source.write_text("a cat\n")
    target.write_text("แมวดำ\n", encoding="utf-8")
    printed = run("inspect", path, "--parallel", source, target)[1]
    assert "stands in the other text       as a substring\n  drawn translation (uniform)         100.0 %\n" in printed


def test_parallel_texts_and_the_choice(run, tmp_path, parallel):
    path, text = tmp_path / "en-el.txt", tmp_path / "el.jsonl"
    path.write_text("dog\tκύων\ndog\tσκύλος\ncat\tγάτα\n", encoding="utf-8")
    text.write_text(json.dumps({"text": "σκύλος σκύλος"}) + "\n")
    command = ["inspect", path, "--parallel", *parallel, "--json"]
    drawn = {}
    for choice, flags in (("uniform", []), ("first", []), ("frequent", ["--target-text", text])):
        counted = json.loads(run(*command, "--choice", choice, *flags)[1])["parallel"]
        drawn[choice] = counted["drawn"]["exact"]
        assert (counted["choice"], counted["best"]["exact"]) == (choice, 2)
    assert drawn == pytest.approx({"uniform": 1.5, "first": 1.0, "frequent": 1.75})


def test_languages_and_fields(run, file, tmp_path):
    assert run("inspect", file, "--languages", "en-hi")[1].startswith("en-el.txt: en (Latin) -> hi (Devanagari)\n")
    text = tmp_path / "text.jsonl"
    text.write_text('{"question": "dog"}\n')
    assert re.search("can be replaced +1 ", run("inspect", file, "--text", text, "--fields", "question")[1])


MISTAKES = [
    ("inspect {none}.txt", "none.txt: no such dictionary file"),
    ("inspect {folder}", "is a directory"),
    ("inspect {empty}", "empty.txt: the dictionary is empty"),
    ("inspect {binary}", "binary.txt: not UTF-8 at byte 1"),
    ("inspect {line}", "line.txt:1: a line of over 65,536 characters"),
    ("inspect {good} --text {none}.jsonl", "no such data file"),
    ("inspect {good} --text {empty}", "holds no record"),
    ("inspect {good} --text {table}", "no column 'instruction' or 'text', only 'x', and no conversation (messages, "),
    ("inspect {good} --text {table} --fields y", "no field 'y'"),
    ("inspect {good} --parallel {good} {two}", "en-el.txt has 5 lines, and "),
    ("inspect {good} --parallel {good} {none}", "no such file; give two files of lines"),
    ("inspect {good} --choice frequent", "--choice frequent: needs text in which translations are counted; name it"),
    ("inspect {good} --target-text {two}", "two.txt: has no use without --choice frequent"),
    ("inspect {good} --choice first", "--choice first: says how translations are drawn for --parallel; name texts"),
    ("inspect {good} --languages greek", "--languages 'greek': give the codes"),
    ("inspect {good} --out {none}.jsonl", "name a .txt or .tsv file"),
    ("inspect {good} --out {good}", "exists already"),
    ("fetch en-qqx --out {folder}", "MUSE has no such dictionary"),
    ("fetch en-el --out {folder} --url ftp://x", "must begin with https:// or http://"),
    ("fetch en-el --out {folder} --url http://127.0.0.1:1", "cannot be reached"),
    ("fetch en-el --out {good} --url http://127.0.0.1:1", "cannot be made a folder"),
]


@pytest.mark.parametrize(("argv", "message"), MISTAKES)
def test_a_mistake_is_one_line_and_leaves_nothing(run, tmp_path, argv, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "binary.txt").write_bytes(b"a\xff\tb\n")
    (tmp_path / "line.txt").write_text("x" * 200_000)
    (tmp_path / "table.jsonl").write_text('{"x": "dog"}\n')
    (tmp_path / "two.txt").write_text("x\ny\n")
    (tmp_path / "en-el.txt").write_text(CONTENT, encoding="utf-8")
    names = {"none": "none", "folder": "folder", "empty": "empty.txt", "binary": "binary.txt", "line": "line.txt",
             "table": "table.jsonl", "two": "two.txt", "good": "en-el.txt"}  # fmt: skip
    before = sorted(tmp_path.rglob("*"))
    status, printed, err = run(*argv.format(**{name: tmp_path / file for name, file in names.items()}).split())
    assert (status, printed) == (2, "")
    assert message in err
    assert re.fullmatch("commit-llm dictionary: [^\n]{10,500}\n", err)
    assert sorted(tmp_path.rglob("*")) == before


def test_fetch(run, tmp_path, monkeypatch):
    """What it prints; tests/data/test_fetch_dictionary.py has the rest."""
    from tests.data.test_fetch_dictionary import CONTENT, serving

    with serving() as server:
        command = ["fetch", "en-el", "--out", tmp_path, "--url", server.url]
        status, printed, _ = run(*command)
        assert status == 0
        assert re.fullmatch(
            rf"{tmp_path}/en-el\.txt: {len(CONTENT):,} bytes\nfrom {server.url}/en-el\.txt, SHA-256 [0-9a-f]{{64}}\n"
            "licence CC BY-NC 4.0: not for commercial use; .*\n",
            printed,
        )
        assert "fetched on 2" in run(*command)[1]
        record = json.loads(run(*command, "--json")[1])
    assert record["path"] == str(tmp_path / "en-el.txt")
    assert record["licence"] == "CC BY-NC 4.0"
    assert len(BilingualDictionary.load(tmp_path / "en-el.txt")) == 20_000


TAKEN_APART = """\
en-el.tsv.gz: en (Latin) -> el (Greek)
pairs                            6
  target in Greek                6  100.0 %
source words                     4
  translated by themselves only  0    0.0 %
source words after cleaning      3   75.0 %
phrases after cleaning           1   25.0 %
  translations of both           6

what cleaning finds                 pairs
  a list: each part counts              1  16.7 %  make → φτιάχνω, κατασκευάζω, κάνω (κάτι γι…
  notes in brackets: dropped            2  33.3 %  make → φτιάχνω, κατασκευάζω, κάνω (κάτι γι…; dog (animal) → σκύλος
  nothing but a note: left out          1  16.7 %  cat → (ζώο)
  ~ for a space: corrected              1  16.7 %  polar~bear → πολική~αρκούδα
  &...; for a character: corrected      1  16.7 %  war → πόλεμος &amp; ειρήνη
"""


def test_what_is_taken_apart_is_told(run, tmp_path):
    """As a whole: who changes it looks at it."""
    path, out = tmp_path / "en-el.tsv.gz", tmp_path / "en-el.clean.tsv"
    lines = (
        "make\tφτιάχνω, κατασκευάζω, κάνω (κάτι για κάποιον)\ndog (animal)\tσκύλος\ncat\t(ζώο)\n"
        "polar~bear\tπολική~αρκούδα\nwar\tπόλεμος &amp; ειρήνη\n"
    )
    path.write_bytes(gzip.compress(lines.encode("utf-16")))
    assert run("inspect", path, "--out", out) == (0, f"{TAKEN_APART}\nwrote {out}: 6 pairs\n", "")
    assert out.read_text(encoding="utf-8") == (
        "make\tφτιάχνω\nmake\tκατασκευάζω\nmake\tκάνω\ndog\tσκύλος\npolar bear\tπολική αρκούδα\nwar\tπόλεμος & ειρήνη\n"
    )
    found = json.loads(run("inspect", path, "--json")[1])
    assert found["noise"][0]["kind"] == "list"
    assert found["noise"][0]["examples"] == [["make", "φτιάχνω, κατασκευάζω, κάνω (κάτι για κάποιον)"]]


def test_lists_in_a_file_of_muses_layout_are_told(run, tmp_path):
    path = tmp_path / "en-el.txt"
    path.write_text("make\tφτιάχνω, κάνω\n" + "".join(f"dog\tσκύλος{n}\n" for n in range(100)), encoding="utf-8")
    line = "1 targets look like lists: name the file .tsv, and each part counts."
    assert line not in run("inspect", path)[1]
    with path.open("a", encoding="utf-8") as file:
        file.write("cat\tγάτα; γάτος\n")
    assert line.replace("1", "2", 1) in run("inspect", path)[1].splitlines()
    assert json.loads(run("inspect", path, "--json")[1])["whole_lists"] == 2
    path = path.rename(tmp_path / "en-el.tsv")
    assert json.loads(run("inspect", path, "--json")[1])["whole_lists"] == 0


def test_a_dictionary_of_another_program_is_one_line(run, tmp_path):
    path = tmp_path / "eng-ell.tei"
    path.write_text("<TEI/>")
    status, printed, error = run("inspect", path)
    assert (status, printed) == (2, "")
    assert error.startswith(f"commit-llm dictionary: {path}: a TEI dictionary, which is not read; ")
    assert CONVERTED in error
    assert error.count("\n") == 1
