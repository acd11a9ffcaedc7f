"""docs/behaviour.md: its tables and aligned examples are what style `original` and the `-2024` recipes do."""

import json
import re

import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.examples import Example
from commit_llm.data.forms.instruction import encode_as_original
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.packing.stream_packer import StreamPacker
from commit_llm.data.prompts import ALPACA_WITH_INPUT, ALPACA_WITHOUT_INPUT, alpaca_prompt
from commit_llm.errors import UserError
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.scores import MLQA_ARTICLES
from commit_llm.evaluate.tasks import LABELS, TASKS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "behaviour.md").read_text(encoding="utf-8")


def table(head):
    """The cells below a table's head, a list a line; head is the beginning of its first line."""
    lines = PAGE[PAGE.index(f"| {head} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def block(beginning):
    """The fenced text that begins so."""
    return re.search(rf"^```text\n({re.escape(beginning)}.*?)\n```", PAGE, re.M | re.S)[1]


def code(cell):
    """What stands between backticks; ⏎ is a line break."""
    return cell.strip("`").replace("⏎", "\n")


def numbers(line):
    return [int(word) for word in line.split()]


def test_words_are_mixed_as_the_table_says():
    pairs = re.search(r"With the dictionary (.*?), and a ratio of 1", PAGE)[1]
    dictionary = BilingualDictionary.from_pairs([tuple(pair.split(" → ")) for pair in pairs.split(", ")])
    mixer = CodeMixer(dictionary, ratio=1.0, style="original")
    lines = table("text | mixed")
    assert len(lines) == 5
    for text, mixed in lines:
        assert mixer.mix(code(text)).text == code(mixed)


def test_the_templates_stand_there_as_they_are():
    assert block("Below is an instruction that describes a task, paired") == ALPACA_WITH_INPUT
    assert block("Below is an instruction that describes a task. ") == ALPACA_WITHOUT_INPUT


def test_literals_are_encoded_as_shown(llama):
    text, _, ids = (line[10:] for line in block("text      hello <s>").splitlines())
    assert llama.encode_with_specials(text.replace("\\n", "\n")) == numbers(ids)


def test_an_answer_is_masked_as_shown(llama):
    words, mask = (line[10:].split() for line in block("tokens    <s> …").splitlines())
    after = words.index("…") + 1
    example = encode_as_original(llama, alpaca_prompt("Which team?"), "Denver Broncos")
    assert example.loss_mask[after - len(words) :].tolist() == numbers(" ".join(mask[after:]))
    whole = encode_as_original(llama, alpaca_prompt("What is <unk>?"), "Denver Broncos")
    assert whole.loss_mask.sum() == example.loss_mask.sum() + 1


def test_plain_text_is_encoded_as_shown(llama):
    text, ids, mask = (line[10:] for line in block("text      hello world").splitlines())
    record = {"text": text}
    example = PlainTextForm(original=True).encode(llama, record, record)
    assert (example.tokens.tolist(), example.loss_mask.tolist()) == (numbers(ids), numbers(mask))


def test_fields_are_encoded_as_shown(llama):
    lines = block("a   ").splitlines()
    record = {"a": "hello world", "b": "good bye"}
    for first, second in zip(lines[::2], lines[1::2], strict=True):
        fields, ids = first.split(maxsplit=1)
        form = PlainTextForm(fields, prepend_text="PRE ", original=True)
        example = form.encode(llama, record, form.texts(record, 0))
        assert (example.tokens.tolist(), example.loss_mask.tolist()) == (numbers(ids), numbers(second)), fields


@pytest.mark.parametrize(("tokens", "batches"), [(9, 0), (10, 1), (17, 1), (18, 2)])
def test_the_tail_of_an_epoch_is_dropped_as_told(tokens, batches):
    def make(epoch, index, place):
        return Example(np.arange(tokens, dtype=np.int32), np.ones(tokens, np.float32))

    packer = StreamPacker(Examples(range(1), make), rows=2, seq_len=4)
    if batches:
        assert packer.count(packer.examples.num_records) == batches
    else:
        with pytest.raises(UserError):
            next(packer)


def test_the_recipes_are_those_of_the_table(capsys):
    lines = {name: cells for name, *cells in table("| COMMIT | alignment")}
    for column, name in enumerate(("commit-2024", "align-2024")):
        assert main(["recipes", name, "--json"]) == 0
        recipe = json.loads(capsys.readouterr().out)
        cells = {name: cell[column] for name, cell in lines.items()}
        assert recipe["data"] in cells["data"]
        assert recipe["ratio"] == float(cells["ratio"])
        assert recipe["block_template"] == ("True" in cells["template"])
        assert recipe["steps"] == int(cells["steps"].replace(",", ""))
        assert recipe["warmup_steps"] == int(cells["warm-up"])
        rates = [float(rate) for rate in cells["learning rate"].split(" to ")]
        assert [recipe["learning_rate"], recipe["end_learning_rate"]] == rates
        assert f"{recipe['batch_size']} × {recipe['seq_len']}" == cells["rows × tokens"]
        assert f"`{recipe['mesh']}`" in PAGE
        noise = {row[0]: row[2] for row in table("what | where | how much")}
        for kind in ("embd", "resid", "attn"):
            assert recipe[f"{kind}_pdrop"] == float(noise[f"dropout `{kind}`"])
        assert f"`fcm_max_ratio` {recipe['fcm_max_ratio']}" == noise["forgetful causal masking (FCM)"]


def test_the_tasks_are_those_of_the_harness():
    named = [
        prefix + suffix
        for prefix, suffixes in re.findall(r"(\w+)\{([\w,]+)\}", block("ogx_xquad_{"))
        for suffix in suffixes.split(",")
    ]
    assert sorted(named) == sorted(name for name in TASKS if name.startswith("ogx_"))


def test_the_labels_are_those_of_the_prompts():
    lines = table("labels | background")
    assert {languages.split(",")[0]: tuple(labels) for languages, *labels in lines} == LABELS


def test_the_articles_are_those_of_the_scores():
    patterns = dict(line.split(maxsplit=1) for line in block("en    ").splitlines())
    assert patterns == {name: regex.pattern if regex else "none" for name, regex in MLQA_ARTICLES.items()}


@pytest.mark.slow
def test_prompts_are_as_long_as_told(shared, llama):
    for language, *cells in table("XQuAD | median"):
        task = TASKS[f"ogx_xquad_{language}"]
        questions = load_questions(task, str(shared.data("xquad")))
        lengths = [len(llama.encode(task.prompt(each.context, each.question))) for each in questions]
        figures = [*np.percentile(lengths, [50, 90, 99]), max(lengths)]
        assert figures == pytest.approx([int(cell.replace(",", "")) for cell in cells], abs=0.5)
