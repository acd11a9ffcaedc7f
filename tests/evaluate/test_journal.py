"""An evaluation that is killed goes on, to the same files; another one is not mixed into it."""

import dataclasses
import json

import numpy as np
import pytest

from commit_llm.data.document_hashes import hash_texts
from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.journal import Journal, is_finished, journal
from commit_llm.evaluate.rank_batches import lay_out
from commit_llm.evaluate.runner import evaluate
from commit_llm.evaluate.tasks import find_task
from commit_llm.runs.evaluation import write_lines
from commit_llm.runs.history import History
from tests.evaluate.chat_models import with_template

TASKS = [find_task("ogx_xquad_el"), find_task("xquad_instruct_el")]


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_answers_without_their_description_are_told_and_asked_again(tmp_path, caplog):
    reply = Answer("a", False, "stop")
    with journal(tmp_path / "out", {"model": "a"}, False, "results.json") as kept:
        kept.keep("t", {0: reply})
    with journal(tmp_path / "out", {"model": "a"}, False, "results.json") as kept:
        assert kept.replies["t"] == {0: reply}
    assert caplog.messages == []
    (tmp_path / "out" / "unfinished" / "what.json").unlink()
    with journal(tmp_path / "out", {"model": "a"}, False, "results.json") as kept:
        assert not kept.replies
    folder = tmp_path / "out" / "unfinished"
    assert caplog.messages == [f"{folder}: nothing says what its answers are of; all questions are asked again"]


@pytest.mark.slow
def test_a_killed_evaluation_goes_on_to_the_same_files(model, example, tmp_path, monkeypatch):
    options = {"data_dir": str(example), "limit": 20, "batch_size": 1}
    evaluate(model, TASKS, tmp_path / "whole", **options)
    generate, calls = answers_module.generate, []

    def counted(*args):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return generate(*args)

    monkeypatch.setattr(answers_module, "generate", counted)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, TASKS, tmp_path / "killed", **options)
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["unfinished"]
    with (tmp_path / "killed" / "unfinished" / "answers.jsonl").open("a") as file:
        file.write('{"task": "ogx_xquad_el", "pla')  # cut off in the middle of a line
    seen = []
    before = len(calls)
    evaluate(model, TASKS, tmp_path / "killed", **options, on_answers=lambda *progress: seen.append(progress))
    assert files_of(tmp_path / "killed") == files_of(tmp_path / "whole")
    assert len(calls) - before == 10 - 4  # five batches a task; four were answered
    assert seen[0][:2] == ("ogx_xquad_el", 16)


