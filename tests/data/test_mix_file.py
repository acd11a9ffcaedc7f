"""Mixing a file: the same bytes for any number of workers and after any number of kills, and what is said of it."""

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import commit_llm.data.mix_file
from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.mix_file import Job, mix_file
from commit_llm.data.mixed_fields import Fields
from commit_llm.errors import UserError
from commit_llm.files.provenance import describe, sha256, sidecar
from commit_llm.files.records import read_records
from commit_llm.files.unfinished import folder_of
from commit_llm.files.writing import write_records
from tests.tiers import in_long_tier

MIXER = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί"), ("cat", "γάτα")]), ratio=0.5)
RECORDS = [
    {"instruction": "dog cat " * (n % 5), "output": "a cat", "n": n, "more": {"list": [n, 0], "word": "dog"}}
    for n in range(500)
]


def job(folder, suffix="jsonl", out="out", source="jsonl", **more):
    path = folder / f"in.{source}"
    if not path.exists():
        write_records(RECORDS, path)
    return Job(input=path, out=folder / f"{out}.{suffix}", mixer=MIXER, chunk_rows=60, **more)


@pytest.mark.parametrize("source", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet"])
def test_formats_workers_and_chunks_do_not_matter(tmp_path, source, suffix):
    done = mix_file(job(tmp_path, suffix, source=source))
    mixed = read_records(tmp_path / f"out.{suffix}")
    assert done.rows == len(mixed) == 500
    assert [(row["n"], row["more"]) for row in mixed] == [(row["n"], row["more"]) for row in RECORDS]
    for n in (3, 61, 499):
        texts = {name: RECORDS[n][name] for name in ("instruction", "output")}
        assert {name: mixed[n][name] for name in texts} == MIXER.mix_example(texts, row=n).texts
    if suffix != "parquet":  # whose row groups are the chunks
        write_records(mixed, tmp_path / f"plain.{suffix}")
        assert (tmp_path / f"plain.{suffix}").read_bytes() == (tmp_path / f"out.{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "plain" not in path.name) == sorted(
        [f"in.{source}", f"out.{suffix}", f"out.{suffix}.provenance.json"]
    )


TALKS = [
    {"messages": [{"role": "user", "content": "dog cat " * (n % 4)}, {"role": "assistant", "content": "a cat"}], "n": n}
    if n % 70
    else {"messages": None, "n": n}
    for n in range(200)
]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_conversations_in_chunks_and_after_a_stop(tmp_path, suffix):
    """Faults are counted over all chunks, also those that an earlier call finished; chunks change no byte of a line."""
    write_records(TALKS, tmp_path / f"in.{suffix}")
    work = job(tmp_path, suffix, source=suffix, recipe={"mix_roles": ["user", "assistant"]})
    start(work, 2)
    done = mix_file(work)
    assert done.earlier_rows == 120
    assert (done.conversations, done.faulty, done.fault) == (200, 3, "record 1: its messages are null")
    whole = dataclasses.replace(work, out=tmp_path / f"whole.{suffix}", chunk_rows=1000)
    assert mix_file(whole).counts == done.counts
    assert read_records(whole.out) == read_records(work.out)
    assert [row["n"] for row in read_records(work.out)] == [*range(200)]
    told = json.loads(sidecar(work.out).read_text(encoding="utf-8"))
    assert (told["recipe"], told["counts"]["faulty_conversations"]) == ({"mix_roles": ["user", "assistant"]}, 3)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_workers_do_not_matter_to_conversations(tmp_path, suffix):
    write_records(TALKS, tmp_path / f"in.{suffix}")
    one = mix_file(job(tmp_path, suffix, "one", suffix))
    assert mix_file(job(tmp_path, suffix, "three", suffix), workers=3) == one
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"three.{suffix}").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_workers_do_not_matter(tmp_path, suffix):
    one = mix_file(job(tmp_path, suffix, "one", suffix))
    three = mix_file(job(tmp_path, suffix, "three", suffix), workers=3)
    assert one == three
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"three.{suffix}").read_bytes()


