"""Read the sizes of a mesh as people write them. Imports no jax, because flags show the defaults."""

from commit_llm.errors import UserError

AUTO = "auto"  # of a training: what divides its rows and its model (parallel/mesh_choice.py)
EVERY_DEVICE = "-1,1,1"  # the whole model on each device


def parse_sizes(sizes: str) -> list[int]:
    """Read `data,fsdp,tensor`, of which one may be -1 (all that is left); raise UserError for any other text.

    >>> parse_sizes("1,-1,2")
    [1, -1, 2]
    """
    try:
        numbers = [int(size) for size in sizes.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or numbers.count(-1) > 1 or any(size < 1 and size != -1 for size in numbers):
        raise UserError(f"--mesh {sizes!r}: give three sizes data,fsdp,tensor, one of which may be -1, as in 1,-1,1")
    return numbers
