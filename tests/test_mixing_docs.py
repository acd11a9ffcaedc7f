"""docs/mixing.md and README's section on mixing: their commands are run, and so is their Python, in a small folder."""

import json
import re
from dataclasses import fields
from types import SimpleNamespace

import pytest

import commit_llm
from commit_llm.cli.main import main
from commit_llm.cli.mix import Mix
from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.mixing_flags import MixingFlags
from tests.conftest import ROOT
from tests.documented_commands import documented
from tests.tiers import in_long_tier

PAGE = (ROOT / "docs" / "mixing.md").read_text(encoding="utf-8")

GREEK = [("the", "ο"), ("dog", "σκύλος"), ("cat", "γάτα"), ("barks", "γαβγίζει"), ("house", "σπίτι"), ("utc", "utc")]
GERMAN = [("dog", "Hund"), ("where", "wo")]
EXAMPLE = {"instruction": "Where is the dog?", "input": "The dog of Anna barks.", "output": "The house of the cat"}
ROWS = [{**EXAMPLE, "output": "" if row % 3 else EXAMPLE["output"], "id": row} for row in range(30)]
FIELDS = tuple(EXAMPLE)
TALK = {
    "messages": [{"role": "user", "content": "Where is the dog?"}, {"role": "assistant", "content": "The dog barks."}]
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the pages name."""
    monkeypatch.chdir(tmp_path)
    for name, pairs in (("en-el.txt", GREEK), ("en-de.txt", GERMAN)):
        (tmp_path / name).write_text("".join(f"{one}\t{two}\n" for one, two in pairs), encoding="utf-8")
    pair = "Where is the dog?\tΠού είναι ο σκύλος;\n"
    (tmp_path / "sentences-en-el.tsv").write_text(pair, encoding="utf-8")
    (tmp_path / "keep.txt").write_text("cat\n")
    (tmp_path / "greek.txt").write_text("Ο σκύλος κι η γάτα.\n", encoding="utf-8")
    (tmp_path / "alpaca.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps({**TALK, "id": row["id"]}) + "\n" for row in ROWS))
    return tmp_path


@pytest.fixture
def run_mix(tmp_path, capsys):
    """Run `mix` on a file; what it says of the words."""

    def call(texts, *flags):
        argv = ["mix", texts, *flags, "--out", tmp_path / "out.jsonl", "--overwrite", "--json"]
        assert main([str(word) for word in argv]) == 0
        return json.loads(capsys.readouterr().out)

    return call


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("page", "section"), [("mixing.md", None), ("README.md", "Mixing")])
def test_the_commands_run(folder, page, section, capsys):
    """In order; what each of them prints is of these examples, and what `mix` writes is mixed."""
    found = [list(one.words) for one in documented() if one.page == page and section in (None, one.section)]
    assert {words[0] for words in found} == {"mix", "preview", "dictionary"}
    for words in found:
        assert main(words) == 0, (words, capsys.readouterr().err)
        printed = capsys.readouterr().out
        if "--list-sentences" in words:
            listed = (folder / words[-1]).read_text(encoding="utf-8").splitlines()
            assert listed == list(EXAMPLE.values())
        elif words[0] == "mix":
            mixed = read(folder / words[words.index("--out") + 1])
            assert [row["id"] for row in mixed] == [row["id"] for row in ROWS]
            assert mixed != read(folder / words[1])
        elif "--html" in words:
            assert "σκύλος" in (folder / words[words.index("--html") + 1]).read_text(encoding="utf-8")
        else:
            assert ("σκύλος" if words[0] == "preview" else "found the other way round, el -> en") in printed


def python_blocks():
    return re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


def run(only):
    """What the page's Python leaves behind: of the one block with these words, and of the first three before it."""
    found = python_blocks()
    (place,) = [place for place, block in enumerate(found) if only in block]
    names = {}
    for block in [*found[: min(place, 3)], found[place]]:
        exec(compile(block, "docs/mixing.md", "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture
def expected():
    """The rows, mixed one by one as the page's mixer does."""
    mixer = CodeMixer(BilingualDictionary.from_pairs(GREEK), ratio=0.9)
    mixed = [
        {**row, **mixer.mix_example({name: row[name] for name in FIELDS}, row=number).texts}
        for number, row in enumerate(ROWS)
    ]
    assert mixed != ROWS
    assert len({row["instruction"] for row in mixed}) > 1  # the row matters
    return mixed


def test_every_way_of_use_is_three_lines():
    """But for imports and the names of fields."""
    for block in python_blocks():
        lines = [line for line in block.splitlines() if line and not re.match(r"import|from|FIELDS =", line)]
        assert len(lines) <= 3, block


def test_a_text(folder):
    left = run('mix("The dog')
    assert left.mixed == "Ο σκύλος γαβγίζει at ο γάτα."
    assert (left.counts.replaced, left.counts.words) == (5, 6)


def test_an_example(folder):
    left = run("mix_example(example, row=0, mixed_fields")
    assert left.texts == {"instruction": "Where is the dog?", "output": "Ο σκύλος is in ο σπίτι."}
    assert [word.translation for word in left.explained["instruction"]] == [None, None, "ο", "σκύλος"]


def test_arrow(folder):
    left = run("import pyarrow")
    instructions, outputs = ["The dog barks.", "The cat."], ["A dog.", None]
    by_row = [
        left.mixer.mix_example({"instruction": one, "output": two}, row=row)
        for row, one, two in zip([17, 4], instructions, outputs, strict=True)
    ]
    assert {name: column.to_pylist() for name, column in left.mixed.items()} == {
        name: [example.texts[name] for example in by_row] for name in ("instruction", "output")
    }
    assert left.mixed["instruction"].to_pylist() != instructions
    assert left.counts.tolist() == [[*example.counts] for example in by_row]


def test_pandas(folder, expected):
    pytest.importorskip("pandas", reason="needs pandas")
    left = run("import pandas")
    assert left.frame.to_dict("records") == expected
    assert left.counts[:, 0].sum() > 0


def test_polars(folder, expected):
    pytest.importorskip("polars", reason="needs polars")
    left = run("import polars")
    assert left.frame.to_dicts() == expected
    assert left.counts[:, 0].sum() > 0


def test_datasets(folder, expected, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
    with (folder / "alpaca.jsonl").open("a") as file:
        file.write(json.dumps({"instruction": "", "input": None, "output": "utc", "id": 99}) + "\n")
    *mixed, last = run("from datasets").data.to_list()
    assert mixed == expected
    assert last == {"instruction": "", "input": None, "output": "utc", "id": 99}


def test_an_amount_and_the_measures(folder):
    left = run("mixing_metrics")
    assert left.fit.reached == pytest.approx(0.5, abs=0.15)  # of seven words
    assert left.fit.highest == pytest.approx(6 / 7)
    assert left.fit.mixer.settings.ratio < 1
    assert 0 < left.measures.cmi <= 50


def test_settings_in_one_object(folder):
    left = run("MixingSettings(")
    assert left.careful.settings.unmixed_share == 0.1
    assert left.careful.mix("The cat", row=2).text == "Ο cat"


def test_sentences(folder):
    assert run("SentencePairs").question.text == "Πού είναι ο σκύλος; Ο γάτα"


def test_the_mixer_of_a_recipe(folder):
    assert run("find_recipe").mixed == "Ο γάτα. Ο dog γαβγίζει."


def test_why_words_stayed(folder):
    left = run("Counts.of")
    text = left.example["output"]
    assert [text[word.start : word.end] for word in left.stayed] == ["is", "in"]
    assert left.shares["not in the dictionary"] == 2 / 6


def test_every_public_name_is_shown():
    names = "\n".join(python_blocks())
    assert {name for name in commit_llm.__all__ if name not in names} == {"UserError"}
    assert "raises `UserError`" in PAGE
    message = re.search(r"\(`(ratio 2: [^`]*)`\)", PAGE)[1].replace("\n", " ")
    with pytest.raises(commit_llm.UserError, match=message):
        CodeMixer(BilingualDictionary.from_pairs(GREEK), ratio=2)


def test_the_spaces_of_thai():
    """The examples of the page."""
    pairs = [("แมว", "cat"), ("ดำ", "black"), ("กิน", "eats"), ("ปลา", "fish")]
    mixer = CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=1.0, languages="th-en", segmentation="longest")
    examples = re.findall(r"([\u0e00-\u0e7f()]+) becomes \*([^*]+)\*", PAGE)
    assert len(examples) == 2
    for text, mixed in examples:
        assert mixer.mix(text).text == mixed


def test_every_key_of_the_provenance_and_of_its_recipe_is_told(folder):
    assert main(["mix", "alpaca.jsonl", "--dictionary", "en-el.txt", "--out", "plain.jsonl"]) == 0
    plain = json.loads((folder / "plain.jsonl.provenance.json").read_text(encoding="utf-8"))
    assert main(["mix", "talks.jsonl", "--dictionary", "en-el.txt", "--out", "out.jsonl"]) == 0
    told = json.loads((folder / "out.jsonl.provenance.json").read_text(encoding="utf-8"))
    table = PAGE.split("| key | what |")[1].split("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    keys = {*told, *told["input"], *told["dictionaries"][0], *told["recipe"], *told["counts"], *told["output"]}
    assert named == keys
    assert set(told["recipe"]) - set(plain["recipe"]) == {"mix_roles"}
    assert set(told["counts"]) - set(plain["counts"]) == {"conversations", "faulty_conversations"}


def test_every_setting_is_told_somewhere():
    flags = {"--" + setting.name.replace("_", "-") for setting in fields(MixingFlags)}
    flags |= {"--" + setting.name.replace("_", "-") for setting in fields(Mix)} - {"--input", "--json"}
    pages = PAGE + (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
    assert {flag for flag in flags if flag not in pages} == set()


WORDS = ["dog", "cat", "well", "known", "see", "will", "us", "name", "the", "don't", "b", "snake", "money", "code"]
RULES = [  # text, and the text at ratio 1 with a dictionary in which every word above is ξ
    ("well-known dog/cat", "ξ-ξ ξ/ξ"),
    ("don't, don’t _dog_", "ξ, ξ _ξ_"),
    ("```\ndog\n``` `dog` dog\n~~~\ndog\n~~~", "```\ndog\n``` `dog` ξ\n~~~\ndog\n~~~"),
    ("https://dog.cat/see www.dog.cat dog@cat.us dog.cat e.g", None),
    (r"$dog$ $$dog$$ \(dog\) \[dog\] \begin{b}dog\end{b} \see{dog}", None),
    ("$5 money $6", "$5 ξ $6"),
    ("{name} {{name}} b2b snake_dog 2", None),
    ("<b>#dog</b> %(name)s %s", "<b>#ξ</b> %(name)s %s"),
    ("See the dog. See it! “Will” see? (The) dog", "Ξ ξ ξ. Ξ it! “Ξ” ξ? (Ξ) ξ"),
    ("- See\n> “Will\n*The* US Dog", "- Ξ\n> “Ξ\n*Ξ* US Dog"),
    ("Will you see. See Will", "Will you ξ. Ξ Will"),
    ("1. The dog", "1. Ξ ξ"),
    ("1) The dog", "1) The ξ"),
    ("so: The dog", "so: The ξ"),
    ("so… The dog", "so… The ξ"),
    ("so。 The dog", "so。 The ξ"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "mixed"), RULES)
def test_the_rules_of_style_clean(text, mixed):
    """What the page says of words, protection and case."""
    mixer = CodeMixer(BilingualDictionary.from_pairs([(word, "ξ") for word in WORDS]), ratio=1.0)
    assert mixer.mix(text).text == (text if mixed is None else mixed)


def test_the_rules_of_cleaning():
    pairs = [("for", "for"), ("for", "για"), ("utc", "utc"), ("english", "greek"), ("cat", "γάτα,"), ("x", "123")]
    pairs += [
        ("s}}", "σ"),
        ("hot dog", "χοτ ντογκ"),
        ("one", "ένα δύο"),
        ("dog", "σκυλος"),
        ("dog", "σκύλος"),
        ("dog", "σκύλος"),
    ]
    mixer = CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=1.0)
    kept = {
        "for": ("για",),
        "utc": (),
        "cat": ("γάτα",),
        "hot dog": ("χοτ ντογκ",),
        "one": ("ένα δύο",),
        "dog": ("σκύλος",),
    }
    assert mixer.vocabulary.cleaned[0].translations == kept


def test_a_higher_ratio_replaces_what_a_lower_one_does():
    dictionary = BilingualDictionary.from_pairs([*GREEK, ("dog", "σκυλί")])
    low, high = (CodeMixer(dictionary, ratio=ratio) for ratio in (0.4, 0.7))
    counts = [0, 0]
    for row in range(50):
        replaced = [
            {(word.start, word.translation) for word in mixer.explain(EXAMPLE, row=row)["input"] if word.translation}
            for mixer in (low, high)
        ]
        assert replaced[0] <= replaced[1]
        counts = [count + len(words) for count, words in zip(counts, replaced, strict=True)]
    assert 0 < counts[0] < counts[1]


def test_an_added_entry_moves_no_other_word():
    one, two = (
        CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=0.5) for pairs in (GREEK, [("is", "είναι"), *GREEK])
    )
    text = EXAMPLE["instruction"]
    for row in range(50):
        mixed = two.mix(text, row=row).text
        assert one.mix(text, row=row).text == mixed.replace("είναι", "is")


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["en-el", "th-en", *in_long_tier("en-hi", "en-th", "el-en", "hi-en")])
def test_the_amounts_of_the_recipes_ratios(shared, tmp_path, run_mix, pair):
    """The table of the page, as `mix` counts it; Thai needs the ICU that the figures were measured with."""
    pytest.importorskip("icu4py", reason="needs ICU (extra seg)")
    table = PAGE.split("| texts, dictionary, ratio |")[1].split("\n\n")[0]
    rows = re.findall(rf"^\| [\d,]+ \w+ of (\w+), {pair}, ([\d.]+) \| ([\d.]+) % \| ([\d.]+) % \|$", table, re.M)
    assert len(rows) == (2 if pair.startswith("en") else 1)
    assert len(re.findall(r"^\| [\d,]+ \w+ of \w+, \w\w-\w\w, ", table, re.M)) == 9
    for source, ratio, *shares in rows:
        texts = shared.data("alpaca/alpaca_1807.jsonl")
        if source == "XQuAD":
            texts = tmp_path / f"{pair[:2]}.jsonl"
            contexts = shared.contexts(pair[:2])
            texts.write_text("".join(json.dumps(context) + "\n" for context in contexts), encoding="utf-8")
        for style, share in zip(("clean", "original"), shares, strict=True):
            counts = run_mix(texts, "--dictionary", shared.data(f"muse/{pair}.txt"), "--ratio", ratio, "--style", style)
            assert f"{100 * counts['changed'] / counts['words']:.1f}" == share, (pair, style)
