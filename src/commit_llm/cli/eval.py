"""`commit-llm eval`: answer and score question-answering tasks."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import ALONE, Processes, parse
from commit_llm.errors import UserError
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE

if TYPE_CHECKING:
    from commit_llm.evaluate.tasks import Task

LOGGER = logging.getLogger("commit_llm")


@dataclass(frozen=True)
class Eval:
    """Answer and score questions with a model, zero-shot: greedy, at most 256 new tokens, or by ranking given answers
    (xquad_rank_LANG). Scores are 0-100."""

    model: Annotated[str | None, tyro.conf.Positional] = None
    """Model folder, PEFT adapter folder, hub id, or run directory."""
    out: Path = tyro.MISSING
    """The folder to make: results.json, predictions.jsonl, contexts.jsonl."""
    tasks: tuple[str, ...] = ()
    """Names of tasks, such as ogx_xquad_el; `commit-llm tasks` lists ours; any of lm-eval's with the extra eval."""
    questions: Path | None = None
    """Your own questions: a file in SQuAD's layout, or records of id, context, question and answers (.jsonl)."""
    language: str | None = None
    """With --questions: the code of their language, such as el."""
    prompt: str | None = None
    """With --questions: alpaca, chat, or a Jinja file, as in `train`. Default: the prompt of the model's tuning, as its
    folder records it; for a model from elsewhere its chat template, else alpaca. With --prompts-only: alpaca."""
    data_dir: str | None = None
    """Folder with xquad.LANG.json and the official MLQA files. Default: from the hub."""
    limit: int | None = None
    """Only the first N questions of each task, in file order."""
    per_context: tuple[str, ...] = ()
    """Only the first N questions of each context: N, or TASK=N for a task. --limit applies afterwards."""
    batch_size: int = 8
    """Questions of full length to answer at a time; more of short ones, in the same memory."""
    max_length: int | None = None
    """Tokens of prompt and answer together, for _instruct_, _chat_ and _rank_ tasks; a longer prompt loses the end of
    its context. Default: as many as the model has positions. The ogx_ tasks always have 2,048, as in the paper."""
    step: int | None = None
    """Checkpoint of a run directory. Default: the newest."""
    model_revision: str | None = None
    """Commit, tag or branch of a hub model. Default: its main branch."""
    tokenizer: str | None = None
    """tokenizer.model, tokenizer.json, or a folder with one. Default: the model's own. The paper's scores use
    MODEL/tokenizer.model: name it if the folder has a tokenizer.json too."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Dtype of the matrix products. auto: bfloat16 if the devices support it, else float32.
    GPUs support it from compute capability 8.0."""
    mesh: str = EVERY_DEVICE
    """Devices along data, fsdp and tensor: -1,1,1 puts the whole model on each; 1,1,-1 splits it over all of them."""
    prompts_only: bool = False
    """Write prompts.jsonl and no answers; needs no model. Prompts of _chat_ tasks are user messages."""
    overwrite: bool = False
    """Replace an output that exists."""
    json: bool = False
    """Print results.json instead of a table."""
    processes: Processes = ALONE


def run(argv: list[str]) -> None:
    command = parse(Eval, "eval", argv)
    from commit_llm.evaluate.own_questions import own_name, require_with_questions
    from commit_llm.evaluate.selection import read_per_context
    from commit_llm.evaluate.tasks import split_tasks

    require_with_questions(command.questions, command.language, command.prompt)
    tasks, foreign = split_tasks(command.tasks)
    names = [task.name for task in tasks]
    if command.questions is not None:
        names.append(own_name(command.questions, command.language))
    elif command.language is not None or command.prompt is not None:
        name = "language" if command.prompt is None else "prompt"
        raise UserError(
            f"--{name} {getattr(command, name)}: is for your own questions; name their file with --questions"
        )
    if not names and not foreign:
        raise UserError("no task; name some with --tasks, or your own questions with --questions FILE --language CODE")
    as_tuned = command.questions is not None or any(task.as_tuned for task in tasks)
    if command.max_length is not None and not as_tuned:
        raise UserError(
            f"--max-length {command.max_length}: is for _instruct_, _chat_ and _rank_ tasks and --questions; leave it "
            "out"
        )
    per_context = read_per_context(command.per_context, names)
    if command.prompts_only:
        if command.max_length is not None:
            raise UserError(f"--max-length {command.max_length}: prompts are written whole; leave it out")
        _write_prompts(command, tasks, foreign, per_context)
        return
    if command.model is None:
        raise UserError("no model; name a model folder, a hub id or a run directory (or ask for --prompts-only)")
    with command.processes.join():
        _evaluate(command, command.model, tasks, foreign, per_context)


