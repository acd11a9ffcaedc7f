"""Answers to prompts: where they end, and the same in every batch."""

import dataclasses

import jax
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.answers import answer, fingerprint, require_answerable
from commit_llm.evaluate.encoded_prompts import keep_end
from commit_llm.evaluate.endings import Ending


def batches_of(model, prompts, batch_size=1, *, longest=1792, skips_blank_lines=False, **options):
    """The answers, batch by batch, to prompts as the reference asks them."""
    encoded = [keep_end(model.tokenizer.encode(prompt), [], longest) for prompt in prompts]
    ending = Ending(model.stops, skips_blank_lines=skips_blank_lines)
    return answer(model, encoded, batch_size, ending=ending, longest=longest, **options)


def answers_of(model, prompts, batch_size=1, **options):
    """All answers, in the order of the prompts."""
    answers = {}
    for batch in batches_of(model, prompts, batch_size, **options):
        assert not set(batch) & set(answers)
        answers |= batch
    return [answers[place] for place in range(len(prompts))]


@pytest.mark.slow
def test_batches_and_order_do_not_change_answers(model):
    prompts = [f"{'anna lives ' * n}in" for n in (9, 1, 300, 4, 2)]
    alone = [answers_of(model, [prompt], max_new_tokens=8)[0] for prompt in prompts]
    assert answers_of(model, prompts, 3, max_new_tokens=8) == alone
    assert len({given.text for given in alone}) > 1


@pytest.mark.slow
def test_batches_whose_answers_are_known_are_left_out(model):
    prompts = [f"{'anna lives ' * n}in" for n in (600, 1, 300, 4)]
    batches = list(batches_of(model, prompts, 1, max_new_tokens=8))
    assert [list(batch) for batch in batches] == [[1, 3], [2], [0]]
    again = list(batches_of(model, prompts, 1, max_new_tokens=8, answered={1, 2, 3}))
    assert again == batches[2:]


@pytest.mark.parametrize(
    ("texts", "skips", "answer"),
    [
        (["athens", "\n", "anna"], False, ("athens", False, "newline")),
        (["\n", "athens"], False, ("", False, "newline")),
        (["</s>", "athens"], False, ("", False, "stop")),
        (["athens"], False, ("athens", False, "length")),
        (["\n", "athens", "</s>"], True, ("athens", False, "stop")),
        (["\n", "\n", "athens", "\n", "anna"], True, ("athens", False, "newline")),
        (["\n", "</s>"], True, ("", False, "stop")),
    ],
)
def test_where_an_answer_ends(model, monkeypatch, texts, skips, answer):
    tokenizer = model.tokenizer
    ids = [id for text in texts for id in ([tokenizer.eos_id] if text == "</s>" else tokenizer.encode(text))]

    def generate(config, params, prompts, lengths, endings, *rest):
        """End where the loop would."""
        begun, out = False, np.full((1, 12), -1)
        for place, id in enumerate(ids):
            out[0, place] = id
            if endings.at_once[id] or (begun and endings.after_text[id]):
                break
            begun |= bool(endings.is_text[id])
        return out

    monkeypatch.setattr(answers_module, "generate", generate)
    assert answers_of(model, ["x"], skips_blank_lines=skips) == [answer]


def test_what_the_model_is_asked(model, monkeypatch):
    """The prompt's ids, padded on the left."""
    asked = {}

    def generate(config, params, prompts, lengths, *rest):
        asked["rows"] = [row[len(row) - n :].tolist() for row, n in zip(prompts, lengths, strict=True)]
        asked["width"] = prompts.shape[1]
        return np.full((len(prompts), 4), -1)

    monkeypatch.setattr(answers_module, "generate", generate)
    prompt = "anna lives in athens and " * 1200
    ids = model.tokenizer.encode(prompt)
    assert answers_of(model, [prompt])[0].truncated
    assert asked == {"rows": [ids[-1792:]], "width": 1792}
    assert not answers_of(model, ["athens"])[0].truncated
    assert asked == {"rows": [model.tokenizer.encode("athens")], "width": 256}


def test_each_stop_of_the_model_ends_an_answer(model):
    endings = Ending((*model.stops, 9)).of_tokens(model.tokenizer, model.config.vocab_size)
    assert endings.at_once[[model.tokenizer.eos_id, 9]].all()
    assert endings.at_once[model.tokenizer.encode("\n\n")].all()
    assert not endings.at_once[model.tokenizer.encode(" athens")].any()


@pytest.mark.parametrize(
    ("positions", "max_length", "message"),
    [
        (200, None, "tiny: has 200 positions .*, too few for 256 new tokens; take a model with 258 or more"),
        (8192, 8193, "--max-length 8193: the model has 8,192 positions; take at most that many"),
        (8192, 257, "--max-length 257: too few tokens for a prompt and 256 new ones; give 258 or more"),
        (8192, -1, "--max-length -1: too few"),
    ],
)
def test_no_room_for_an_answer(model, positions, max_length, message):
    config = dataclasses.replace(model.config, max_position_embeddings=positions)
    with pytest.raises(UserError, match=f"^{message}"):
        require_answerable(config, 1, max_length, name="tiny")


def test_what_there_is_room_for(model):
    config = dataclasses.replace(model.config, max_position_embeddings=8192)
    for max_length in (None, 258, 8192):
        require_answerable(config, 1, max_length)
    with pytest.raises(UserError, match="--batch-size 0: must be at least 1"):
        require_answerable(config, 0)


def test_the_fingerprint_sees_every_parameter(model):
    changed = jax.tree.map(np.array, model.params)
    changed["layers"]["down"][1, 3, 4] += 1
    assert fingerprint(changed) != fingerprint(model.params)
    assert fingerprint(jax.tree.map(np.array, model.params)) == fingerprint(model.params)