def test_a_killed_evaluation_that_ranks_goes_on_to_the_same_files(model, paragraphs, tmp_path, monkeypatch):
    """A batch holds prompts of several questions, and the two prompts of a question may be in two batches."""
    tasks, calls, seen = [find_task("xquad_rank_el"), find_task("xquad_rank_en")], [], []

    def scored(model, prompts, batch):
        calls.append(batch.prompts)
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        arrays = lay_out(prompts, batch)
        return -np.log1p((arrays.targets * 7 + arrays.places) % 13).astype(np.float32)

    monkeypatch.setattr("commit_llm.evaluate.ranking.score_rows", scored)
    options = {"data_dir": str(paragraphs), "batch_size": 1, "per_context": {tasks[1].name: 1}}
    killed_at = None
    evaluate(model, tasks, tmp_path / "whole", **options)
    of_whole = list(calls)
    assert any(2 * (place // 2) + 1 - place % 2 not in batch for batch in of_whole for place in batch)
    calls.clear()
    killed_at = 4
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, tasks, tmp_path / "killed", **options)
    evaluate(model, tasks, tmp_path / "killed", **options, on_answers=lambda *progress: seen.append(progress))
    assert calls == [*of_whole[:4], *of_whole[3:]]
    assert files_of(tmp_path / "killed") == files_of(tmp_path / "whole")
    assert seen[0] == (tasks[0].name, sum(map(len, of_whole[:3])) // 2, 108)
    assert seen[-1] == (tasks[1].name, 27, 27)


@pytest.mark.parametrize("per_context", [None, {}, {"xquad_rank_el": 1}])
def test_questions_of_each_context_are_part_of_an_evaluation(model, paragraphs, tmp_path, monkeypatch, per_context):
    def stopped(*args):
        raise RuntimeError

    monkeypatch.setattr("commit_llm.evaluate.ranking.score_rows", stopped)
    options, task = {"data_dir": str(paragraphs), "limit": 8}, find_task("xquad_rank_el")
    with pytest.raises(RuntimeError):
        evaluate(model, [task], tmp_path / "eval", **options, per_context=per_context)
    with pytest.raises(UserError, match="with another tasks, per_context; choose"):
        evaluate(model, [task], tmp_path / "eval", **options, per_context={task.name: 2})


def test_a_model_with_another_history_is_another_evaluation(model, example, tmp_path, monkeypatch):
    """Its entry would count other contexts as known."""

    def stopped(*args):
        raise RuntimeError

    monkeypatch.setattr(answers_module, "generate", stopped)
    options = {"data_dir": str(example), "limit": 2}
    known = History([], hash_texts(["a"]))
    with pytest.raises(RuntimeError):
        evaluate(model, TASKS, tmp_path / "eval", history=known, **options)
    for other in (None, History([], hash_texts(["b"])), History(None, known.documents)):
        with pytest.raises(UserError, match="an unfinished evaluation with another training; choose"):
            evaluate(model, TASKS, tmp_path / "eval", history=other, **options)
    with pytest.raises(RuntimeError):
        evaluate(model, TASKS, tmp_path / "eval", history=History([], hash_texts(["a"])), **options)


def test_another_evaluation_is_refused_naming_what_differs(tmp_path):
    what = {"model": "a", "limit": None, "tasks": {"t": "1"}}
    with journal(tmp_path / "eval", what, False, "results.json") as kept:
        kept.keep("t", {0: Answer("Αθήνα\u2028", False, "stop")})
        with (
            pytest.raises(UserError, match="is evaluating here"),
            journal(tmp_path / "eval", what, False, "results.json"),
        ):
            pass
    assert Journal(tmp_path / "eval").replies == {"t": {0: ("Αθήνα\u2028", False, "stop")}}
    other = what | {"model": "b", "limit": 5}
    with (
        pytest.raises(UserError, match="an unfinished evaluation with another model, limit"),
        journal(tmp_path / "eval", other, False, "results.json"),
    ):
        pass
    with journal(tmp_path / "eval", other, True, "results.json") as kept:
        assert not kept.replies
    assert json.loads((tmp_path / "eval" / "unfinished" / "what.json").read_text()) == other


def test_one_of_an_earlier_version_is_refused(model, example, tmp_path, monkeypatch):
    """Its answers do not say how they ended. With --overwrite it begins anew."""
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    options = {"data_dir": str(example), "limit": 2}
    with monkeypatch.context() as killed:
        killed.delattr("commit_llm.evaluate.asked.summary")
        with pytest.raises(NameError):
            evaluate(model, TASKS, tmp_path / "eval", **options)
    folder = tmp_path / "eval" / "unfinished"
    what = json.loads((folder / "what.json").read_text())
    earlier = {name: value for name, value in what.items() if name not in ("bos", "stops", "max_length")}
    (folder / "what.json").write_text(json.dumps(earlier))
    (folder / "answers.jsonl").write_text('{"task": "ogx_xquad_el", "place": 0, "text": "a", "truncated": false}\n')
    message = (
        "an unfinished evaluation of an earlier version, which did not write down its bos, stops, max_length; choose"
    )
    with pytest.raises(UserError, match=message):
        evaluate(model, TASKS, tmp_path / "eval", **options)
    evaluate(model, TASKS, tmp_path / "eval", overwrite=True, **options)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda model: dataclasses.replace(model, stops=(*model.stops, 5)), "stops"),
        (lambda model: dataclasses.replace(model, tokenizer=with_bos(model.tokenizer, 7)), "tokenizer, bos"),
    ],
)
def test_what_makes_another_evaluation(model, example, tmp_path, monkeypatch, change, name):
    def stopped(*args):
        raise RuntimeError

    monkeypatch.setattr(answers_module, "generate", stopped)
    options = {"data_dir": str(example), "limit": 2}
    with pytest.raises(RuntimeError):
        evaluate(model, TASKS, tmp_path / "eval", **options)
    with pytest.raises(UserError, match=f"an unfinished evaluation with another {name}; choose"):
        evaluate(change(model), TASKS, tmp_path / "eval", **options)
    with pytest.raises(UserError, match="an unfinished evaluation with another max_length; choose"):
        evaluate(model, TASKS, tmp_path / "eval", max_length=1000, **options)
    with pytest.raises(RuntimeError):  # the same
        evaluate(model, TASKS, tmp_path / "eval", max_length=model.config.max_position_embeddings, **options)


