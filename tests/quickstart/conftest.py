"""The quickstart's example at its full size: its files, its questions, and every text of its training."""

import pytest

from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.quickstart.example import write_example


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("quickstart")
    write_example(path, seed=0)
    return path


@pytest.fixture(scope="session")
def asked(folder):
    return {lang: load_questions(find_task(f"xquad_instruct_{lang}"), str(folder)) for lang in ("en", "el")}


@pytest.fixture(scope="session")
def training(folder):
    """Every text of every training record."""
    records = [*read_records(folder / "texts.jsonl"), *read_records(folder / "instructions.jsonl")]
    return [text for record in records for text in record.values()]
