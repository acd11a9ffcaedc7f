"""Whether the model was trained on the texts that it is asked about."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from commit_llm.data.document_hashes import hash_texts
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.tasks import Task

LOGGER = logging.getLogger("commit_llm")


class Contamination(NamedTuple):
    """Count the contexts of a task.

    contexts: how many different contexts there are.
    contaminated: how many of them the model was trained on. None where that is not known.
    """

    contexts: int
    contaminated: int | None

    @property
    def signed(self) -> str:
        """Write it as a signature has it: `2-of-36-contexts`."""
        return f"{self.contaminated}-of-{self.contexts}-contexts"


def contamination(task: Task, questions: Sequence[Question], documents: np.ndarray | None) -> Contamination:
    """Look up a task's contexts among the hashes of a model's documents. Warn where some are among them.

    A context that is a part of a longer document is not seen, nor one that was trained on in another language.
    """
    contexts = hash_texts({question.context for question in questions})
    if documents is None:
        return Contamination(len(contexts), None)
    contaminated = int(np.isin(contexts, documents).sum())
    if contaminated:
        LOGGER.warning(
            "%s: the model was trained on %d of its %d contexts, and may remember them: its score says less of texts "
            "that are new to it",
            task.name,
            contaminated,
            len(contexts),
        )
    return Contamination(len(contexts), contaminated)
