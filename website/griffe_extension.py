"""Have griffe, which reads the package for the site's API, read our docstrings as Markdown."""

from typing import Any

import griffe
from website.docstrings import as_markdown


class OurDocstrings(griffe.Extension):
    """Turn the docstring of everything that griffe reads."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Turn an object's docstring, when griffe has read the object."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
