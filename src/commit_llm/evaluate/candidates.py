"""The right answers of a paragraph as candidates, of which a model ranks the one of each question."""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from commit_llm.errors import UserError, shown
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.questions import find_file, load_questions
from commit_llm.evaluate.scores import normaliser
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task


class RankedQuestion(NamedTuple):
    """Hold a question and what may be its answer.

    candidates: the different right answers of its paragraph, in the order of the file. There are at least two.
    right: the place of its own answer among them.
    """

    question: Question
    candidates: tuple[str, ...]
    right: int

    @property
    def context_id(self) -> str:
        """Name the context of the question."""
        return self.question.context_id


class RankedQuestions(NamedTuple):
    """Hold the questions that are asked, and how many are left out, whose paragraph has a single candidate."""

    items: list[RankedQuestion]
    left_out: int


class Likelihoods(NamedTuple):
    """Hold the natural log of the probability of each candidate after one prompt, and whether that was shortened."""

    log_likelihoods: list[float]
    truncated: bool


def load_ranked(
    task: Task, data_dir: str | None, limit: int | None = None, per_context: int | None = None
) -> RankedQuestions:
    """Read the questions that `Selection` chooses, with the candidates of the whole paragraph.

    A question's answer is its first reference. Answers that are equal after the task's normalising are one candidate,
    written as the first of them. So two questions may have the same right candidate.

    Raises UserError as `load_questions` does, for an empty answer, and where no paragraph has two candidates.
    """
    questions = load_questions(task, data_dir)
    _, normalise = normaliser(task)
    of_context: dict[str, dict[str, str]] = {}
    for question in questions:
        answer = question.references[0]
        if not answer:
            file = None if data_dir is None else find_file(task, data_dir)
            raise UserError(
                f"{file or task.name}: the answer of question {shown(question.id)} is empty, and cannot be ranked; "
                "write one, or leave the question out"
            )
        of_context.setdefault(question.context_id, {}).setdefault(normalise(answer), answer)
    chosen = Selection(limit, per_context).of(questions)
    items = []
    for question in chosen:
        candidates = of_context[question.context_id]
        if len(candidates) > 1:
            right = list(candidates).index(normalise(question.references[0]))
            items.append(RankedQuestion(question, tuple(candidates.values()), right))
    if not items:
        raise UserError(f"{task.name}: no paragraph has two different answers to choose from; ask other questions")
    return RankedQuestions(items, len(chosen) - len(items))


def ranking_hash(task: Task, items: Sequence[RankedQuestion]) -> str:
    """Hash ids, prompts, candidates and right ones with SHA-256. Equal hashes: asked and ranked alike."""
    asked = [
        [
            item.question.id,
            task.prompt(item.question.context, item.question.question),
            task.prompt("", item.question.question),
            item.candidates,
            item.right,
        ]
        for item in items
    ]
    return hashlib.sha256(json.dumps(asked).encode("utf-8")).hexdigest()
