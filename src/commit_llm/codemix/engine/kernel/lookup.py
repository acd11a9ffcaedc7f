"""Find forms in the table of a lexicon, in compiled code."""

import numpy as np

from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled
from commit_llm.codemix.engine.kernel.utf8 import U


@compiled
def find_form(slots, forms, form_data, hashed, data, start, end):
    """Find the form of these bytes, of which hashed is the FNV-1a hash; -1 where there is none."""
    mask = len(slots) - 1
    place = np.int64(hashed & U(mask))
    while True:
        form = slots[place]
        if form < 0:
            return -1
        if forms[form, tables.HASH] == hashed:
            first = np.int64(forms[form, tables.START])
            if np.int64(forms[form, tables.END]) - first == end - start:
                same = True
                for at in range(end - start):
                    if form_data[first + at] != data[start + at]:
                        same = False
                        break
                if same:
                    return form
        place = (place + 1) & mask
