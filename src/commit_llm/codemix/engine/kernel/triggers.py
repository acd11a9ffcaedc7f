"""Find the places where something protected may begin, in compiled code."""

import numpy as np

from commit_llm.codemix.engine.kernel.compiling import compiled

COLON, SLASH, FULL_STOP, W = (ord(sign) for sign in ":/.w")
SIGNS = np.isin(np.arange(256), list(b"`~$\\@{%<:w"))  # the first bytes of what protection.TRIGGER finds


@compiled
def find_triggers(signs, data, starts, ends):
    """Find the texts and bytes at which protection.TRIGGER matches. signs[b]: whether byte b may be one."""
    size = 64
    texts, places = np.empty(size, np.int64), np.empty(size, np.int64)
    count = 0
    for text in range(len(starts)):
        end = ends[text]
        for at in range(starts[text], end):
            byte = data[at]
            if not signs[byte]:
                continue
            if byte == COLON:
                if at + 2 >= end or data[at + 1] != SLASH or data[at + 2] != SLASH:
                    continue
            elif byte == W and (at + 3 >= end or data[at + 1] != W or data[at + 2] != W or data[at + 3] != FULL_STOP):
                continue
            if count == size:
                texts, places, size = np.concatenate((texts, texts)), np.concatenate((places, places)), 2 * size
            texts[count], places[count] = text, at
            count += 1
    return texts[:count], places[:count]
