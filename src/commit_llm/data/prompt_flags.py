"""Hold the flags of the prompt that records of instructions and conversations are laid out in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import UseAppendAction

from commit_llm.errors import UserError, flag, shown

ALPACA, CHAT = "alpaca", "chat"


@dataclass(frozen=True)
class PromptFlags:
    """Choose the prompt around the texts of a record, and the answers of a conversation that are trained."""

    prompt: str = ALPACA
    """alpaca: the paper's English template. chat: the model's own chat template, for conversations and instructions.
    Or a file of Jinja with {{ instruction }} and {{ input }}; none of these is ever mixed."""
    chat_template: str | None = None
    """With --prompt chat: a Jinja file, or the name of one of the model's templates. Default: the model's own."""
    train_on: Literal["all", "last"] = "all"
    """With --prompt chat: train all answers of a conversation, or only its last one."""
    keep_white_space: bool = False
    """With --prompt chat: keep white space at both ends of answers; by default it is removed."""
    stop: UseAppendAction[tuple[str, ...]] = ()
    """With --prompt chat: a further token that ends an answer; the export names it too."""

    @property
    def chat_template_files(self) -> list[Path]:
        """Give the file of the chat template, if it is named by one, in a list."""
        path = Path(self.chat_template or "")
        return [path] if self.chat_template and (path.suffix or path.is_file()) else []

    @property
    def prompt_files(self) -> list[Path]:
        """Give the file of the prompt, if it is one, in a list."""
        return [] if self.prompt in (ALPACA, CHAT) else [Path(self.prompt)]

    def check_prompt(self, *, takes_any: bool) -> None:
        """Raise UserError for flags that do not go together. takes_any: whether the recipe takes another prompt."""
        if self.prompt != ALPACA and not takes_any:
            raise UserError(
                f"--prompt {self.prompt}: is for instructions whose prompt stays unmixed: for alpaca, and for "
                "commit; a -2024 recipe has the original's, codemix-naive mixes the Alpaca prompt, and plain text has "
                "none"
            )
        if self.prompt == CHAT:
            return
        for name in ("chat_template", "train_on", "keep_white_space", "stop"):
            if (value := getattr(self, name)) != getattr(PromptFlags, name):
                words = " ".join(value) if isinstance(value, tuple) else value
                raise UserError(f"{flag(name)} {shown(words)}: is for --prompt chat; leave it out, or name that prompt")
