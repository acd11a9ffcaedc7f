"""Responses of a model to lm-eval's requests, kept in a file as they come."""

import hashlib
import json
from pathlib import Path
from typing import Any

from commit_llm.files.json_text import parse_json
from commit_llm.files.whole import whole_lines


class Responses:
    """Keep responses by request, so that an evaluation that was killed goes on.

    path: the file of the responses. None keeps them in memory alone.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.by_request: dict[str, Any] = {}
        for number, text in enumerate(whole_lines(path) if path else [], 1):
            line = parse_json(text, str(path), number, half_characters=True)
            self.by_request[line["request"]] = line["response"]

    def keep(self, kind: str, arguments: Any, response: Any) -> None:
        """Add a response, to the file too."""
        key = self._key(kind, arguments)
        self.by_request[key] = response
        if self.path:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps({"request": key, "response": response}) + "\n")

    def get(self, kind: str, arguments: Any) -> Any:
        """Give the response to a request; None where it has none yet."""
        return self.by_request.get(self._key(kind, arguments))

    def _key(self, kind: str, arguments: Any) -> str:
        return hashlib.sha256(json.dumps([kind, arguments]).encode("utf-8")).hexdigest()