def test_parquet_stays_what_it_was(tmp_path):
    table = pa.table(
        {
            "text": pa.array(["dog"] * 200).dictionary_encode(),
            "other": pa.array([b"\x00"] * 200, pa.large_binary()),
            "when": pa.array([1] * 200, pa.timestamp("ms", "UTC")),
        }
    ).replace_schema_metadata({"made": "by hand"})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=70)
    mix_file(job(tmp_path, "parquet", source="parquet"))
    mixed = pq.read_table(tmp_path / "out.parquet")
    assert mixed.schema.equals(table.schema, check_metadata=True)
    assert mixed.drop_columns("text") == table.drop_columns("text")
    assert set(mixed.column("text").to_pylist()) == {"dog", "σκύλος", "σκυλί"}


def test_columns_that_only_later_chunks_have(tmp_path):
    records = [{"text": "dog", "a": n} for n in range(60)] + [{"text": "dog", "a": 0.5, "b": "x"}] * 60
    write_records(records, tmp_path / "in.jsonl")
    mix_file(job(tmp_path, "parquet"))
    mixed = read_records(tmp_path / "out.parquet")
    assert [(row["a"], row["b"]) for row in mixed] == [(row["a"], row.get("b")) for row in records]
    write_records([*records, {"text": "dog", "a": "text"}], tmp_path / "in.jsonl", overwrite=True)
    with pytest.raises(UserError, match=r"other\.parquet: the records do not fit Parquet"):
        mix_file(job(tmp_path, "parquet", "other"))
    assert not folder_of(tmp_path / "other.parquet").exists()


def test_where_something_has_come_to_the_output_meanwhile_the_parts_stay(tmp_path, monkeypatch):
    write_records([{"text": "dog"}] * 120, tmp_path / "in.jsonl")

    def join(job, *rest, join=commit_llm.data.mix_file._join):
        job.out.write_text("precious")
        return join(job, *rest)

    monkeypatch.setattr("commit_llm.data.mix_file._join", join)
    with pytest.raises(UserError, match=r"out\.jsonl: exists already"):
        mix_file(job(tmp_path, "jsonl"))
    assert (tmp_path / "out.jsonl").read_text() == "precious"
    (tmp_path / "out.jsonl").unlink()
    monkeypatch.undo()
    assert mix_file(job(tmp_path, "jsonl")).earlier_rows == 120


class Stop(BaseException):
    """What a signal raises."""


def stop_after(chunks):
    def report(doing, done, total, rows=0):
        if doing.startswith("mixing") and rows >= 60 * chunks:
            raise Stop

    return report


def start(work, chunks=3, **more):
    with pytest.raises(Stop):
        mix_file(work, report=stop_after(chunks), **more)


def parts_of(work):
    return {path.name: path.stat().st_ino for path in folder_of(work.out).iterdir() if path.name.isdigit()}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_finished_chunks_are_not_redone(tmp_path, suffix):
    mix_file(job(tmp_path, suffix, "undisturbed", suffix))
    work = job(tmp_path, suffix, "out", suffix)
    start(work)
    before = parts_of(work)
    assert sorted(before) == ["000000", "000001", "000002"]
    start(work, 2)
    after = parts_of(work)
    assert len(after) == 5
    assert before.items() <= after.items()
    assert mix_file(work).earlier_rows == 300
    assert work.out.read_bytes() == (tmp_path / f"undisturbed.{suffix}").read_bytes()


