"""The instruction prompt a model is tuned with."""

# Interface strings of Stanford Alpaca (github.com/tatsu-lab/stanford_alpaca, train.py, PROMPT_DICT).
ALPACA_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:"
)
ALPACA_WITHOUT_INPUT = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Response:"
)


def alpaca_prompt(instruction: str, input: str = "") -> str:
    """Fill the Alpaca template. An empty input takes the prompt without one; a space counts as input.

    Each placeholder is filled once, so braces in the values survive.

    >>> alpaca_prompt("Add {input}.", "1 {instruction}").split("### ")[1:]
    ['Instruction:\\nAdd {input}.\\n\\n', 'Input:\\n1 {instruction}\\n\\n', 'Response:']
    """
    if not input:
        return ALPACA_WITHOUT_INPUT.format(instruction=instruction)
    return ALPACA_WITH_INPUT.format(instruction=instruction, input=input)
