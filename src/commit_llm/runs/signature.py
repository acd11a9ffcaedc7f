"""The signature that a score is cited with: one line of named parts, written and read here."""

from collections.abc import Mapping

BETWEEN_PARTS, AFTER_NAME = "|", ":"


def write_signature(parts: Mapping[str, object]) -> str:
    """Write named parts as one line. `read_signature` gives them back as text.

    A name holds neither sign, and a value holds no `|`.

    >>> write_signature({"task": "ogx_xquad_el", "limit": 5})
    'task:ogx_xquad_el|limit:5'
    """
    return BETWEEN_PARTS.join(f"{name}{AFTER_NAME}{value}" for name, value in parts.items())


def read_signature(signature: str) -> dict[str, str]:
    """Read the parts of a signature, by name.

    >>> read_signature("task:ogx_xquad_el|words:icu:74")
    {'task': 'ogx_xquad_el', 'words': 'icu:74'}
    """
    parts = (part.partition(AFTER_NAME) for part in signature.split(BETWEEN_PARTS))
    return {name: value for name, _, value in parts}