def test_other_settings_or_another_input_are_refused(tmp_path):
    work = job(tmp_path, recipe={"ratio": 0.5})
    start(work)
    other = job(tmp_path, recipe={"ratio": 0.7})
    with pytest.raises(UserError, match=r"out\.jsonl: unfinished, and begun with ratio 0\.5 \(now 0\.7\); resume"):
        mix_file(other)
    versions = [job(tmp_path, recipe={"ratio": 0.5, "clean_version": version}) for version in (1, 2)]
    start(versions[0], 1, overwrite=True)
    with pytest.raises(UserError, match=r"begun with clean_version 1 \(now 2\); .* or start again with --overwrite"):
        mix_file(versions[1])
    pairs = tmp_path / "en-el.tsv"
    pairs.write_text("A dog.\tένα\n", encoding="utf-8")
    with_pairs = job(tmp_path, sentences=[(pairs, {})])
    start(with_pairs, 1, overwrite=True)
    pairs.write_text("A dog.\tδύο\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"begun with sentences .*or start again with --overwrite"):
        mix_file(with_pairs)
    start(work, overwrite=True)
    before = parts_of(work)
    content = work.input.read_bytes()
    work.input.write_bytes(content + b"\n")
    with pytest.raises(UserError, match=r"begun with input .*or start again with --overwrite"):
        mix_file(work)
    assert parts_of(work) == before
    work.input.write_bytes(content)
    start(other, 1, overwrite=True)
    assert len(parts_of(other)) == 1
    start(other, 1, overwrite=True)  # the same work again is gone on with
    assert len(parts_of(other)) == 2


def test_a_part_that_was_cut_short_is_mixed_again(tmp_path):
    mix_file(job(tmp_path, out="undisturbed"))
    work = job(tmp_path)
    start(work)
    part = folder_of(work.out) / "000001"
    part.write_bytes(part.read_bytes()[:-1])
    with (folder_of(work.out) / "done.jsonl").open("a") as file:
        file.write('{"number": 3, "ro')
    (folder_of(work.out) / "000004.123").write_text("half")
    mix_file(work)
    assert work.out.read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    assert not folder_of(work.out).exists()


@pytest.mark.slow
def test_a_mistake_in_the_data_leaves_nothing(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "dog"}\n' * 200 + '{"text": 1}\n')
    for workers in (1, 2):
        with pytest.raises(UserError, match="record 201 of the data: field 'text' holds int 1"):
            mix_file(job(tmp_path), workers=workers)
        assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_an_input_that_changes_meanwhile_is_told(tmp_path):
    work = job(tmp_path)

    def change(doing, done, total, rows=0):
        if rows:
            work.input.touch()

    with pytest.raises(UserError, match="changed while it was mixed"):
        mix_file(work, report=change)


def test_the_first_chunk_is_looked_at(tmp_path):
    def check(counts, columns, more):
        assert more
        seen.extend(columns["instruction"].to_pylist())
        raise UserError("no use")

    for source in ("jsonl", "parquet"):
        seen = []
        with pytest.raises(UserError, match="no use"):
            mix_file(job(tmp_path, source=source), check=check)
        assert seen == [record["instruction"] for record in RECORDS[:60]]
        assert not folder_of(tmp_path / "out.jsonl").exists()


def test_words_that_come_late(tmp_path):
    """A first chunk without a word of the dictionary is told, and gone on from; a whole file is refused."""
    late = [{"text": "none"}] * 100 + [{"text": "the dog"}] * 10
    (tmp_path / "late.jsonl").write_text("".join(json.dumps(record) + "\n" for record in late), encoding="utf-8")
    asked = job(tmp_path, source="jsonl")
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), ratio=1.0)
    given = dataclasses.replace(asked, input=tmp_path / "late.jsonl", mixer=mixer, chunk_rows=60, fields=Fields())
    done = mix_file(given, check=lambda counts, columns, more: "no word")
    assert (done.rows, done.counts.replaced) == (110, 10)
    never = dataclasses.replace(given, out=tmp_path / "never.jsonl", mixer=CodeMixer(
        BilingualDictionary.from_pairs([("cat", "γάτα")]), ratio=1.0
    ))  # fmt: skip
    with pytest.raises(UserError, match="no word"):
        mix_file(never, check=lambda counts, columns, more: "no word")
    assert not never.out.exists()
    assert not folder_of(never.out).exists()


