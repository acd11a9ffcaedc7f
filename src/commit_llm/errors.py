"""Say in one line what a user did wrong, for Python or for the command line; and show what others wrote, harmlessly."""

import json
from typing import Any

# Settings whose flag is not their own name.
FLAGS = {
    "dictionaries": "--dictionary",
    "weights": "--dictionary FILE=WEIGHT",
    "sentence_weights": "--sentences FILE=WEIGHT",
    "mixed_fields": "--mix-fields",
}
LONGEST_VALUE = 80  # characters of a value in a message
LONGEST_MESSAGE = 2000  # characters: names that a message lists, and paths, have an end


class UserError(Exception):
    """Raise for a mistake of the user: the command line prints it as one line and exits with status 2.

    The message names the file, the line, the value and the way out, as far as each applies. Whatever stands in it, it
    is one line, has an end, and moves no cursor.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_cut(visible(" ".join(message.split())), LONGEST_MESSAGE))

    def for_command(self) -> str:
        """Give the message as the command line prints it."""
        return str(self)


class SettingName(str):
    """Name a setting in the message of a `SettingError`, as Python has it: `unmixed_share`."""

    __slots__ = ()


class SettingError(UserError):
    """Raise for a setting that cannot be used: Python's user reads its name, the command line's user its flag.

    parts: the message in pieces, in order; at least one is a `SettingName`.

    >>> error = SettingError(SettingName("unmixed_share"), " 2: a share is between 0 and 1")
    >>> str(error), error.for_command()
    ('unmixed_share 2: a share is between 0 and 1', '--unmixed-share 2: a share is between 0 and 1')
    """

    def __init__(self, *parts: str) -> None:
        super().__init__("".join(parts))
        self.parts = parts

    def for_command(self) -> str:
        """Give the message with the flag of each setting in place of its name."""
        return str(UserError("".join(flag(part) if isinstance(part, SettingName) else part for part in self.parts)))

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        """Give what makes the same error in another process."""
        return type(self), self.parts


def flag(setting: str) -> str:
    """Give the flag of a setting.

    >>> flag("batch_size"), flag("mixed_fields")
    ('--batch-size', '--mix-fields')
    """
    return FLAGS.get(setting) or "--" + setting.replace("_", "-")


def reason_of(error: BaseException) -> str:
    """Give an error's first line, or its type where it says nothing; libraries raise errors of many lines.

    >>> reason_of(ValueError("no such key\\n  at line 3")), reason_of(TimeoutError())
    ('no such key', 'TimeoutError')
    """
    return visible((str(error).strip() or type(error).__name__).splitlines()[0])


def visible(text: str) -> str:
    """Replace control characters (all but line feed and tab) and halves of characters by signs that Unicode has.

    Such a text cannot move the cursor of a terminal, be cut short on a page, or fail to be written.

    >>> visible("\x1b]0;title\x07")
    '␛]0;title␇'
    """
    return text.translate(_SIGNS)


_SIGNS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_SIGNS |= {127: 0x2421} | dict.fromkeys([*range(128, 160), *range(0xD800, 0xE000)], 0xFFFD)


def shown(value: Any) -> str:
    """Write a value of a file for a message, without its middle where it is long.

    >>> shown(None), shown("qwen2"), shown([False, "a"])
    ('null', "'qwen2'", '[false, "a"]')
    """
    try:
        text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # keys that are no text; a number of over 4,300 digits
        text = f"a {type(value).__name__}"
    return _cut(visible(text), LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    """Leave out the middle of a text that is too long: the way out stands at the end."""
    head = (longest - 5) * 2 // 3
    return text if len(text) <= longest else f"{text[:head]} ... {text[head + 5 - longest :]}"
