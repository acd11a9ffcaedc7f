"""What a user did wrong, in one line."""


class UserError(Exception):
    """A mistake of the user's: the command line prints it as one line and exits with status 2.

    The message names the file, the line, the value and the way out, as far as each applies.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
