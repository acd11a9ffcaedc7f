"""The README.md of an exported model: what it is, what it was made of, and how it is asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.data.prompts import alpaca_prompt
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.files.provenance import public_name
from commit_llm.files.training_data import is_file
from commit_llm.recipes import Recipe, load_recipe, nearest_recipe
from commit_llm.runs.logs import read_metrics
from commit_llm.runs.run import CONFIG, SOURCES, read_provenance
from commit_llm.train.lineage import forms_of, ways_of
from commit_llm.train.weights import ModelSource

LICENCES = (
    "Licences of the base model, the data and the dictionary apply to it: MUSE dictionaries and the Alpaca data, for "
    "instance, are CC BY-NC 4.0."
)
# {text} is a prompt as a Python literal.
HOW_TO_ASK = """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = "."  # this folder, or its name on the hub
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
prompt = {text}
ids = tokenizer(prompt, return_tensors="pt").input_ids
output = model.generate(ids, max_new_tokens=256, do_sample=False)
print(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))
```"""
QUESTION = "Which city is the capital of Greece?"


def model_card(run: Path, step: int, dtype: str, source: ModelSource) -> str:
    """Write the card of a run's model as of a step. dtype: of the exported weights. source: the run, opened."""
    recipe, provenance = load_recipe(run / CONFIG), read_provenance(run)
    forms = forms_of(recipe, provenance)
    is_asked = "instruction" in forms
    last = [line for line in read_metrics(run) if line["step"] <= step][-1:]
    rows = {
        "base model": _name(recipe.model, recipe.model_revision)
        + (" (configuration only)" if recipe.from_scratch else ""),
        "language": ", ".join(provenance.get("languages") or ["not known"]),
        "recipe": f"{nearest_recipe(recipe)} (behaviour: {recipe.behaviour})",
        "training data": _data(recipe, provenance),
        "prompt": "the English Alpaca template" if is_asked else "none: plain text",
        "bos": _tokens(source.tokenizer, source.tokenizer.bos) or "none before the text",
        "stops": _tokens(source.tokenizer, source.stops),
        "training": f"{step} of {recipe.steps} steps of {recipe.batch_size} x {recipe.seq_len} tokens",
        "last loss": f"{last[0]['loss']:.4f} at step {last[0]['step']}" if last else "not logged",
        "weights": f"{dtype}, trained from {provenance['weights_dtype']}",
        "made with": f"commit-llm {provenance['commit_llm']}",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    prompt = alpaca_prompt(QUESTION) if is_asked else "Athens is"
    return (
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\n---\n\n"
        f"# A model tuned with COMMIT\n\n| what | this model |\n| --- | --- |\n{table}\n\n"
        f"## How to ask it\n\n{HOW_TO_ASK.format(text=repr(prompt))}\n\n{LICENCES}\n"
    )


def _data(recipe: Recipe, provenance: Mapping[str, Any]) -> str:
    """Name the data with its form and its mixing, and where there are several sources the share of each."""
    named = recipe.sources
    described = provenance.get(SOURCES, [{"form": recipe.form, "mixed": True, "share": 1.0}])
    cells = []
    for source, facts in zip(named, described, strict=True):
        name = _name(source.name, None if is_file(source.name) else recipe.data_revision)
        share = f"{100 * facts['share']:.3g} % of the examples, " if len(named) > 1 else ""
        cells.append(f"{name}, {share}{facts['form']}, {mixing_text(recipe) if facts['mixed'] else 'not code-mixed'}")
    return "; ".join(cells) or "none"


def mixing_text(recipe: Recipe) -> str:
    """Say in a cell of a table how texts were mixed."""
    if not recipe.mixes:
        return "not code-mixed"
    parts = [
        f"at ratio {ratio} with " + ", ".join(_name(str(path)) for path, _ in files)
        for ratio, files in (
            (ratio_text(recipe.ratio), recipe.dictionary_files),
            (f"{recipe.sentence_ratio:g} of sentences", recipe.sentence_files),
        )
        if files
    ]
    return ", ".join([f"code-mixed {' and '.join(parts)}", *ways_of(recipe)])


def _tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Name tokens with their ids, in a cell of a table."""
    names = {id: name for name, id in tokenizer.specials.items()}
    return ", ".join(f"`{names[id]}` ({id})".replace("|", "\\|") if id in names else str(id) for id in ids)


def _name(path: str | None, revision: str | None = None) -> str:
    """Write a path in a cell of a table, without anybody's folders; of a hub id with its revision."""
    name = "none" if path is None else public_name(path)
    return (f"{name} at {revision}" if revision else name).replace("|", " ")
