"""Say how well models with different tokenizers predict the same text: nats a character.

    python -m benchmarks.vocabulary MODEL... --text xquad.el.json [--texts 60] [--characters 500]
    python -m benchmarks.vocabulary --resize BASE GROWN OUT       (needs transformers and torch)

A MODEL is a folder or a run. Of each of the first paragraphs the first characters are predicted, each token from those
before it in its paragraph, the first one from the token that
ends texts in training. A token may end
where another tokenizer's does not, so that losses a token cannot be compared; the sum over a text can.

--resize writes the model GROWN with its new rows as `resize_token_embeddings` of transformers makes them from BASE by
default (`mean_resizing`): drawn from a normal distribution with the mean and the covariance of the old rows.
"""

import argparse
import json
import shutil
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from commit_llm.model.likelihood import token_log_probabilities
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_params

LONGEST = 64  # rows are padded to a multiple of so many tokens, so that few programs are compiled


def main() -> None:
    """Print a line for every model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--text", type=Path, help="a file in SQuAD's layout")
    parser.add_argument("--texts", type=int, default=60)
    parser.add_argument("--characters", type=int, default=500, help="of each text")
    parser.add_argument("--resize", nargs=3, metavar=("BASE", "GROWN", "OUT"))
    arguments = parser.parse_args()
    if arguments.resize:
        resize(*arguments.resize)
        return
    data = json.loads(arguments.text.read_text(encoding="utf-8"))["data"]
    contexts = [paragraph["context"] for article in data for paragraph in article["paragraphs"]]
    texts = [context[: arguments.characters] for context in contexts[: arguments.texts]]
    print(f"{len(texts)} texts, {sum(map(len, texts)):,} characters")
    for model in arguments.models:
        tokens, nats = loss(model, texts)
        characters, words = sum(map(len, texts)), sum(len(text.split()) for text in texts)
        print(
            f"{model}  {tokens / words:.2f} tokens a word  {nats / characters:.4f} nats a character  "
            f"{nats / tokens:.4f} a token",
            flush=True,
        )


def loss(model: str, texts: list[str]) -> tuple[int, float]:
    """Give the number of tokens of texts, and the sum of their losses in nats."""
    source = open_model(model)
    params, _ = load_params(source)
    tokens, nats = 0, 0.0
    for text in texts:
        ids = [source.tokenizer.eos_id, *source.tokenizer.encode(text)]  # which stands between texts in training
        length = -(-len(ids) // LONGEST) * LONGEST
        row = np.zeros((1, length + 1), np.int32)
        row[0, : len(ids)] = ids
        log_probabilities, _ = token_log_probabilities(
            source.config, params, jnp.asarray(row[:, :-1]), jnp.asarray(row[:, 1:])
        )
        nats -= float(log_probabilities[0, : len(ids) - 1].sum())
        tokens += len(ids) - 1
    return tokens, nats


def resize(base: str, grown: str, out: str) -> None:
    """Write a grown model with the new rows of transformers."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(AutoConfig.from_pretrained(grown).vocab_size)
    model.save_pretrained(out)
    for file in Path(grown).iterdir():
        if file.suffix != ".safetensors" and not (Path(out) / file.name).exists():
            shutil.copyfile(file, Path(out) / file.name)


if __name__ == "__main__":
    main()
