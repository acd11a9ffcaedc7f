"""Instruction records: an instruction, perhaps an input, and the output that is the answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from commit_llm.data.chat.conversation import chat_columns
from commit_llm.data.chat.prompt_file import NoPlaceError
from commit_llm.data.chat.slots import PlaceError
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason, join
from commit_llm.data.prompts import Passage, alpaca_passages, alpaca_prompt, joined
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.files.records import Record, text_of


@dataclass(frozen=True)
class InstructionForm:
    """Put instruction and input into a prompt, and train the output.

    block_template: instruction, input and output may be mixed, each by itself, and the English template is left alone
        (COMMIT). Otherwise the filled Alpaca prompt and the output may be mixed (naive code-mixing).
    cut: whether an example that is longer than a row is cut.
    original: encode as the original does; rows may then cut an example anywhere.
    prompt: lays instruction and input out.
    """

    block_template: bool = True
    cut: Cut = Cut.NOWHERE
    original: bool = False
    prompt: Callable[[str, str], list[Passage]] = alpaca_passages

    @property
    def name(self) -> str:
        """Give the name that provenance has for it."""
        return "instruction"

    def texts(self, record: Record, index: int) -> dict[str, str]:
        """Give instruction, input and output, or prompt and output. A missing or null input is an empty one."""
        if "instruction" not in record and (columns := chat_columns(record)):
            raise UserError(
                f"record {index + 1} of the data: a conversation (column {' and '.join(columns)}); --prompt chat tunes "
                "on these"
            )
        instruction, output = text_of(record, "instruction", index), text_of(record, "output", index)
        input = text_of(record, "input", index) if record.get("input") is not None else ""
        if self.block_template:
            return {"instruction": instruction, "input": input, "output": output}
        return {"prompt": alpaca_prompt(instruction, input), "output": output}

    def layout(self, record: Record, texts: Mapping[str, str]) -> Sequence[Sequence[Passage]]:
        """Lay out prompt and answer."""
        answer = [Passage(texts["output"], "output")]
        if self.block_template:
            return self.prompt(texts["instruction"], texts["input"]), answer
        return [Passage(texts["prompt"], "prompt")], answer

    def encode(self, tokenizer: Tokenizer, record: Record, texts: Mapping[str, str]) -> Example | NoExample:
        """Make the example of which the answer is trained. An empty answer is one too."""
        try:
            prompt, answer = map(joined, self.layout(record, texts))
        except RenderingError as error:
            return NoExample(NoExampleReason.REFUSED, str(error))
        except NoPlaceError as error:
            return NoExample(NoExampleReason.NO_PLACE, str(error))
        except PlaceError as error:
            return NoExample(NoExampleReason.CHANGED, str(error))
        if self.original:
            return encode_as_original(tokenizer, prompt, answer)
        return encode_apart(tokenizer, prompt, answer, self.cut)

    def documents(self, record: Record) -> Iterator[str]:
        """Give the input: contexts of questions stand in it."""
        if isinstance(text := record.get("input"), str):
            yield text


def encode_apart(tokenizer: Tokenizer, prompt: str, answer: str, cut: Cut = Cut.NOWHERE) -> Example:
    """Encode prompt and answer apart and join them, so that the mask is right by construction."""
    return join(
        ([*tokenizer.bos, *tokenizer.encode(prompt)], 0.0),
        ([*tokenizer.encode(answer), tokenizer.eos_id], 1.0),
        cut=cut,
    )


def encode_as_original(tokenizer: Tokenizer, prompt: str, answer: str) -> Example:
    """Encode one text, and measure the mask on the prompt alone, its eos and non-zero ids counted."""
    ids = [*tokenizer.bos, *tokenizer.encode_with_specials(prompt + answer), tokenizer.eos_id]
    ids_of_prompt = [*tokenizer.bos, *tokenizer.encode_with_specials(prompt), tokenizer.eos_id]
    masked = len(ids_of_prompt) - ids_of_prompt.count(0)
    return join((ids[:masked], 0.0), (ids[masked:], 1.0), cut=Cut.ANYWHERE)
