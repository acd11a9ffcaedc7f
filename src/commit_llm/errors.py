"""Say in one line what a user did wrong, for Python or for the command line; and why any error came."""

# Settings whose flag is not their own name.
FLAGS = {"dictionaries": "--dictionary", "weights": "--dictionary FILE=WEIGHT", "mixed_fields": "--mix-fields"}


class UserError(Exception):
    """Raise for a mistake of the user: the command line prints it as one line and exits with status 2.

    The message names the file, the line, the value and the way out, as far as each applies.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

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
    return (str(error).strip() or type(error).__name__).splitlines()[0]
