"""Compile functions by Numba, and keep what is compiled as long as no source of code-mixing changes."""

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import njit

ROOM = Path(__file__).parents[2]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function as a part of those that call it: to hand over arrays takes longer than most of them."""
    return _compiled(function, forceinline=True)


def compiled_apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that is seldom called."""
    return _compiled(function)


def _compiled(function: Callable[..., Any], **options: bool) -> Callable[..., Any]:
    """Compile, and keep what is compiled beside the function's file or in Numba's folder for the user's cache.

    Where neither can be written to, as in some containers, it is compiled anew in every process.

    Numba keeps it until the function's own file changes, and looks at no file whose functions or constants it uses.
    Here it is kept until any source of the room changes; where another Numba has no place for that, it is not kept.
    """
    options |= {"nogil": True, "boundscheck": False}
    try:
        dispatcher = njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available"
        return njit(**options)(function)
    cache_file: Any = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if not hasattr(cache_file, "_source_stamp"):
        return njit(**options)(function)
    cache_file._source_stamp = sources_hash(ROOM)
    return dispatcher


@cache
def sources_hash(folder: Path) -> str:
    """Hash the names and contents of all sources in a folder."""
    hashed = blake2b(digest_size=16)
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        hashed.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return hashed.hexdigest()