def test_provenance(tmp_path):
    dictionary = tmp_path / "en-el.txt"
    dictionary.write_text("dog\tσκύλος\n")
    sidecar(dictionary).write_text(
        json.dumps({"sha256": sha256(dictionary), "licence": "CC BY 4.0", "url": "https://example.org/en-el"})
    )
    files = [(dictionary, {"weight": 1.0, "pairs": 1})]
    work = job(tmp_path, dictionaries=files, sentences=files, recipe={"ratio": 0.5})
    done = mix_file(work)
    told = json.loads(sidecar(work.out).read_text(encoding="utf-8"))
    assert told["input"]["sha256"] == sha256(work.input)
    assert (told["input"]["rows"], told["input"]["licence"]) == (500, None)
    assert told["dictionaries"][0]["licence"] == "CC BY 4.0"
    assert (told["dictionaries"][0]["pairs"], told["recipe"]) == (1, {"ratio": 0.5})
    assert told["sentences"] == told["dictionaries"]
    assert told["counts"]["replaced"] == done.counts.replaced
    assert told["output"]["sha256"] == sha256(work.out)
    assert set(told["libraries"]) >= {"numpy", "pyarrow"}
    dictionary.write_text("dog\tσκυλί\n")  # its sidecar tells of another content
    assert describe(dictionary, sha256(dictionary))["licence"] is None


PROGRAM = """
import sys
from pathlib import Path
from tests.data.test_mix_file import job
from commit_llm.data.mix_file import mix_file
if __name__ == "__main__":
    mix_file(job(Path(sys.argv[1]), sys.argv[2], "out", sys.argv[2]), workers=int(sys.argv[3]))
"""


def begin(folder, suffix, workers):
    (folder / "program.py").write_text(PROGRAM)
    path = os.pathsep.join([os.getcwd(), *sys.path])
    return subprocess.Popen(
        [sys.executable, str(folder / "program.py"), str(folder), suffix, str(workers)],
        env={**os.environ, "PYTHONPATH": path},
    )


def finished(work):
    """The parts that are noted as finished: one that was moved into place a moment before a kill is written again."""
    notes = folder_of(work.out) / "done.jsonl"
    if not notes.exists():
        return {}
    numbers = {json.loads(line)["number"] for line in notes.read_text().split("\n")[:-1]}
    return {name: inode for name, inode in parts_of(work).items() if int(name) in numbers}


def kill_worker(job, folder):
    return lambda chunk: os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_told_and_what_is_finished_is_kept(tmp_path, monkeypatch):
    work = job(tmp_path)
    start(work)
    monkeypatch.setattr("commit_llm.data.mix_file._worker", kill_worker)
    with pytest.raises(UserError, match=r"a worker was killed, .* the same command resumes"):
        mix_file(work, workers=2)
    assert len(parts_of(work)) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "suffix"), [(3, "parquet"), *in_long_tier((1, "jsonl"), (1, "parquet"), (3, "jsonl"))]
)
def test_kills_do_not_matter(tmp_path, suffix, workers):
    """Killed three times, each time after some more chunks, at whatever it was doing then."""
    mix_file(job(tmp_path, suffix, "undisturbed", suffix))
    work = job(tmp_path, suffix, "out", suffix)
    rng = random.Random(f"{suffix}{workers}")
    known = {}
    for kill in range(3):
        process = begin(tmp_path, suffix, workers)
        while process.poll() is None and len(finished(work)) <= 2 * kill:
            time.sleep(0.001)
        time.sleep(rng.random() * 0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = finished(work)
        assert known.items() <= now.items() or work.out.exists()
        known = now
    if not work.out.exists():  # else the last kill came when all was done, perhaps before the parts were removed
        assert begin(tmp_path, suffix, workers).wait() == 0
        assert not folder_of(work.out).exists()
    assert work.out.read_bytes() == (tmp_path / f"undisturbed.{suffix}").read_bytes()
