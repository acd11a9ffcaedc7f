"""Sort the operations of a profile by the part of a training step that they belong to."""

import re
from collections import Counter
from collections.abc import Iterable

PRODUCTS = "matrix products of the layers"
# The parts of a step by the module that an operation comes from, and whether it is a matrix product.
PARTS = {
    ("row_attention", True): "attention: products",
    ("row_attention", False): "attention: softmax and passes over the scores",
    ("block", True): PRODUCTS,
    ("block", False): "norms, activation, residual",
    ("rotary", False): "rotary embedding",
    ("head", True): "head: products",
    ("head", False): "head",
    ("loss", True): "head: products",
    ("loss", False): "loss",
    ("optimizer", False): "optimizer and clipping",
    ("decoder", False): "embedding",
}
OTHER = "other"
RUN_OTHERS = ("while", "conditional", "call")  # opcodes

Instruction = tuple[str, bool]


def instructions_of(text: str) -> dict[str, Instruction | None]:
    """Read of a compiled program which part each instruction belongs to; None for one that runs others.

    text: HLO with its tables of files, locations and frames.
    """
    modules = dict(re.findall(r'^(\d+) ".*?([^/"]+)\.py"$', _table(text, "FileNames"), re.M))
    paths = dict(re.findall(r'^(\d+) "(.*)"$', _table(text, "FileNames"), re.M))
    files = dict(re.findall(r"^(\d+) \{file_name_id=(\d+)", _table(text, "FileLocations"), re.M))
    frames = {
        number: (files[location], str(int(parent) - 1))
        for number, location, parent in re.findall(
            r"^(\d+) \{file_location_id=(\d+) parent_frame_id=(\d+)", _table(text, "StackFrames"), re.M
        )
    }

    def module_of(frame: str) -> str:
        while frame in frames:
            file, parent = frames[frame]
            if "commit_llm/" in paths[file] or "optax/" in paths[file]:
                return "optimizer" if "optax/" in paths[file] else modules[file]
            frame = parent
        return OTHER

    instructions: dict[str, Instruction | None] = {}
    for line in re.findall(r"^ +(?:ROOT )?%(.*)$", text, re.M):
        name, _, rest = line.partition(" = ")
        opcode = re.search(r" ([a-z-]+)\(", rest)
        frame, source = re.search(r"stack_frame_id=(\d+)", rest), re.search(r'op_name="([^"]*)"', rest)
        is_product = bool(opcode) and (opcode[1] == "dot" or bool(source and source[1].endswith("dot_general")))
        is_container = bool(opcode) and opcode[1] in RUN_OTHERS
        instructions[name] = None if is_container else (module_of(frame[1]) if frame else OTHER, is_product)
    return instructions


def _table(text: str, name: str) -> str:
    """Give the lines of a table at the head of a program."""
    return text.partition(f"\n{name}\n")[2].partition("\n\n")[0]


def parts_of(operations: Iterable[tuple[str, float]], text: str) -> dict[str, float]:
    """Give the milliseconds of each part of a step, the longest first. operations: name, milliseconds."""
    instructions, milliseconds = instructions_of(text), Counter[str]()
    for name, spent in operations:
        instruction = instructions.get(name, (OTHER, False))
        if instruction is not None:
            milliseconds[PARTS.get(instruction, f"{OTHER}: {instruction[0]}")] += spent
    return dict(milliseconds.most_common())