def test_another_chat_template_makes_another_evaluation(model, example, tmp_path, monkeypatch):
    """The file was edited, or the date that templates are told is another."""

    def stopped(*args):
        raise RuntimeError

    monkeypatch.setattr(answers_module, "generate", stopped)
    options, tasks = {"data_dir": str(example), "limit": 2}, [find_task("xquad_chat_el"), *TASKS]
    answerer = with_template(model, tmp_path / "model")
    for _ in range(2):  # the second time it goes on
        with pytest.raises(RuntimeError):
            evaluate(answerer, tasks, tmp_path / "eval", **options)
    other = with_template(model, tmp_path / "model", "default system")
    with pytest.raises(UserError, match="an unfinished evaluation with another template; choose"):
        evaluate(other, tasks, tmp_path / "eval", **options)


def with_bos(tokenizer, *bos):
    return dataclasses.replace(tokenizer, bos=type(tokenizer.bos)(bos))


def test_answers_that_nothing_describes_are_not_taken_over(tmp_path):
    with journal(tmp_path / "eval", {"model": "a"}, False, "results.json") as kept:
        kept.keep("t", {0: Answer("old", False, "stop")})
    (kept.folder / "what.json").unlink()  # as where a kill met the removal of the folder
    with journal(tmp_path / "eval", {"model": "b"}, False, "results.json") as kept:
        assert not kept.replies


def test_what_a_damaged_line_answered_is_asked_again(tmp_path, caplog):
    what, answer = {"model": "a"}, Answer("Αθήνα", False, "stop")
    with journal(tmp_path / "eval", what, False, "results.json") as kept:
        for place in range(3):
            kept.keep("t", {place: answer})
    path = kept.folder / "answers.jsonl"
    content = path.read_bytes()
    second = content.index(b"\n") + 1
    for damaged in (
        content.replace(b'"place": 1', b'"place": 2'),  # it would answer another question
        content.replace(b'"place": 1', b'"plaxe": 1'),
        content[:second] + content[second:].replace("Αθήνα".encode(), "Αθήνη".encode(), 1),
        content[:second] + content[second:].replace(b"false", b"\0\0\0\0\0", 1),
        content[:second] + content[second:].replace("Α".encode(), b"\xff", 1),
    ):
        path.write_bytes(damaged)
        caplog.clear()
        with journal(tmp_path / "eval", what, False, "results.json") as kept:
            assert kept.replies == {"t": {0: answer, 2: answer}}
        (record,) = caplog.records
        told = f"{path}:2: a damaged line was skipped; what it answered is asked again"
        assert record.getMessage() == told


