"""Answers to prompts: cut, shortened, and the same in every batch."""

import jax
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.answers import answer, fingerprint, stop_tokens


def answers_of(model, prompts, batch_size=1, **options):
    """All answers, in the order of the prompts."""
    found = {}
    for batch in answer(model, prompts, batch_size, **options):
        assert not set(batch) & set(found)
        found |= batch
    return [found[place] for place in range(len(prompts))]


@pytest.mark.slow
def test_batches_and_order_do_not_change_answers(model):
    prompts = [f"{'anna lives ' * n}in" for n in (9, 1, 300, 4, 2)]
    alone = [answers_of(model, [prompt], max_new_tokens=8)[0] for prompt in prompts]
    assert answers_of(model, prompts, 3, max_new_tokens=8) == alone
    assert len({given.text for given in alone}) > 1


@pytest.mark.slow
def test_batches_whose_answers_are_known_are_left_out(model):
    prompts = [f"{'anna lives ' * n}in" for n in (600, 1, 300, 4)]
    batches = list(answer(model, prompts, 1, max_new_tokens=8))
    assert [list(batch) for batch in batches] == [[1, 3], [2], [0]]
    again = list(answer(model, prompts, 1, max_new_tokens=8, answered={1, 2, 3}))
    assert again == batches[2:]


def test_an_answer_ends_at_the_first_newline(model, monkeypatch):
    newline, word = model.tokenizer.encode("\n")[0], model.tokenizer.encode("athens")
    for ids, text in (
        ([*word, newline, *word], "athens"),
        ([newline, *word], ""),
        ([2, *word], ""),
        (word, "athens"),
    ):
        out = np.full((1, 12), -1)
        end = next((i + 1 for i, token in enumerate(ids) if token in (newline, 2)), len(ids))
        out[0, :end] = ids[:end]
        monkeypatch.setattr(answers_module, "generate", lambda *args, out=out: out)
        assert answers_of(model, ["x"])[0].text == text


@pytest.mark.parametrize("bos", [False, True])
def test_a_long_prompt_keeps_its_end_and_is_marked(model, monkeypatch, bos):
    given = {}

    def generate(config, params, prompts, lengths, *rest):
        given["rows"] = [row[len(row) - n :].tolist() for row, n in zip(prompts, lengths, strict=True)]
        given["width"] = prompts.shape[1]
        return np.full((len(prompts), 4), -1)

    monkeypatch.setattr(answers_module, "generate", generate)
    prompt = "anna lives in athens and " * 1200
    ids = model.tokenizer.encode(prompt)
    head = [model.tokenizer.bos_id] if bos else []
    assert len(ids) > 1792
    assert answers_of(model, [prompt], bos=bos)[0].truncated
    assert given["rows"] == [head + ids[len(ids) - 1792 + len(head) :]]
    assert not answers_of(model, ["athens"], bos=bos)[0].truncated
    assert given == {"rows": [head + model.tokenizer.encode("athens")], "width": 256}


@pytest.mark.parametrize(("room", "told"), [(0, False), (-1, True)])
def test_a_prompt_that_just_fits_is_whole(model, monkeypatch, room, told):
    prompt = "anna lives in athens"
    monkeypatch.setattr(answers_module, "generate", lambda *args: np.full((1, 4), -1))
    max_length = len(model.tokenizer.encode(prompt)) + 256 + room
    assert answers_of(model, [prompt], max_length=max_length)[0].truncated == told


def test_stop_tokens(model):
    stops = stop_tokens(model.tokenizer, model.stops, model.config.vocab_size)
    assert stops[model.tokenizer.eos_id]
    assert stops[model.tokenizer.encode("\n")].all()
    double = model.tokenizer.encode("\n\n")
    assert stops[double].all()
    assert not stops[model.tokenizer.encode(" athens")].any()


def test_a_model_with_too_few_positions(model):
    import dataclasses

    short = dataclasses.replace(model, config=dataclasses.replace(model.config, max_position_embeddings=200))
    with pytest.raises(UserError, match="too few for 256 new tokens"):
        list(answer(short, ["x"], 1))


def test_the_fingerprint_sees_every_parameter(model):
    changed = jax.tree.map(np.array, model.params)
    changed["layers"]["down"][1, 3, 4] += 1
    assert fingerprint(changed) != fingerprint(model.params)
    assert fingerprint(jax.tree.map(np.array, model.params)) == fingerprint(model.params)
