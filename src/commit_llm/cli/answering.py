"""What `generate` and `chat` share: the flags that say how a model answers, and the model, opened with them."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from commit_llm.errors import UserError
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE

if TYPE_CHECKING:
    from commit_llm.data.request_forms import RequestForm
    from commit_llm.evaluate.answers import Answerer
    from commit_llm.evaluate.token_choice import TokenChoice
    from commit_llm.train.model_source import ModelSource

LOGGER = logging.getLogger("commit_llm")


@dataclass(frozen=True)
class AnsweringFlags:
    """Choose how a model is asked, and how it answers."""

    prompt: str | None = None
    """The template around a prompt. alpaca: the paper's, in English. chat: the model's own chat template. none: no
    template, to continue plain text. Or a Jinja file with {{ instruction }} and {{ input }}. Default: the template of
    the model's tuning; for a model from elsewhere its chat template, or none."""
    chat_template: str | None = None
    """With --prompt chat: a Jinja file, or the name of one of the model's templates. Default: the model's own."""
    max_new_tokens: int | None = None
    """Highest number of tokens in an answer. Default: 256 (chat: 512), or half of the model's positions if fewer."""
    temperature: float = 0.0
    """0: always the likeliest token. Above 0, tokens are drawn; a higher value draws unlikely ones more often."""
    top_p: float = 1.0
    """With --temperature: draw only among the likeliest tokens that together have this probability."""
    seed: int = 0
    """With --temperature: another seed draws other answers. With one seed, a prompt always gets the same answer,
    whatever the other prompts are."""
    step: int | None = None
    """Checkpoint of a run directory. Default: the newest."""
    model_revision: str | None = None
    """Commit, tag or branch of a hub model. Default: its main branch."""
    tokenizer: str | None = None
    """tokenizer.model, tokenizer.json, or a folder with one. Default: the model's own."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Dtype of the matrix products. auto: bfloat16 if the devices support it, else float32."""
    mesh: str = EVERY_DEVICE
    """Devices along data, fsdp and tensor: -1,1,1 puts the whole model on each; 1,1,-1 splits it over all of them."""


USUAL = AnsweringFlags()


class OpenedModel(NamedTuple):
    """Hold a model whose weights are not read yet.

    form: how it is asked.
    longest: tokens that a prompt may have.
    """

    source: "ModelSource"
    form: "RequestForm"
    choice: "TokenChoice"
    max_new_tokens: int
    longest: int


def opened(name: str, flags: AnsweringFlags, usual_new_tokens: int) -> OpenedModel:
    """Open a model, and say on standard error which it is and how it is asked. Raises UserError."""
    from commit_llm.evaluate.answers import FEWEST_POSITIONS, require_answerable
    from commit_llm.evaluate.token_choice import TokenChoice
    from commit_llm.model.description import describe
    from commit_llm.runs.asked_prompt import open_request_form
    from commit_llm.train.model_source import open_model

    choice = TokenChoice(flags.temperature, flags.top_p, flags.seed)
    choice.require_usable()
    if flags.max_new_tokens is not None and flags.max_new_tokens < 1:
        raise UserError(f"--max-new-tokens {flags.max_new_tokens}: must be at least 1")
    source = open_model(name, flags.tokenizer, revision=flags.model_revision)
    positions = source.config.max_position_embeddings
    if flags.max_new_tokens is not None and flags.max_new_tokens > positions - FEWEST_POSITIONS:
        raise UserError(
            f"--max-new-tokens {flags.max_new_tokens:,}: the model has {positions:,} positions, and the prompt takes "
            f"some of them; take at most {positions - FEWEST_POSITIONS:,}"
        )
    new_tokens = flags.max_new_tokens or min(usual_new_tokens, positions // 2)
    require_answerable(source.config, 1, max_new_tokens=new_tokens, name=name)
    LOGGER.info("%s", describe(source.config))
    form = open_request_form(source.origin_folder, flags.prompt, source.tokenizer, source.stops, flags.chat_template)
    return OpenedModel(source, form, choice, new_tokens, positions - new_tokens)


def answerer(source: "ModelSource", flags: AnsweringFlags) -> "Answerer":
    """Read the weights of an opened model: it then answers."""
    from commit_llm.evaluate.answers import Answerer
    from commit_llm.model.execution import compute_dtype
    from commit_llm.train.weights import load_params

    params = load_params(source, step=flags.step)[0]
    dtype = compute_dtype(flags.dtype)
    return Answerer.of(source.config, params, source.tokenizer, source.stops, dtype, flags.mesh)
