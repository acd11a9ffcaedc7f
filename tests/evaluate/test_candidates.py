"""What may be the answer of a question: the different right answers of its paragraph."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.candidates import load_ranked, ranking_hash
from commit_llm.evaluate.tasks import find_task

TASK = find_task("xquad_rank_es")
PARAGRAPHS = (
    ("Uno y dos.", ["Uno", "dos", "uno.", "the DOS"]),
    ("Solo uno.", ["uno", "Uno"]),
    ("Tres y cuatro.", ["tres", "cuatro"]),
)


def write(folder, paragraphs=PARAGRAPHS):
    """Questions 0-0, 0-1, … of paragraphs; each has a second reference, which is no candidate."""
    data = [
        {
            "context": context,
            "qas": [
                {"id": f"{n}-{m}", "question": f"¿{m}?", "answers": [{"text": answer}, {"text": f"otro {answer}"}]}
                for m, answer in enumerate(answers)
            ],
        }
        for n, (context, answers) in enumerate(paragraphs)
    ]
    (folder / "xquad.es.json").write_text(json.dumps({"data": [{"paragraphs": data}]}), encoding="utf-8")
    return str(folder)


def test_answers_that_are_equal_are_one_candidate(tmp_path):
    """Also of another question: its right answer is that candidate. A paragraph with a single one is left out."""
    ranked = load_ranked(TASK, write(tmp_path))
    assert [(item.question.id, item.candidates, item.right) for item in ranked.items] == [
        ("0-0", ("Uno", "dos"), 0), ("0-1", ("Uno", "dos"), 1), ("0-2", ("Uno", "dos"), 0), ("0-3", ("Uno", "dos"), 1),
        ("2-0", ("tres", "cuatro"), 0), ("2-1", ("tres", "cuatro"), 1),
    ]  # fmt: skip
    assert ranked.left_out == 2


@pytest.mark.parametrize(
    ("limit", "per_context", "ids", "left_out"),
    [
        (None, 1, ["0-0", "2-0"], 1),
        (2, 1, ["0-0"], 1),
        (1, None, ["0-0"], 0),
        (None, 2, ["0-0", "0-1", "2-0", "2-1"], 2),
    ],
)
def test_candidates_are_of_the_whole_paragraph_whichever_questions_are_asked(
    tmp_path, limit, per_context, ids, left_out
):
    every = {item.question.id: item for item in load_ranked(TASK, write(tmp_path)).items}
    ranked = load_ranked(TASK, str(tmp_path), limit, per_context)
    assert ranked.items == [every[id] for id in ids]
    assert ranked.left_out == left_out


@pytest.mark.parametrize(
    ("paragraphs", "message"),
    [
        ([("Uno.", ["Uno", "uno"])], "no paragraph has two different answers"),
        (
            [("Uno y dos.", ["Uno", ""])],
            "xquad.es.json: the answer of question '0-1' is empty, and cannot be ranked; write one",
        ),
    ],
)
def test_what_cannot_be_ranked_is_refused(tmp_path, paragraphs, message):
    with pytest.raises(UserError, match=message):
        load_ranked(TASK, write(tmp_path, paragraphs))


def test_another_candidate_is_another_question(tmp_path):
    """One that is not asked about itself too."""
    hashes = [ranking_hash(TASK, load_ranked(TASK, write(tmp_path), per_context=1).items)]
    for changed in ("DOS", "Dos!"):  # written otherwise; another one
        paragraphs = [(PARAGRAPHS[0][0], ["Uno", changed, "uno.", "the DOS"]), *PARAGRAPHS[1:]]
        hashes.append(ranking_hash(TASK, load_ranked(TASK, write(tmp_path, paragraphs), per_context=1).items))
    assert len(set(hashes)) == 3
    assert hashes[0] == ranking_hash(TASK, load_ranked(TASK, write(tmp_path), per_context=1).items)
