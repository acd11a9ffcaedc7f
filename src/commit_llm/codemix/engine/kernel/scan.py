"""Find words as codemix/finding/clean_words.py does, in compiled code."""

from commit_llm.codemix.dictionaries.lexicon import Case
from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled
from commit_llm.codemix.engine.kernel.lookup import find_form
from commit_llm.codemix.engine.kernel.utf8 import FNV_OFFSET, FNV_PRIME, U, decode, hash_bytes
from commit_llm.codemix.finding import characters, clean_words

LETTER, MARK, DIGIT, UNDERSCORE = characters.LETTER, characters.MARK, characters.DIGIT, characters.UNDERSCORE
APOSTROPHE, DOT, SENTENCE_END = characters.APOSTROPHE, characters.DOT, characters.SENTENCE_END
CLOSER, SPACE, LINE_BREAK = characters.CLOSER, characters.SPACE, characters.LINE_BREAK
WITHIN, STOPPED, OPEN = clean_words.WITHIN, clean_words.STOPPED, clean_words.OPEN
CAPITALISED = int(Case.CAPITALISED)


@compiled
def find_words(
    classes, slots, forms, form_data, data, start, end, spans, first_span, last_span, word_start, word_end, word_form,
    names_it,
):  # fmt: skip
    """Find words as clean_words.find_words does, into arrays that begin at 0; gives the number of words.

    word_form: -2 for a protected run, -1 for a word that is not in the dictionary.
    names_it: whether this occurrence makes the form a name in the example.
    Words are hashed as they are found: a loop over a few bytes less saves the processor a wrong guess at its end.
    """
    count = 0
    opening = OPEN
    span = first_span
    at = start
    while at < end:
        point, behind = decode(data, at)
        kind = classes[point]
        if kind != LETTER and kind != DIGIT and kind != UNDERSCORE:
            if kind == LINE_BREAK or (kind == SPACE and opening == STOPPED):
                opening = OPEN
            elif kind == DOT or kind == SENTENCE_END:
                opening = STOPPED
            elif opening == STOPPED and kind != CLOSER and kind != APOSTROPHE:
                opening = WITHIN
            at = behind
            continue
        # A run. word_first, word_last: its letters, without underscores around them; hashed: theirs.
        run_start, word_first, word_last = at, -1, -1
        letters, whole, before = kind == LETTER, kind != DIGIT, kind
        hashed = FNV_OFFSET
        if kind == LETTER:
            word_first, word_last = at, behind
            hashed = hash_bytes(hashed, data, at, behind)
        at = behind
        while at < end:
            point, behind = decode(data, at)
            kind = classes[point]
            if kind == LETTER or kind == MARK:
                if kind == LETTER:
                    letters = True
                if word_first < 0:
                    word_first = at
                    whole = whole and kind == LETTER
                elif word_last != at:  # letters behind an underscore behind letters
                    whole = False
                word_last = behind
                hashed = (hashed ^ U(data[at])) * FNV_PRIME
                if behind > at + 1:
                    hashed = hash_bytes(hashed, data, at + 1, behind)
            elif kind == DIGIT:
                whole = False
            elif kind == APOSTROPHE or kind == DOT:
                if behind >= end:
                    break
                point, _ = decode(data, behind)
                follows = classes[point]
                if kind == APOSTROPHE:
                    if (before != LETTER and before != MARK) or follows != LETTER:
                        break
                    word_last = behind
                    hashed = hash_bytes(hashed, data, at, behind)
                else:
                    if before == UNDERSCORE or (follows != LETTER and follows != DIGIT):
                        break
                    whole = False
            elif kind != UNDERSCORE:
                break
            before = kind
            at = behind
        while span < last_span and spans[span, 1] <= run_start:
            span += 1
        untouched = span < last_span and spans[span, 0] < at
        if letters:
            if whole and not untouched:
                word_start[count], word_end[count] = word_first, word_last
                form = find_form(slots, forms, form_data, hashed, data, word_first, word_last)
                word_form[count] = form
                names_it[count] = opening != OPEN and form >= 0 and forms[form, tables.CASE] == CAPITALISED
            else:
                word_form[count] = -2
                names_it[count] = False
            count += 1
        opening = WITHIN
    return count
