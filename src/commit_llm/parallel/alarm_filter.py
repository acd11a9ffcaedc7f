"""Copy standard input to standard output without XLA's alarm of a slow compilation; a program of its own.

XLA writes a message at once, and what is written at once is read at once:

    E1129 16:20:41.123456    4711 slow_operation_alarm.cc:73]
    ********************************
    [Compiling module jit_step for CPU] Very slow compile? If you want to file a bug, run with envvar ...
    ********************************

The second one has "The operation took 2m31s" behind the bracket, and an empty line after that. This file imports
nothing of ours: it has to start at once.
"""

import os
import re

FIRST = rb"^[EWI]\d{4} [^\n]*slow_operation_alarm\.cc:\d+\] [^\n]*\n\n?"
STARS = rb"\*{32}\n"
ALARM = re.compile(FIRST + STARS + rb"[^\n]*Very slow compile\?[^\n]*\n" + STARS, re.MULTILINE)


def without_alarms(text: bytes) -> bytes:
    """Leave the alarms out of what was written to standard error."""
    return ALARM.sub(b"", text)


def main() -> None:
    """Copy until all that write are gone."""
    while written := os.read(0, 1 << 16):
        rest = without_alarms(written)
        while rest:
            rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()
