"""Find the places where something protected may begin, in compiled code."""

import numpy as np

from commit_llm.codemix.engine.kernel.compiling import compiled

EXCLAMATION, HASH, DOLLAR, PERCENT, AMPERSAND, PARENTHESIS, HYPHEN, STOP, SLASH = (ord(sign) for sign in "!#$%&(-./")
COLON, LESS, GREATER, BACKSLASH, BRACKET, TILDE = (ord(sign) for sign in ":<>\\]~")
FIRST_DIGIT, LAST_DIGIT, FIRST_LETTER, LAST_LETTER, D, F, I, O, S, T, W = (ord(sign) for sign in "09azdfiostw")  # noqa: E741
LINE_FEED, SPACE, NOT_ASCII = 10, 32, 128
CASE = 32  # the bit that small ASCII letters have and capitals have not
VARIA, KELVIN = tuple("\u1fef".encode()), tuple("\u212a".encode())  # canonically a backtick and a K

FARTHEST = 256  # bytes behind a slash that are looked at, so that no text takes more than linear time
# What a byte is: the first one of what protection.TRIGGER finds, in a name of addresses.PATH_BEFORE, in its RUN.
SIGN, IN_NAME, IN_RUN = 1, 2, 4
LETTERS_AND_DIGITS = bytes([*range(FIRST_LETTER, LAST_LETTER + 1), *range(65, 91), *range(FIRST_DIGIT, LAST_DIGIT + 1)])
KINDS = np.zeros(256, np.uint8)
for kind, members in (
    (SIGN, b"`~$\\@{%<:w/&]-\xe1"),
    (IN_NAME | IN_RUN, LETTERS_AND_DIGITS + b"_.+@~%-"),
    (IN_RUN, b"=#?&*:/\\" + bytes(range(NOT_ASCII, 256))),
):
    KINDS[list(members)] |= kind


@compiled
def find_triggers(kinds, data, starts, ends):
    """Find the texts and bytes where something protected may begin: a part of what protection.TRIGGER finds.

    Left out are places where more than TRIGGER can see rules it out: every one that is given costs a microsecond, and
    the first of a text some more.
    """
    size = 64
    texts, places = np.empty(size, np.int64), np.empty(size, np.int64)
    count = 0
    for text in range(len(starts)):
        start, end = starts[text], ends[text]
        for at in range(start, end):
            if not kinds[data[at]] & SIGN or not is_trigger(kinds, data, start, end, at):
                continue
            if count == size:
                texts, places, size = np.concatenate((texts, texts)), np.concatenate((places, places)), 2 * size
            texts[count], places[count] = text, at
            count += 1
    return texts[:count], places[:count]


@compiled
def is_trigger(kinds, data, start, end, at):
    """Say whether something protected may begin at a byte of kind SIGN of the text from start to end."""
    byte = data[at]
    # The byte before it and the two that follow; 0 where the text begins or ends.
    before = data[at - 1] if at > start else 0
    after = data[at + 1] if at + 1 < end else 0
    behind = data[at + 2] if at + 2 < end else 0
    if after == KELVIN[0] and behind == KELVIN[1]:
        after = FIRST_LETTER
    if byte == W:
        return after == W and behind == W and at + 3 < end and data[at + 3] == STOP
    if byte == HYPHEN:
        if before == HYPHEN or is_letter_or_digit(before):
            return False
        return FIRST_LETTER <= behind <= LAST_LETTER if after == HYPHEN else is_letter(after) and not is_letter(behind)
    if byte == COLON:
        if after == SLASH and behind == SLASH:
            return True
        return at - 1 > start and before | CASE == O and data[at - 2] | CASE == T
    if byte == SLASH:
        if after <= SPACE or after == SLASH or after == LESS or after == GREATER:
            return False
        return may_be_path(kinds, data, start, end, at)
    if byte == PERCENT:
        return after == PARENTHESIS or after == S or after == D or after == I or after == F
    if byte == DOLLAR:
        return after == DOLLAR or may_be_formula(data, end, at)
    if byte == LESS:
        return after == SLASH or after == EXCLAMATION or is_letter(after)
    if byte == TILDE:
        return after == TILDE and behind == TILDE
    if byte == AMPERSAND:
        return after == HASH or is_letter(after)
    if byte == BRACKET:
        return after == PARENTHESIS or after == COLON
    if byte == VARIA[0]:
        return after == VARIA[1] and behind == VARIA[2]
    return True


@compiled
def may_be_path(kinds, data, start, end, slash):
    """Say whether a slash is the first of a run of signs in which addresses.path may find something.

    It finds nothing in words with slashes, without a dot or a colon.
    """
    dotted = False
    here = slash - 1
    while here >= start and kinds[data[here]] & IN_NAME:
        dotted |= data[here] == STOP
        here -= 1
    sign = data[here] if here >= start else 0
    if sign == COLON:
        return True
    local = here < slash - 2 and data[slash - 1] == T and data[slash - 2] == S  # localhost
    if sign == SLASH or sign == BACKSLASH:
        double = sign == SLASH and here > start and data[here - 1] == SLASH  # a host may follow
        return double and (dotted or local)
    if dotted or local or here == slash - 1 or data[slash - 1] == TILDE:
        return True
    here = slash + 1
    while here < end and kinds[data[here]] & IN_RUN:
        if data[here] == STOP or here == slash + FARTHEST:
            return True
        here += 1
    return False


@compiled
def may_be_formula(data, end, dollar):
    """Say whether the next dollar on the line may close a formula; an amount of money it opens instead."""
    for at in range(dollar + 1, end):
        if data[at] == LINE_FEED:
            return False
        if data[at] == DOLLAR:
            amount = at + 1 < end and FIRST_DIGIT <= data[at + 1] <= LAST_DIGIT
            return not amount and data[at - 1] != SPACE and data[at - 1] != BACKSLASH
    return False


@compiled
def is_letter(byte):
    """Say whether a byte is an ASCII letter."""
    return FIRST_LETTER <= byte | CASE <= LAST_LETTER


@compiled
def is_letter_or_digit(byte):
    """Say whether a byte is an ASCII letter or digit."""
    return is_letter(byte) or FIRST_DIGIT <= byte <= LAST_DIGIT