def _write_prompts(command: Eval, tasks: "list[Task]", foreign: list[str], per_context: dict[str, int]) -> None:
    from commit_llm.evaluate.elsewhere import PROMPTS, write_prompts
    from commit_llm.evaluate.own_questions import own_task_without_model
    from commit_llm.files.whole import refuse_existing_folder

    if foreign:
        raise UserError(f"--prompts-only knows our tasks, and not {foreign[0]!r}; `commit-llm tasks` lists them")
    if command.questions is not None:
        tasks = [*tasks, own_task_without_model(command.questions, command.language, command.prompt)]
    refuse_existing_folder(command.out, command.overwrite, PROMPTS)
    written = write_prompts(
        tasks,
        command.out,
        data_dir=command.data_dir,
        limit=command.limit,
        per_context=per_context,
        overwrite=command.overwrite,
    )
    say(f"wrote {written:,} prompts to {command.out / PROMPTS}")


def _evaluate(command: Eval, name: str, tasks: "list[Task]", foreign: list[str], per_context: dict[str, int]) -> None:
    from commit_llm.cli.progress import AnswersBar, bars
    from commit_llm.cli.text.eval import scores_table
    from commit_llm.evaluate.answers import Answerer, require_answerable
    from commit_llm.evaluate.chat_prompts import template_for
    from commit_llm.evaluate.harness.upstream import find_upstream
    from commit_llm.evaluate.journal import refuse_finished
    from commit_llm.evaluate.own_questions import own_task
    from commit_llm.evaluate.runner import evaluate
    from commit_llm.model.description import describe
    from commit_llm.model.execution import compute_dtype
    from commit_llm.parallel.processes import count, is_first, together
    from commit_llm.runs.asked_prompt import open_asked_prompt
    from commit_llm.runs.evaluation import RESULTS
    from commit_llm.train.lineage import history_of
    from commit_llm.train.model_source import open_model
    from commit_llm.train.weights import load_params
    from commit_llm.train.weights_identity import agree_on_weights

    if foreign and count() > 1:
        raise UserError(f"--tasks {foreign[0]}: tasks of lm-eval run in one process; start it on one host")
    with together("model"):
        if is_first():
            refuse_finished(command.out, command.overwrite, RESULTS)
        upstream = find_upstream(foreign) if foreign else None
        source = open_model(name, command.tokenizer, revision=command.model_revision)
        if command.questions is not None:
            prompt = open_asked_prompt(source.origin_folder, command.prompt, source.tokenizer, source.stops)
            tasks = [*tasks, own_task(command.questions, command.language, prompt)]
        if tasks:
            require_answerable(source.config, command.batch_size, command.max_length, name=name)
        template = template_for(tasks, source.tokenizer, source.stops)
    step = agree_on_weights(source, command.step).step
    dtype = compute_dtype(command.dtype)
    with together("weights"):
        history = history_of(source, step)
        params = load_params(source, step=step)[0]
    if is_first():
        LOGGER.info("%s", describe(source.config))
        if template is not None:
            LOGGER.info("chat tasks: asked through %s", template.source)
    model = Answerer.of(source.config, params, source.tokenizer, source.stops, dtype, command.mesh)
    with bars(quiet=not is_first()) as bar:
        results = evaluate(
            model,
            tasks,
            command.out,
            history=history,
            data_dir=command.data_dir,
            limit=command.limit,
            per_context=per_context,
            batch_size=command.batch_size,
            max_length=command.max_length,
            overwrite=command.overwrite,
            upstream=upstream,
            on_answers=AnswersBar(bar),
        )
    if not is_first():
        return
    if not command.json:
        say(f"wrote {command.out}")
    if command.json:
        say_json(results)
    else:
        say(scores_table(results))
