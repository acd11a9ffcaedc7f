"""What a task asks of a model, and what becomes of the replies: written answers, or ranks of given ones."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from commit_llm.evaluate.answers import Answerer, answer
from commit_llm.evaluate.candidates import RankedQuestions, load_ranked, ranking_hash
from commit_llm.evaluate.contamination import Contamination
from commit_llm.evaluate.encoded_prompts import encode_question, longest_prompt, require_fitting
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.rank_results import Ranking, rank_figures, rank_rows
from commit_llm.evaluate.ranking import encode_candidates, rank
from commit_llm.evaluate.results import identity, prediction_rows, prompts_hash, score_answers, summary
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task

# Replies by place; where a question has several, its places follow each other.
Replies = Mapping[int, Any]


class Asked(Protocol):
    """Say what a task asks, and what becomes of the replies."""

    @property
    def task(self) -> Task: ...
    @property
    def questions(self) -> Sequence[Question]: ...
    @property
    def prompts_sha256(self) -> str: ...
    @property
    def replies_a_question(self) -> int:
        """Count the replies that belong to one question."""
        ...

    def require_fitting(self, model: Answerer, max_length: int | None) -> None:
        """Raise UserError where a prompt is too long even with the least of its context, or cannot be asked."""
        ...

    def batches(
        self, model: Answerer, batch_size: int, max_length: int | None, answered: Collection[int]
    ) -> Iterator[Mapping[int, Any]]:
        """Ask the model. Each item has the replies of one batch. A batch that is answered already is left out."""
        ...

    def results(
        self, replies: Replies, answering: Mapping[str, str], contamination: Contamination
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Make the task's entry of results.json, and its lines of predictions.jsonl."""
        ...


def ask(task: Task, data_dir: str | None, selection: Selection) -> Asked:
    """Read what a task asks. Raises UserError where its data is missing or malformed."""
    if task.ranked:
        return AskedRanks(task, load_ranked(task, data_dir, *selection), selection)
    questions = load_questions(task, data_dir, *selection)
    return AskedAnswers(task, questions, english_references(task, questions, data_dir), selection)


@dataclass(frozen=True)
class AskedAnswers:
    """Ask for greedy answers.

    english: the English references of each question, or None where there are none.
    """

    task: Task
    questions: Sequence[Question]
    english: Sequence[Sequence[str]] | None
    selection: Selection
    replies_a_question: int = 1

    @property
    def prompts_sha256(self) -> str:
        return prompts_hash(self.task, self.questions)

    def require_fitting(self, model: Answerer, max_length: int | None) -> None:
        longest = longest_prompt(self.task, model.config, max_length)
        require_fitting(model.tokenizer, self.task, self.questions, longest, model.template_for(self.task))

    def batches(
        self, model: Answerer, batch_size: int, max_length: int | None, answered: Collection[int]
    ) -> Iterator[Mapping[int, Any]]:
        longest = longest_prompt(self.task, model.config, max_length)
        template = model.template_for(self.task)
        prompts = [encode_question(model.tokenizer, self.task, item, longest, template) for item in self.questions]
        ending = Ending(model.stops, skips_blank_lines=self.task.as_tuned)
        return answer(model, prompts, batch_size, ending=ending, longest=longest, answered=answered)

    def results(
        self, replies: Replies, answering: Mapping[str, str], contamination: Contamination
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        in_order = [replies[place] for place in range(len(self.questions))]
        scored = score_answers(self.task, self.questions, [given.text for given in in_order], self.english)
        limit, per_context = self.selection
        entry = summary(scored, answering, limit, contamination, per_context) | {
            "truncated": sum(given.truncated for given in in_order),
            "cut": sum(given.finish_reason == "length" for given in in_order),
        }
        return entry, prediction_rows(scored, in_order)


@dataclass(frozen=True)
class AskedRanks:
    """Ask for the likelihoods of candidates. The replies of a question are those with its context and without."""

    task: Task
    ranked: RankedQuestions
    selection: Selection
    replies_a_question: int = 2

    @property
    def questions(self) -> Sequence[Question]:
        return [item.question for item in self.ranked.items]

    @property
    def prompts_sha256(self) -> str:
        return ranking_hash(self.task, self.ranked.items)

    def require_fitting(self, model: Answerer, max_length: int | None) -> None:
        encode_candidates(model, self.task, self.ranked.items, max_length)

    def batches(
        self, model: Answerer, batch_size: int, max_length: int | None, answered: Collection[int]
    ) -> Iterator[Mapping[int, Any]]:
        prompts, truncated = encode_candidates(model, self.task, self.ranked.items, max_length)
        return rank(model, prompts, truncated, batch_size, answered)

    def results(
        self, replies: Replies, answering: Mapping[str, str], contamination: Contamination
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        rankings = [
            Ranking(
                item,
                replies[2 * place].log_likelihoods,
                replies[2 * place + 1].log_likelihoods,
                replies[2 * place].truncated,
            )
            for place, item in enumerate(self.ranked.items)
        ]
        entry = {
            **rank_figures(rankings),
            **identity(self.task, len(rankings), self.selection, self.prompts_sha256, answering, contamination),
            "left_out": self.ranked.left_out,
            "truncated": sum(ranking.truncated for ranking in rankings),
        }
        return entry, rank_rows(self.task, rankings)
