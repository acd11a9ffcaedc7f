"""Memory that is free goes back to the system, so that a file in chunks takes the memory of a chunk."""

import ctypes
import os
import sys

M_MMAP_THRESHOLD, BLOCK = -3, 128 << 10  # mallopt(3); bytes


def give_back_freed_memory() -> None:
    """Let this process, and Arrow in those it starts, keep no large block of memory for later.

    Otherwise Arrow's pool keeps several times of what is in use, and so does the C library as soon as it has seen a
    large block freed. To be called before pyarrow is imported. ARROW_DEFAULT_MEMORY_POOL in the environment goes
    first; a C library without `mallopt` (GNU's has it) is left as it is.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, BLOCK)
