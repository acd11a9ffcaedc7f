"""Write our docstrings as Markdown: lines `name: what it is` become a list, and doctests code."""

import re

ENTRY = re.compile(r"^(\w+(?:, \w+)*): ", re.M)


def as_markdown(docstring: str) -> str:
    """Turn each paragraph of `name: what it is` into a list. A line that is indented goes on with the one before.

    >>> print(as_markdown("Mix a text.\\n\\nrow: its place,\\n    from 0.\\nfirst, last: the ends.\\n\\nRaises: no."))
    Mix a text.
    <BLANKLINE>
    - `row`: its place, from 0.
    - `first`, `last`: the ends.
    <BLANKLINE>
    Raises: no.
    """
    return "\n\n".join(map(_paragraph, docstring.split("\n\n")))


def _paragraph(text: str) -> str:
    """Turn one paragraph; a name begins with a small letter, a sentence with a capital."""
    if text.startswith(">>>"):
        return f"```pycon\n{text}\n```"
    if not (ENTRY.match(text) and text[0].islower()):
        return text
    joined = re.sub(r"\n\s+", " ", text)
    return re.sub(ENTRY, lambda entry: f"- `{entry[1].replace(', ', '`, `')}`: ", joined)
