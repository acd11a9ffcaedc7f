"""The README.md of an exported model: what it is, what it was made of, and how it is asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.prompt_flags import ALPACA, CHAT
from commit_llm.data.prompts import alpaca_prompt, joined
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.files.provenance import public_name
from commit_llm.files.training_data import is_file
from commit_llm.recipes import Recipe, load_recipe, nearest_recipe
from commit_llm.runs.logs import read_metrics
from commit_llm.runs.run import CONFIG, SOURCES, prompt_of, read_provenance
from commit_llm.train.lineage import forms_of, ways_of
from commit_llm.train.model_source import ModelSource

LICENCES = (
    "Licences of the base model, the data and the dictionary apply to it: MUSE dictionaries and the Alpaca data, for "
    "instance, are CC BY-NC 4.0."
)
# {ids} makes the tokens of a prompt; {imports} and {model} load the model.
HOW_TO_ASK = """```python
{imports}

folder = "."  # this folder, or its name on the hub
tokenizer = AutoTokenizer.from_pretrained(folder)
model = {model}.from_pretrained(folder, dtype="auto")
{ids}
output = model.generate(ids, max_new_tokens=256, do_sample=False)
print(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))
```"""
LOADED_WHOLE = {
    "imports": "from transformers import AutoModelForCausalLM, AutoTokenizer",
    "model": "AutoModelForCausalLM",
}
LOADED_WITH_BASE = {
    "imports": "from peft import AutoPeftModelForCausalLM\nfrom transformers import AutoTokenizer",
    "model": "AutoPeftModelForCausalLM",
}
# {text} is a prompt as a Python literal, {question} a question.
OF_PROMPT = 'prompt = {text}\nids = tokenizer(prompt, return_tensors="pt").input_ids'
OF_MESSAGES = """messages = [{{"role": "user", "content": {question!r}}}]
asked = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
ids = asked["input_ids"]"""
QUESTION = "Which city is the capital of Greece?"


def model_card(
    run: Path, step: int, dtype: str, source: ModelSource, has_new_template: bool, adapter_of: str | None = None
) -> str:
    """Write the card of a run's model as of a step.

    dtype: of the exported weights.
    source: the run, opened.
    has_new_template: whether the export has a chat template that was written for its prompt.
    adapter_of: the base, where the export is an adapter alone.
    """
    recipe, provenance = load_recipe(run / CONFIG), read_provenance(run)
    asked = prompt_of(run, recipe)
    last = [line for line in read_metrics(run) if line["step"] <= step][-1:]
    rows = {
        "base model": _name(recipe.model, recipe.model_revision)
        + (" (configuration only)" if recipe.from_scratch else ""),
        "language": ", ".join(provenance.get("languages") or ["not known"]),
        "recipe": f"{nearest_recipe(recipe)} (behaviour: {recipe.behaviour})",
        "training data": _data(recipe, provenance),
        "prompt": _prompt(asked, has_new_template),
        "bos": _tokens(source.tokenizer, source.tokenizer.bos) or "none before the text",
        "stops": _tokens(source.tokenizer, source.stops),
        "training": f"{step} of {recipe.steps} steps of {recipe.batch_size} x {recipe.seq_len} tokens",
        **({} if recipe.lora_r is None else {"adapter": _adapter(recipe, merged=adapter_of is None)}),
        "last loss": f"{last[0]['loss']:.4f} at step {last[0]['step']}" if last else "not logged",
        "weights": f"{dtype}, trained from {provenance['weights_dtype']}",
        "made with": f"commit-llm {provenance['commit_llm']}",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    prompt = _asking(asked)
    by_messages = asked is not None and (asked["kind"] == CHAT or (asked["kind"] != ALPACA and has_new_template))
    ids = OF_MESSAGES.format(question=QUESTION) if by_messages else OF_PROMPT.format(text=repr(prompt))
    library, title, asks = "transformers", "A model tuned with COMMIT", HOW_TO_ASK.format(ids=ids, **LOADED_WHOLE)
    if adapter_of is not None:
        library, title, asks = "peft", "An adapter tuned with COMMIT", HOW_TO_ASK.format(ids=ids, **LOADED_WITH_BASE)
        library += f"\nbase_model: {adapter_of}" if public_name(adapter_of) == adapter_of else ""
    return (
        f"---\nlibrary_name: {library}\npipeline_tag: text-generation\n---\n\n"
        f"# {title}\n\n| what | this model |\n| --- | --- |\n{table}\n\n"
        f"## How to ask it\n\n{asks}\n\n{LICENCES}\n"
    )


def _adapter(recipe: Recipe, merged: bool) -> str:
    """Say in a cell of a table what was trained beside the base."""
    saved = f", {' and '.join(recipe.saved_modules)} whole" if recipe.saved_modules else ""
    end = "merged into the base" if merged else "the base is not in this folder"
    modules = " ".join(recipe.lora_target_modules)
    return f"LoRA of rank {recipe.lora_r}, alpha {recipe.alpha:g}, on {modules}{saved}; {end}"


def _asking(asked: Mapping[str, Any] | None) -> str:
    """Give a text that the model goes on with: a question in its prompt."""
    if asked is None:
        return "Athens is"
    if isinstance(text := asked.get("text"), str):
        return joined(PromptFile(text, str(asked.get("file"))).passages(QUESTION))
    return alpaca_prompt(QUESTION)


def _prompt(asked: Mapping[str, Any] | None, has_new_template: bool) -> str:
    """Name the prompt that it was tuned with."""
    if asked is None:
        return "none: plain text"
    kind = asked["kind"]
    if kind == CHAT:
        return f"the chat template, {_name(asked['file'])}"
    name = "the English Alpaca template" if kind == ALPACA else f"the template of {_name(asked['file'])}"
    return f"{name}; chat_template.jinja puts one user message into it" if has_new_template else name


def _data(recipe: Recipe, provenance: Mapping[str, Any]) -> str:
    """Name the data with its form and its mixing, and where there are several sources the share of each."""
    named = recipe.sources
    described = provenance.get(SOURCES, [{"form": forms_of(recipe, {})[0], "mixed": True, "share": 1.0}])
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
