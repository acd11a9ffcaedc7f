"""Evaluation directories for tests and benchmarks, written as `eval` writes them, with made-up answers."""

import hashlib
import json

import numpy as np

from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.systems import read_systems
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, write_lines, write_results, write_signature

WORDS = {
    "el": ("Αθήνα", "θάλασσα", "γιατρός"),
    "ar": ("القاهرة", "البحر", "طبيب"),
    "th": ("กรุงเทพ", "ทะเล", "หมอ"),
    "en": ("Athens", "sea", "doctor"),
}
TRAINED = {"data": "alpaca.jsonl", "form": "instruction", "behaviour": "mended", "ratio": 0.9, "seed": 0, "steps": 100,
           "examples": 1600, "tokens": 250_000}  # fmt: skip

LANGUAGES = ("el", "th", "en")  # of the evaluations that all tests of showing share
AWKWARD = "a|b_&$x$*<i>"  # the name of their third system


def questions(language, contexts=12):
    """(id, context_id, context, question, reference): two to four questions a context, three contexts an article."""
    words = WORDS.get(language, WORDS["en"])
    for context in range(contexts):
        for number in range(2 + context % 3):
            word = words[(context + number) % 3]
            text = f"{words[0]} {context}: {' '.join(words)} & <b>{language}</b>."
            yield f"q{context}-{number}", f"{context // 3}-{context % 3}", text, f"{word} {number}?", word


def entry(task, suite, language, rows, contexts, **changes):
    """A task's entry in results.json."""
    means = {name: round(float(np.mean([row[name] for row in rows])), 2) for name in ("exact_match", "f1")}
    found = {
        **means,
        "language": language,
        "suite": suite,
        "task_version": 1.0,
        "items": len(rows),
        "limit": None,
        "prompts_sha256": hashlib.sha256(task.encode()).hexdigest(),
        "contexts": contexts,
        "contaminated_contexts": 0,
    } | changes
    signature = {
        "task": task, "task-version": found["task_version"], "labels": language, "bos": "no", "normaliser": "squad-1.1",
        "decoding": "greedy-256", "dtype": "float32", "model": "0123456789abcdef", "limit": found["limit"] or "none",
        "version": "0.1.0",
    }  # fmt: skip
    return found | {"signature": write_signature(signature)}


def evaluation(
    folder, skill=0.5, seed=0, languages=("el", "th"), suite="ogx_xquad", asked=questions, training=(TRAINED,),
    wrong="<script>alert(1)</script>", **changes
):  # fmt: skip
    """Write an evaluation of a model that is right with the probability skill; changes go into every task's entry."""
    rng = np.random.default_rng(seed)
    rows, contexts, entries = [], {}, {}
    for language in languages:
        task, of_task = f"{suite}_{language}", []
        for id, context_id, context, question, reference in asked(language):
            right, english = rng.random() < skill, rng.random() < 0.2
            prediction = reference if right else "Athens" if english else f"{wrong} {reference}"
            row = {
                "id": id, "task": task, "context_id": context_id, "question": question, "prediction": prediction,
                "references": [reference], "exact_match": 100.0 if right else 0.0,
                "f1": 100.0 if right else 0.0 if english else 66.67,
            }  # fmt: skip
            if language != "en":
                row["exact_match_english"] = 100.0 if prediction == "Athens" else 0.0
            of_task.append(row | {"truncated": False, "prompt_sha256": "0" * 64})
            contexts[task, context_id] = context
        rows += of_task
        number = sum(of == task for of, _ in contexts)
        entries[task] = entry(task, suite, language, of_task, number, **changes)
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(folder / PREDICTIONS, rows)
    write_lines(
        folder / CONTEXTS,
        [{"task": task, "context_id": id, "context": text} for (task, id), text in contexts.items()],
    )
    fingerprint = hashlib.sha256(f"{folder.name} {skill} {seed}".encode()).hexdigest()
    known = None if training is None else [dict(stage, seed=seed) for stage in training]
    write_results(folder / RESULTS, entries, {"fingerprint": fingerprint, "dtype": "float32", "training": known})
    return folder


def with_ranks(folder, skill, seed, languages=("el", "en"), matched=True):
    """Add tasks that rank three answers to an evaluation: the right one is first with the probability skill."""
    rng = np.random.default_rng(seed)
    rows, entries = [], {}
    for language in languages:
        task, of_task = f"xquad_rank_{language}", []
        for id, context_id, _, question, reference in questions(language):
            words = WORDS[language]
            right = words.index(reference)
            first, without = rng.random() < skill, rng.random() < 0.3
            scores = [[-1.0 if place == right else -2.0 + place / 10 for place in range(3)] for _ in range(2)]
            scores[0][right] -= 0 if first else 5
            scores[1][right] -= 0 if without else 0.85
            of_task.append(
                {
                    "id": id, "task": task, "context_id": context_id, "question": question,
                    "prediction": words[int(np.argmax(scores[0]))], "references": [reference],
                    "candidates": [
                        {"text": word, "score": score, "score_without_context": bare}
                        for word, score, bare in zip(words, *scores, strict=True)
                    ],
                    "right": right, "first": 100.0 * first, "first_without_context": 100.0 * without,
                    **({"matched": 50.0 + 50.0 * first, "matched_without_context": 50.0} if matched else {}),
                    "truncated": False, "prompt_sha256": "0" * 64,
                }
            )  # fmt: skip
        rows += of_task
        names = [name for name in of_task[0] if name.startswith(("first", "matched"))]
        means = {name: np.mean([row[name] for row in of_task]) for name in names}
        found = entry(task, "xquad_rank", language, [{"exact_match": 0, "f1": 0}] * len(of_task), 12)
        signature = found["signature"].replace("decoding:greedy-256", "decoding:rank-by-characters")
        del found["exact_match"], found["f1"]
        figures = {name: round(float(mean), 2) for name, mean in means.items()}
        entries[task] = found | figures | {"chance": 33.33, "candidates": 3.0, "left_out": 0, "signature": signature}
    with (folder / PREDICTIONS).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    change(folder, lambda held: held["tasks"].update(entries))
    return folder


def change(folder, edit):
    """Change results.json by a function of its content."""
    held = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    edit(held)
    (folder / RESULTS).write_text(json.dumps(held), encoding="utf-8")


def compare(*folders, **settings):
    """Compare evaluation directories, with few resamples."""
    systems = read_systems([str(folder) for folder in folders])
    return compare_systems(systems, ComparisonSettings(resamples=200, **settings))
