"""What a user did wrong, in one line; and any error's reason in one line."""


class UserError(Exception):
    """Tell of a mistake of the user's: the command line prints it as one line and exits with status 2.

    The message names the file, the line, the value and the way out, as far as each applies.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def reason_of(error: BaseException) -> str:
    """Give an error's first line, or its type where it says nothing; libraries raise errors of many lines.

    >>> reason_of(ValueError("no such key\\n  at line 3")), reason_of(TimeoutError())
    ('no such key', 'TimeoutError')
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0]
