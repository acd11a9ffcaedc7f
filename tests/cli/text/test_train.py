"""The end of a training, as `train` and `run` print it, and what --dry-run says."""

import dataclasses
import json
import re
from pathlib import Path

from commit_llm.cli.text.train import outlook_json, outlook_report, training_summary
from commit_llm.codemix import Counts
from commit_llm.data.token_growth import TokensAWord
from commit_llm.train.dry_run import Outlook
from commit_llm.train.loop import TrainingResult

REST = ("accuracy", "learning_rate", "grad_norm", "tokens")


def test_a_run_that_waited_for_its_data_says_so(tmp_path):
    lines = [json.dumps({"step": step, "loss": loss} | dict.fromkeys(REST, 0)) for step, loss in ((1, 3.0), (8, 2.0))]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    quick = training_summary(tmp_path, 128, TrainingResult(0, 8, waiting=0.04))
    assert quick == f"trained {tmp_path} to step 8: loss 3.0000 at step 1, 2.0000 at the last"
    slow = training_summary(tmp_path, 128, TrainingResult(0, 8, waiting=0.21))
    assert slow.startswith(quick + "\nthe steps waited 21 % of the time for data (")


def test_tokens_a_word_stand_where_examples_are_left_out(tmp_path):
    left_out = TrainingResult(0, 8, left_out=3, seen=9, longest=200)
    mixed = left_out._replace(tokens_a_word=TokensAWord(1.44, 3.06))
    line = "a word takes 1.4 tokens before mixing, and 3.1 after it"
    assert training_summary(tmp_path, 128, mixed) == f"{training_summary(tmp_path, 128, left_out)}\n{line}"
    longer = dataclasses.replace(OUTLOOK, longer=3, longer_are="left out", longest=200)
    assert line not in outlook_report(longer, Path("run"))
    grown = dataclasses.replace(longer, tokens_a_word=TokensAWord(1.44, 3.06))
    assert f"--split-long cuts them\n{line}\n" in outlook_report(grown, Path("run"))
    assert outlook_json(grown)["tokens_a_word"] == {"before": 1.44, "after": 3.06}
    assert outlook_json(longer)["tokens_a_word"] is None


OUTLOOK = Outlook(
    new=True, sources=[], examples=9, held_out=0, looked_at=9, tokens_an_epoch=99, longer=0, longer_are="cut",
    longest=0, batches=1, batch_size=1, seq_len=8, steps=1, epochs=1.0, asked_for_epochs=False, supervised=0.5,
    no_example={},
    untrained=0,
    padding=0.1, asked=None, ratio=0.9, sentence_ratio=0.25,
    remat="dots", remat_reason="", words=Counts(replaced=7, not_drawn=3, sentences=1200),
)  # fmt: skip


def test_sentences_are_said_where_there_are_any():
    text = outlook_report(OUTLOOK, Path("run"))
    assert re.search(r"\nratio of mixing +0\.9\nratio of sentences +0\.25\n", text)
    assert re.search(r"\n  sentences replaced or annotated +1,200\n", text)
    assert "phrases" not in text
    words = dataclasses.replace(OUTLOOK, sentence_ratio=None, words=Counts(replaced=7))
    assert "sentences" not in outlook_report(words, Path("run"))


def test_what_remat_auto_comes_to_is_said():
    assert "remat" not in outlook_report(OUTLOOK, Path("run"))
    resolved = dataclasses.replace(OUTLOOK, remat="none", remat_reason="auto: 3 GiB")
    assert "\n\nremat: none (auto: 3 GiB)\n" in outlook_report(resolved, Path("run"))