def test_a_folder_of_the_same_name_that_is_not_ours_is_left_alone(tmp_path):
    others = tmp_path / "eval" / "unfinished"
    others.mkdir(parents=True)
    (others / "thesis.tex").write_text("precious")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "unfinished").symlink_to(others)
    for name, message in (("eval", r"holds something else \(thesis\.tex\)"), ("linked", "is a link to ")):
        with pytest.raises(UserError, match=message), journal(tmp_path / name, {}, True, "results.json"):
            pass
    assert files_of(others) == {"thesis.tex": b"precious"}


@pytest.mark.parametrize("name", [".lock", "what.json", "answers.jsonl", "predictions.jsonl"])
def test_no_link_in_the_folder_is_followed(tmp_path, name):
    (tmp_path / "others").write_text("precious")
    with journal(tmp_path / "eval", {"a": 1}, False, "results.json") as kept:
        kept.keep("t", {0: Answer("", False, "stop")})
    (kept.folder / name).unlink(missing_ok=True)
    (kept.folder / name).symlink_to(tmp_path / "others")

    def go_on():
        with journal(tmp_path / "eval", {"a": 1}, False, "results.json") as kept:
            write_lines(kept.folder / "predictions.jsonl", [])

    with pytest.raises(UserError, match=f"{name}: is a link to .*others, and nothing is written"):
        go_on()
    assert (tmp_path / "others").read_text() == "precious"


def test_overwrite_leaves_an_evaluation_under_way_alone(tmp_path):
    with journal(tmp_path / "eval", {"model": "a"}, False, "results.json") as kept:
        with (
            pytest.raises(UserError, match="is evaluating here"),
            journal(tmp_path / "eval", {"model": "b"}, True, "results.json"),
        ):
            pass
        kept.keep("t", {0: Answer("mine", False, "stop")})
    assert Journal(tmp_path / "eval").replies == {"t": {0: ("mine", False, "stop")}}


def test_files_of_an_earlier_evaluation_do_not_stay(tmp_path):
    out = tmp_path / "eval"
    out.mkdir()
    for name in ("results.json", "samples.jsonl"):
        (out / name).write_text("old")
    with journal(out, {}, True, "results.json") as kept:
        (kept.folder / "results.json").write_text("new")
        kept.finish(["results.json"], outdated=("samples.jsonl",))
    assert files_of(out) == {"results.json": b"new"}


@pytest.mark.parametrize("left", [(".lock",), (".lock", "answers.jsonl"), ()])
def test_what_a_kill_at_the_very_end_leaves_is_removed(tmp_path, left):
    """Behind the file that says that all is done, while the journal's folder was removed."""
    (tmp_path / "eval" / "unfinished").mkdir(parents=True)
    for name in ("results.json", *(f"unfinished/{name}" for name in left)):
        (tmp_path / "eval" / name).touch()
    assert is_finished(tmp_path / "eval", "results.json")
    assert files_of(tmp_path / "eval") == {"results.json": b""}


def test_one_under_way_is_not_finished_and_what_is_not_ours_stays(tmp_path):
    out = tmp_path / "eval"
    (out / "unfinished").mkdir(parents=True)
    assert not is_finished(out, "results.json")
    (out / "results.json").touch()
    (out / "unfinished" / "thesis.tex").touch()
    assert is_finished(out, "results.json")
    (out / "unfinished" / "what.json").write_text("{}")
    assert not is_finished(out, "results.json")
    assert set(files_of(out / "unfinished")) == {"what.json", "thesis.tex"}


def test_a_finished_one_stays_until_its_successor_stands(tmp_path):
    out = tmp_path / "eval"
    out.mkdir()
    (out / "results.json").write_text("old")
    with pytest.raises(UserError, match="exists already"), journal(out, {}, False, "results.json"):
        pass
    with journal(out, {}, True, "results.json") as kept:
        (kept.folder / "results.json").write_text("new")
        assert (out / "results.json").read_text() == "old"
        kept.finish(["results.json"])
    assert files_of(out) == {"results.json": b"new"}
