"""Responses of a model to lm-eval's requests, kept in a file as they come."""

import hashlib
import json
from pathlib import Path
from typing import Any

from commit_llm.evaluate.journal import ASKED_AGAIN
from commit_llm.files.checked_lines import add_lines, read_lines


class Responses:
    """Keep responses by request, so that an evaluation that was killed goes on.

    path: the file of the responses. None keeps them in memory alone.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.by_request: dict[str, Any] = {}
        for row in read_lines(path, ASKED_AGAIN) if path else []:
            if isinstance(row.get("request"), str) and "response" in row:
                self.by_request[row["request"]] = row["response"]

    def keep(self, kind: str, arguments: Any, response: Any) -> None:
        """Add a response, to the file too."""
        key = self._key(kind, arguments)
        self.by_request[key] = response
        if self.path:
            add_lines(self.path, [{"request": key, "response": response}])

    def get(self, kind: str, arguments: Any) -> Any:
        """Give the response to a request; None where it has none yet."""
        return self.by_request.get(self._key(kind, arguments))

    def _key(self, kind: str, arguments: Any) -> str:
        return hashlib.sha256(json.dumps([kind, arguments]).encode("utf-8")).hexdigest()
