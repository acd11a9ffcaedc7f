"""Every reader of a user's file: a call for a folder, and the valid files that it reads."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from xxhash import xxh3_128_hexdigest

from tests.fuzz import restored_runs
from tests.fuzz import valid_files as valid
from tests.fuzz import valid_folders as folders
from tests.fuzz.valid_files import Files, as_json, as_lines, in_folder


class Reader(NamedTuple):
    """Name what is read.

    files: makes the valid files, by their names in a folder.
    read: reads them in a folder. It may raise UserError, and nothing else.
    writes: whether it may write into the folder.
    """

    files: Callable[[], Files]
    read: Callable[[Path], object]
    writes: bool = False


def every_way(path: Path) -> None:
    """Read a data file in every way that there is."""
    from commit_llm.data.excerpts import first_examples, first_records, sample_columns
    from commit_llm.files.chunks import blocks, chunks, length
    from commit_llm.files.line_records import open_records
    from commit_llm.files.records import read_records

    length(path)
    for chunk in chunks(path, rows=2):
        list(blocks(path, chunk))
    records = read_records(path)
    assert len(list(open_records(path))) == len(records)
    first_records(path, 2)
    first_examples(path)
    sample_columns(path)


def questions(path: Path) -> None:
    from commit_llm.data.squad_paragraphs import is_squad, read_paragraphs
    from commit_llm.evaluate.question_files import read_own, read_squad

    is_squad(path)
    results = [_or_error(read, path) for read in (read_squad, read_own, read_paragraphs)]
    for result in results:
        if isinstance(result, Exception):
            raise result


def dictionary(path: Path) -> None:
    from commit_llm.codemix import BilingualDictionary, CodeMixer

    for original, skip in ((False, True), (True, True), (False, False)):
        read = BilingualDictionary.load(path, original=original, skip_bad_lines=skip)
        if not original:
            _ = CodeMixer(read, ratio=1.0).vocabulary.cleaned


def sentences(path: Path) -> None:
    from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs

    for skip in (True, False):
        list(SentencePairs.load(path, skip_bad_lines=skip).complaints())


def parallel(folder: Path) -> None:
    from commit_llm.data.parallel_texts import open_parallel

    list(open_parallel(folder / "en.txt", folder / "el.txt").pairs)


def recipe(folder: Path) -> None:
    from commit_llm.recipes import dump_recipe, find_recipe, load_stored_recipe, with_paths_from

    stored = load_stored_recipe(folder / "recipe.yaml")
    dump_recipe(*stored)
    with_paths_from(find_recipe(str(folder / "recipe.yaml")), folder)


def study(folder: Path) -> None:
    from commit_llm.study.study_file import read_study
    from commit_llm.study.study_folder import begin

    read = read_study(folder / "study.yaml")
    (folder / "out").mkdir(exist_ok=True)
    begin(folder / "out", read)


def tokenizer(folder: Path) -> None:
    from commit_llm.data.chat.template import find_chat_template
    from commit_llm.data.stops import read_stops
    from commit_llm.data.tokenizer import load_tokenizer

    loaded = load_tokenizer(folder)
    loaded.decode(loaded.encode("Anna lives in Athens."))
    loaded.encode_with_specials("a <s> b")
    loaded.fingerprint()
    stops = read_stops(folder, loaded)
    if loaded.kind == "tokenizers" and (template := find_chat_template(loaded, stops)) is not None:
        template.require_usable()


def growing(folder: Path) -> None:
    from commit_llm.data.tokenizer import load_tokenizer
    from commit_llm.vocabulary.growth import count_words, open_growable

    count_words(open_growable(load_tokenizer(folder)), ["Anna lives in Athens."])


def prompt(folder: Path) -> None:
    from commit_llm.data.chat.prompt_file import PromptFile

    PromptFile.open(folder / "prompt.txt").fingerprint()


def chat_template(folder: Path) -> None:
    from commit_llm.data.chat.template import TODAY, ChatTemplate, read_template
    from commit_llm.data.chat.work_budget import RenderingError

    text, source = read_template(folder, str(folder / "chat.jinja"))
    template = ChatTemplate(text, source, {"eos_token": "</s>"}, ("</s>",), TODAY)
    template.require_usable()
    with suppress(RenderingError):  # which every caller turns into a line about a record
        template._sandbox.render(messages=valid.CONVERSATION["messages"], add_generation_prompt=True)


def configuration(folder: Path) -> None:
    from commit_llm.convert.config_text import changed_config
    from commit_llm.convert.grown_vocabulary import read_grown_vocabulary
    from commit_llm.model.families.config_json import read_config, tell_passed_over
    from commit_llm.model.parameters import declare

    config = read_config(folder)
    tell_passed_over(folder / "config.json")
    changed_config(folder / "config.json", config, "bfloat16")
    declare(config)
    read_grown_vocabulary(folder, 300)


def weights(folder: Path) -> None:
    from commit_llm.convert.huggingface import open_whole_weights, tensor_dtypes
    from commit_llm.convert.sealed_weights import require_unchanged
    from commit_llm.convert.weight_files import has_another_head
    from commit_llm.model.families.config_json import read_config

    config = read_config(folder)
    has_another_head(folder, [])
    tensor_dtypes(folder, config)
    with open_whole_weights(folder, config) as tensors:
        for tensor in tensors.values():
            tensor[tuple(slice(0, size) for size in tensor.shape)]
    for file in folder.glob("*.safetensors"):
        require_unchanged(file)


def adapter(folder: Path) -> None:
    from commit_llm.convert.peft_configuration import adapted, read_configuration
    from commit_llm.convert.peft_tensors import read_adapter
    from commit_llm.model.config import ModelConfig

    config = ModelConfig(40, 8, 16, 1, 2, 1, 4, 64)
    held, model = adapted(read_configuration(folder), config, str(folder))
    read_adapter(folder, held, model)


def manifest(folder: Path) -> None:
    from commit_llm.train.manifest import damage

    damage(folder)


def run(folder: Path) -> None:
    from commit_llm.recipes import load_recipe
    from commit_llm.runs.asked_prompt import recorded_prompt
    from commit_llm.runs.history import BEFORE, TRAINING, read_history
    from commit_llm.runs.logs import left_out, read_logs
    from commit_llm.runs.run import prompt_of, read_provenance, require_same_hub, tokenizer_file

    read_logs(folder)
    left_out(folder)
    read_provenance(folder)
    tokenizer_file(folder, folder)
    require_same_hub(folder, {"model": {"commit": "0" * 40}})
    recorded_prompt(folder)
    for stages in (BEFORE, TRAINING):
        read_history(folder / "provenance.json", stages)
    prompt_of(folder, load_recipe(folder / "config.yaml"))


def page(folder: Path) -> None:
    command("report", folder, "--out", folder / "page.html")


def comparison(folder: Path) -> None:
    from commit_llm.report.comparison.evaluated_run import read_contexts, read_run

    for name in ("one", "two"):
        read_run(folder / name)
        read_contexts(folder / name)


def compared(folder: Path) -> None:
    command("compare", f"a={folder / 'one'}", f"b={folder / 'two'}", "--out", folder / "out", "--resamples", 50)


def sidecar(folder: Path) -> None:
    from commit_llm.data.fetch_dictionary import fetch_dictionary
    from commit_llm.files.provenance import describe, sha256

    describe(folder / "en-el.txt", sha256(folder / "en-el.txt"))
    fetch_dictionary("en-el", folder)


def parts(folder: Path) -> None:
    from commit_llm.files.unfinished import unfinished

    with unfinished(folder / "a.jsonl", {"input": "x"}, overwrite=False) as kept:
        list(kept.done)


def answers(folder: Path) -> None:
    from commit_llm.evaluate.harness.responses import Responses
    from commit_llm.evaluate.journal import journal

    Responses(folder / "responses.jsonl").get("generate", ["a"])
    with journal(folder / "eval", {"model": "a"}, False, "results.json") as kept:
        {task: sorted(replies) for task, replies in kept.replies.items()}


def finished(folder: Path) -> None:
    from commit_llm.study.finished import is_finished, read_made

    read_made(folder)
    is_finished(folder, TRIAL["made_of"])


def score(folder: Path) -> None:
    from commit_llm.evaluate.elsewhere import score_file
    from commit_llm.evaluate.tasks import find_task

    score_file(folder / "given.jsonl", find_task("xquad_instruct_el"), str(folder))


def requests(folder: Path) -> None:
    from commit_llm.data.requests import read_requests

    with (folder / "asked.jsonl").open("rb") as file:
        read_requests(file)
    read_requests(folder / "asked.jsonl")


def target_text(folder: Path) -> None:
    from commit_llm.codemix import BilingualDictionary
    from commit_llm.data.mixing_flags import read_words
    from commit_llm.data.target_text import with_frequencies

    read_words(folder / "skip.txt")
    pairs = BilingualDictionary.from_pairs(valid.PAIRS)
    with_frequencies(pairs, folder / "text.jsonl", None)


def mixed(folder: Path) -> None:
    command(
        "mix", folder / "a.jsonl", "--dictionary", folder / "en-el.txt", "--sentences", folder / "pairs.tsv",
        "--skip-words", folder / "skip.txt", "--out", folder / "out.jsonl",
    )  # fmt: skip


def previewed(folder: Path) -> None:
    command(
        "preview", folder / "a.jsonl", "--dictionary", folder / "en-el.txt", "--explain", "--html", folder / "p.html"
    )


def inspected(folder: Path) -> None:
    command("dictionary", "inspect", folder / "en-el.txt", "--text", folder / "a.jsonl")
    command("tokenizer", "inspect", folder, "--text", folder / "a.jsonl")


class CommandError(Exception):
    """Tell that a command ended otherwise than it may."""


def command(*words: object) -> None:
    """Run a command in this process, as a user would. Raises CommandError where it ends neither with 0 nor with 2."""
    from commit_llm.cli.main import main

    try:
        status = main([str(word) for word in words])
    except SystemExit as stop:
        status = stop.code
    if status not in (0, 2):
        raise CommandError(f"status {status}")


def _or_error(read: Callable[[Path], object], path: Path) -> object:
    from commit_llm.errors import UserError

    try:
        return read(path)
    except UserError as error:
        return error


def _data(name: str) -> Reader:
    return Reader(lambda: {name: valid.data_files()[name]}, lambda folder: every_way(folder / name))


def _one(name: str, content: Callable[[], bytes], read: Callable[[Path], object]) -> Reader:
    return Reader(lambda: {name: content()}, lambda folder: read(folder / name))


OBJECTS = [{"source": one, "target": two} for one, two in valid.PAIRS]
SENTENCE_OBJECTS = [{"source": one, "target": two} for one, two in valid.SENTENCES]
OWN = [{"id": "a", "context": "Anna lives.", "question": "Who?", "answers": {"text": ["Anna"]}}]
TRIAL = {
    "made_of": {
        "arm": "a",
        "model": {"w": "1"},
        "dtype": None,
        "equal": None,
        "tasks": {"t": {"limit": 1}},
        "stages": [{"recipe": {"ratio": 0.9}, "files": {"data": "0"}, "sources": {"data": [["a", "1", None, True]]}}],
    },
    "made": {"hours": 1.0},
    "checksums": {"results.json": xxh3_128_hexdigest(b"{}"), "predictions.jsonl": xxh3_128_hexdigest(b"")},
}
ASKS = {"messages": valid.CONVERSATION["messages"][:1]}
GIVEN = [{"id": "q1", "prediction": "Athens"}]

READERS: dict[str, Reader] = {
    **{f"data {name}": _data(name) for name in (
        "a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt", "a.parquet", "nested.parquet", "a.jsonl.gz", "a.json.zst",
        "a.csv.gz",
    )},
    "questions squad": _one("a.json", lambda: as_json(valid.SQUAD), questions),
    "questions own": _one("a.jsonl", lambda: as_lines(OWN), lambda path: _own(path)),
    "dictionary txt": _one("en-el.txt", lambda: folders.pair_lines(valid.PAIRS, " "), dictionary),
    "dictionary tsv": _one("en-el.tsv", lambda: folders.pair_lines(valid.PAIRS, "\t"), dictionary),
    "dictionary csv": _one("en-el.csv", lambda: folders.pair_lines(valid.PAIRS, ","), dictionary),
    "dictionary jsonl": _one("en-el.jsonl", lambda: as_lines(OBJECTS), dictionary),
    "sentences tsv": _one("en-el.tsv", lambda: folders.pair_lines(valid.SENTENCES, "\t"), sentences),
    "sentences jsonl": _one("en-el.jsonl", lambda: as_lines(SENTENCE_OBJECTS), sentences),
    "sentences parquet": _one("en-el.parquet", lambda: valid.parquet(SENTENCE_OBJECTS), sentences),
    "parallel texts": Reader(lambda: {"en.txt": b"The dog.\nA cat.\n", "el.txt": "Ο σκύλος.\nΓάτα.\n".encode()},
    parallel),
    "target text": Reader(lambda: {"text.jsonl": as_lines([{"text": "ο σκύλος ζει"}]), "skip.txt": b"dog\n"},
    target_text),
    "recipe": Reader(lambda: {"recipe.yaml": valid.RECIPE.encode()}, recipe),
    "study": Reader(folders.study, study, True),
    "tokenizer.json": Reader(lambda: in_folder(valid.json_tokenizer), tokenizer),
    "tokenizer.model": Reader(lambda: in_folder(valid.piece_tokenizer), tokenizer),
    "growing tokenizer.json": Reader(lambda: in_folder(valid.json_tokenizer), growing),
    "growing tokenizer.model": Reader(lambda: in_folder(valid.piece_tokenizer), growing),
    "prompt": Reader(lambda: {"prompt.txt": valid.PROMPT.encode()}, prompt),
    "chat template": Reader(lambda: {"chat.jinja": valid.TEMPLATE.encode()}, chat_template),
    "config.json llama": Reader(valid.model_files, configuration),
    "config.json gemma": Reader(lambda: {"config.json": as_json(valid.GEMMA, 1)}, configuration),
    "weights": Reader(lambda: in_folder(valid.weights), weights),
    "adapter": Reader(lambda: in_folder(valid.adapter), adapter),
    "streaming checkpoint": _one("streaming_params", valid.streaming, lambda path: _streaming(path)),
    "checkpoint": Reader(folders.checkpoint, manifest),
    "checkpoint exported": Reader(restored_runs.run_files, restored_runs.exported),
    "checkpoint resumed": Reader(restored_runs.checkpoint_files, restored_runs.resumed, True),
    "run": Reader(valid.run_files, run),
    "run's page": Reader(valid.run_files, page, True),
    "evaluations": Reader(lambda: in_folder(valid.evaluated), comparison),
    "evaluations compared": Reader(lambda: in_folder(valid.evaluated), compared, True),
    "record of a file": Reader(folders.dictionary_with_record, sidecar),
    "parts of mix": Reader(folders.parts, parts, True),
    "journal of eval": Reader(folders.answers, answers, True),
    "trial": Reader(lambda: {"trial.json": as_json(TRIAL), "results.json": b"{}", "predictions.jsonl": b""}, finished),
    "given answers": Reader(lambda: {"given.jsonl": as_lines(GIVEN), "xquad.el.json": as_json(valid.SQUAD),
                                     "xquad.en.json": as_json(valid.SQUAD_IN_ENGLISH)}, score),
    "requests": Reader(lambda: {"asked.jsonl": as_lines([*valid.RECORDS, ASKS])}, requests),
    "mix": Reader(folders.of_mixing, mixed, True),
    "preview": Reader(folders.of_mixing, previewed, True),
    "inspect": Reader(lambda: {**folders.of_mixing(), **in_folder(valid.json_tokenizer)}, inspected),
}  # fmt: skip


def _own(path: Path) -> None:
    from commit_llm.evaluate.question_files import read_own

    read_own(path)


def _streaming(path: Path) -> None:
    from commit_llm.convert.streaming import read_streaming_params

    read_streaming_params(path)
