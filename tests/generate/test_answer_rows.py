"""Rows of answers in the order of the prompts; a file of them that was killed goes on; what is refused beforehand."""

import datetime
import json

import numpy as np
import pytest

from commit_llm.data.request_forms import PlainRequests
from commit_llm.data.requests import request_of
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.answers import Answerer
from commit_llm.evaluate.token_choice import GREEDY, TokenChoice
from commit_llm.generate.answer_rows import Answering, answer_rows, encode_requests, require_writable, write_answers
from commit_llm.model.families.config_json import read_config

RECORDS = [{"id": number, "prompt": "anna lives " * size} for number, size in enumerate((150, 1, 600, 2, 300, 3))]


def job_of(model, records=RECORDS, **options):
    """Ask with plain text; as many rows as a batch of one prompt of full length has room for."""
    pairs = [(record, request_of(record)) for record in records]
    given = {"choice": GREEDY, "batch_size": 1, "max_new_tokens": 8, "longest": 2040} | options
    require_writable(pairs, "prompts.jsonl", given.get("answer_field", "answer"))
    longest, new_tokens = given["longest"], given["max_new_tokens"]
    prompts = encode_requests(PlainRequests(), model.tokenizer, pairs, "prompts.jsonl", longest, new_tokens)
    return Answering(model, PlainRequests(), pairs, prompts, **given)


@pytest.fixture(scope="module")
def model(example):
    """It needs no weights: what it would answer is put in place of the loop."""
    config, tokenizer = read_config(example / "model"), load_tokenizer(example / "model")
    return Answerer(config, {}, tokenizer, (tokenizer.eos_id,), np.dtype("float32"), "fingerprint")


@pytest.fixture
def asked(model, monkeypatch):
    """The lengths of the prompts of each call; the model answers "anna", each prompt as often as its length says."""
    calls = []
    anna = model.tokenizer.encode("anna")[0]

    def generate(config, params, prompts, lengths, endings, max_new_tokens, *rest):
        calls.append(lengths.tolist())
        if len(calls) == calls_before_a_kill[0]:
            raise KeyboardInterrupt
        out = np.full((len(lengths), max_new_tokens), -1)
        for row, length in zip(out, lengths, strict=True):
            times = length % 5 + 1
            row[:times] = anna
            row[times] = model.tokenizer.eos_id
        return out

    calls_before_a_kill = [0]
    monkeypatch.setattr(answers_module, "generate", generate)
    return calls, calls_before_a_kill


def expected(model):
    """The row of each record."""
    return [
        record
        | {
            "answer": model.tokenizer.decode(
                model.tokenizer.encode("anna")
                * (len(PlainRequests().encode(model.tokenizer, request_of(record))) % 5 + 1)
            ),
            "finish_reason": "stop",
        }
        for record in RECORDS
    ]


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_come_in_the_order_of_the_prompts(model, asked, caplog):
    caplog.set_level("INFO", "commit_llm")
    seen = []
    rows = list(answer_rows(job_of(model), lambda *progress: seen.append(progress)))
    assert rows == expected(model)
    assert len({row["answer"] for row in rows}) > 2
    assert [len(call) for call in asked[0]] == [3, 2, 1]  # short ones first
    assert seen == [(0, 6), (3, 6), (5, 6), (6, 6)]
    assert "compiling the answering of prompts of up to 256, 768, 1,280 tokens, each" in caplog.text


def test_a_row_is_given_as_soon_as_those_before_it_are_there(model, asked):
    rows = answer_rows(job_of(model, RECORDS[1::2] + RECORDS[::2]))
    assert [next(rows)["id"] for _ in range(3)] == [1, 3, 5]
    assert len(asked[0]) == 1


