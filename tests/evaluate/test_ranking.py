"""Log-likelihoods of candidates: those of prompt and answer computed alone, whatever shares their rows."""

import dataclasses

import numpy as np
import pytest

from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.prompts import alpaca_prompt
from commit_llm.errors import UserError
from commit_llm.evaluate.candidates import Likelihoods, load_ranked
from commit_llm.evaluate.ranking import encode_candidates, rank
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.likelihood import token_log_probabilities

TASK = find_task("xquad_rank_el")


@pytest.fixture(scope="module")
def items(paragraphs):
    """Candidates of one token each, as the small world has them, and of several."""
    items = load_ranked(TASK, str(paragraphs), limit=12).items
    return [item._replace(candidates=(*item.candidates, " ".join(item.candidates))) for item in items]


def alone(model, prompt, answer):
    """The log-likelihood of an answer by a plain computation of prompt and answer, without what ends it."""
    record = dict(zip(("instruction", "input", "output"), (*prompt, answer), strict=True))
    form = InstructionForm()
    tokens, loss_mask = form.encode(model.tokenizer, record, form.texts(record, 0))[:2]
    length = int(loss_mask.sum()) - 1  # of the answer; its last trained token is eos
    ids, targets = tokens[None, :-2], tokens[None, 1:-1]
    values, _ = token_log_probabilities(model.config, model.params, ids, targets, model.dtype)
    return float(np.asarray(values)[0, -length:].sum(dtype=np.float64))


@pytest.mark.slow
@pytest.mark.parametrize("bos", [(), (1,)])
def test_they_are_those_of_each_prompt_and_answer_alone(model, items, bos):
    """What training makes of question, context and answer; several prompts share a row."""
    model = dataclasses.replace(model, tokenizer=dataclasses.replace(model.tokenizer, bos=bos))
    prompts, truncated = encode_candidates(model, TASK, items, None)
    batches = list(rank(model, prompts, truncated, batch_size=1))
    assert len(batches) > 1
    scores = {place: reply for batch in batches for place, reply in batch.items()}
    assert sorted(scores) == list(range(2 * len(items)))
    assert not any(reply.truncated for reply in scores.values())
    for number, (question, candidates, _) in enumerate(items):
        for place, context in ((2 * number, question.context), (2 * number + 1, "")):
            expected = [alone(model, (question.question, context), candidate) for candidate in candidates]
            assert scores[place].log_likelihoods == pytest.approx(expected, abs=2e-3, rel=1e-5)


def test_prompts_are_shortened_by_the_rule_of_the_instruct_tasks(model, items):
    whole, _ = encode_candidates(model, TASK, items, None)
    longest = max(len(prompt.prompt) for prompt in whole)
    prompts, truncated = encode_candidates(model, TASK, items, longest - 1 + 256)
    assert any(truncated[::2])
    assert not any(truncated[1::2])
    assert max(len(prompt.prompt) for prompt in prompts) == longest - 1
    end = model.tokenizer.encode("\n\n### Response:")
    assert all(prompt.prompt[-len(end) :] == end for prompt in prompts)
    assert prompts[1].prompt == [
        *model.tokenizer.bos, *model.tokenizer.encode(alpaca_prompt(items[0].question.question))
    ]  # fmt: skip


def test_a_model_that_gives_no_number_is_refused(model, items, monkeypatch):
    monkeypatch.setattr("commit_llm.evaluate.ranking.score_rows", lambda model, prompts, batch: np.full(999, np.nan))
    prompts, truncated = encode_candidates(model, TASK, items[:1], None)
    with pytest.raises(UserError, match="are not numbers"):
        list(rank(model, prompts, truncated, 8))


def test_a_batch_that_is_ranked_is_left_out_and_the_others_stay(model, items, monkeypatch):
    asked = []

    def scored(model, prompts, batch):
        asked.append((batch.rows, batch.height, batch.width, batch.scored))
        return np.arange(batch.scored, dtype=np.float32)

    monkeypatch.setattr("commit_llm.evaluate.ranking.score_rows", scored)
    prompts, truncated = encode_candidates(model, TASK, items, None)
    whole = list(rank(model, prompts, truncated, 1))
    everything = list(asked)
    asked.clear()
    assert list(rank(model, prompts, truncated, 1, ranked=whole[0])) == whole[1:]
    assert asked == everything[1:]
    place = min(whole[0])
    assert isinstance(whole[0][place], Likelihoods)
