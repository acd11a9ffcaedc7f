"""Whether the texts that questions are asked about stood in what the model was trained on."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from commit_llm.data.document_hashes import hash_texts
from commit_llm.evaluate.questions import Question
from commit_llm.evaluate.tasks import Task

LOGGER = logging.getLogger("commit_llm")


class Contamination(NamedTuple):
    """contexts: how many different ones; contaminated: how many of them were trained on, None where it is not known."""

    contexts: int
    contaminated: int | None

    @property
    def told(self) -> str:
        """For a signature: `2-of-36-contexts`."""
        return f"{self.contaminated}-of-{self.contexts}-contexts"


def contamination(task: Task, items: Sequence[Question], documents: np.ndarray | None) -> Contamination:
    """Look a task's contexts up among the hashes of a model's documents, and warn where some are.

    A context that is only a part of a document, or was trained on in another language, is not found.
    """
    asked = hash_texts({item.context for item in items})
    if documents is None:
        return Contamination(len(asked), None)
    found = int(np.isin(asked, documents).sum())
    if found:
        LOGGER.warning(
            "%s: the model was trained on %d of its %d contexts, and may remember them: its score says less of texts "
            "that are new to it",
            task.name,
            found,
            len(asked),
        )
    return Contamination(len(asked), found)