def test_a_killed_file_goes_on_to_the_same_bytes(model, asked, tmp_path):
    calls, calls_before_a_kill = asked
    assert write_answers(job_of(model), tmp_path / "whole.jsonl") == 0
    assert rows_of(tmp_path / "whole.jsonl") == expected(model)
    calls.clear()
    calls_before_a_kill[0] = 3
    with pytest.raises(KeyboardInterrupt):
        write_answers(job_of(model), tmp_path / "killed.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".killed.jsonl.unfinished", "whole.jsonl"]
    seen = []
    assert write_answers(job_of(model), tmp_path / "killed.jsonl", progress=lambda *p: seen.append(p)) == 5
    assert len(calls) == 3 + 1
    assert seen == [(5, 6), (6, 6)]
    assert (tmp_path / "killed.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed.jsonl", "whole.jsonl"]


def test_answers_with_line_ends_of_any_kind_are_kept(model, asked, tmp_path, monkeypatch):
    """JSON writes some of them as they are."""
    ends = "anna\u2028a\u2029b\x85c\x0bd\x0ce\x1cf\x1dg\x1eh\r\ni\rj\nk"
    monkeypatch.setattr(type(model.tokenizer), "decode", lambda tokenizer, ids: ends)
    asked[1][0] = 3
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_answers(job_of(model), out)
    assert write_answers(job_of(model), out) == 5
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").removesuffix("\n").split("\n")]
    assert [row["answer"] for row in rows] == [ends] * 6


def test_a_damaged_part_is_answered_anew(model, asked, tmp_path, caplog):
    """Each part has a checksum, and so has its line in the list of parts."""
    asked[1][0] = 3
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_answers(job_of(model), out)
    folder = tmp_path / ".out.jsonl.unfinished"
    part, _ = sorted(path for path in folder.iterdir() if path.name.isdigit())
    part.write_bytes(part.read_bytes().replace(b"anna", b'"nna', 1))
    listed = (folder / "done.jsonl").read_bytes()
    (folder / "done.jsonl").write_bytes(listed.replace(b'"rows": 3', b'"rows": 9'))
    assert write_answers(job_of(model), out) == 0
    assert "a damaged line was skipped; its part is made again" in caplog.text
    assert rows_of(out) == expected(model)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"choice": TokenChoice(0.5)}, "temperature 0.0"),
        ({"max_new_tokens": 9}, "max new tokens 8"),
        ({"batch_size": 2}, "batch size 1"),
        ({"records": RECORDS[:-1]}, "prompts "),
        ({"records": [{**RECORDS[0], "id": 7}, *RECORDS[1:]]}, "prompts "),
        ({"answer_field": "reply"}, "answer field answer"),
    ],
)
def test_another_call_does_not_go_on_with_it(model, asked, tmp_path, change, named):
    asked[1][0] = 2
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_answers(job_of(model), out)
    with pytest.raises(UserError, match=f"^{out}: unfinished, and begun with {named}.*--overwrite$"):
        write_answers(job_of(model, **change), out)
    write_answers(job_of(model, **change), out, overwrite=True)
    assert len(rows_of(out)) == len(change.get("records", RECORDS))


def test_a_finished_file_is_not_touched(model, asked, tmp_path):
    out = tmp_path / "out.jsonl"
    write_answers(job_of(model, RECORDS[:1]), out)
    before = out.read_bytes()
    with pytest.raises(UserError, match="exists already; choose another --out, or add --overwrite"):
        write_answers(job_of(model), out)
    assert out.read_bytes() == before
    write_answers(job_of(model), out, overwrite=True)
    assert rows_of(out) == expected(model)
    with pytest.raises(UserError, match=r"answers are JSON lines; name a \.jsonl file"):
        write_answers(job_of(model), tmp_path / "out.parquet")


@pytest.mark.parametrize(
    ("records", "options", "message"),
    [
        (
            [{"prompt": "anna"}, {"prompt": "anna " * 40}],
            {"longest": 30},
            "record 2: it has 41 tokens, and the model has room for 30 beside an answer of --max-new-tokens 8; sho",
        ),
        (
            [{"prompt": "a", "answer": "b"}],
            {},
            "record 1: it has a field 'answer' already; name another with --answer-",
        ),
        ([{"prompt": "a", "finish_reason": 1}], {}, "record 1: it has a field 'finish_reason', which says why"),
        ([{"instruction": "a", "input": "b"}], {}, "record 1: it has an input, and plain text has no place"),
        ([{"prompt": "a", "on": datetime.date(2024, 1, 1)}], {}, "record 1: a value has no JSON form"),
    ],
)
def test_what_is_refused_before_the_first_answer(model, asked, tmp_path, records, options, message):
    with pytest.raises(UserError, match=f"^prompts.jsonl: {message}"):
        list(answer_rows(job_of(model, records, **options)))
    with pytest.raises(UserError, match=f"^prompts.jsonl: {message}"):
        write_answers(job_of(model, records, **options), tmp_path / "out.jsonl")
    assert asked[0] == []
    assert list(tmp_path.iterdir()) == []


def test_an_answer_under_another_name(model, asked):
    (row,) = answer_rows(job_of(model, [{"prompt": "a", "answer": "b"}], answer_field="reply"))
    assert row["answer"] == "b"
    assert row["reply"].startswith("anna")
