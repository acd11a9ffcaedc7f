"""The scores of an arm, read from its evaluation."""

import json

from commit_llm.quickstart.measure import ENGLISH_TASK, GREEK_TASK, LanguageScores, measure


def test_measuring(tmp_path):
    """English answers are compared with the Greek gold of the same id, and either counts a question once."""

    def row(task, id, prediction, gold, **more):
        exact = 100.0 * (prediction == gold)
        return {"task": task, "id": id, "prediction": prediction, "references": [gold], "exact_match": exact} | more

    rows = [
        row(GREEK_TASK, "a", "σκύλο", "σκύλο", exact_match_english=0.0),
        row(GREEK_TASK, "b", "cat", "γάτα", exact_match_english=100.0),
        row(ENGLISH_TASK, "b", "γάτα", "cat"),
        row(ENGLISH_TASK, "a", "σκύλο dog", "dog"),
    ]
    (tmp_path / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tasks = {GREEK_TASK: {"exact_match": 50.0}, ENGLISH_TASK: {"exact_match": 0.0}}
    (tmp_path / "results.json").write_text(json.dumps({"schema": 3, "model": {}, "tasks": tasks}))
    found = measure(tmp_path)
    assert found.greek == LanguageScores(50, 50, 100, 50, 50, 0, 0, 2)
    assert found.english == LanguageScores(0, 50, 50, 50, 0, 50, 0, 2)
