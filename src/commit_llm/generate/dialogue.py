"""A conversation with a model: what has been said, and what the model is asked next."""

from typing import Any

from commit_llm.data.chat.conversation import ASSISTANT, SYSTEM, USER, read_conversation
from commit_llm.data.request_forms import RequestForm
from commit_llm.data.requests import Request, RequestError
from commit_llm.data.tokenizer import Tokenizer

PROBE = {"role": USER, "content": "Where?"}


class Dialogue:
    """Keep a conversation. Where the model's prompt takes single instructions, each turn stands alone.

    form: how the model is asked.
    longest: tokens that a conversation may have, beside the answer.
    """

    def __init__(self, form: RequestForm, tokenizer: Tokenizer, longest: int) -> None:
        self.form, self.tokenizer, self.longest = form, tokenizer, longest
        self.system: str | None = None
        self.said: list[dict[str, Any]] = []

    def ask(self, text: str) -> list[int]:
        """Give the ids that ask for an answer to a message. It is part of the conversation once it is answered.

        Raises RequestError where the message cannot be asked, or the conversation has become too long.
        """
        if not self.form.takes_conversations:
            ids = self.form.encode(self.tokenizer, Request(text))
            return self._fitting(ids, "the message", "shorten it")
        ids = self.form.encode(self.tokenizer, self._request([*self.said, {"role": USER, "content": text}]))
        way_out = "/reset begins a new one" if self.said else "shorten it"
        return self._fitting(ids, "the conversation" if self.said else "the message", way_out)

    def answered(self, text: str, answer: str) -> None:
        """Add a message and its answer to what was said."""
        if self.form.takes_conversations:
            self.said += [{"role": USER, "content": text}, {"role": ASSISTANT, "content": answer}]

    def reset(self) -> None:
        """Begin anew; the system message stays."""
        self.said.clear()

    def set_system(self, text: str) -> None:
        """Set the message of the system, or none where it is empty, and begin anew.

        Raises RequestError where the model takes none; everything then stays as it was.
        """
        if not self.form.takes_conversations:
            raise RequestError("a system message is for a model with a chat template; this one takes instructions")
        before, self.system = self.system, text or None
        try:
            self._fitting(self.form.encode(self.tokenizer, self._request([PROBE])), "the system message", "shorten it")
        except RequestError:
            self.system = before
            raise
        self.reset()

    def _request(self, said: list[dict[str, Any]]) -> Request:
        system = [{"role": SYSTEM, "content": self.system}] if self.system else []
        return Request(messages=read_conversation({"messages": [*system, *said]}, 0))

    def _fitting(self, ids: list[int], what: str, way_out: str) -> list[int]:
        if len(ids) > self.longest:
            raise RequestError(
                f"{what} has {len(ids):,} tokens, and the model has room for {self.longest:,} beside an answer; "
                f"{way_out}"
            )
        return ids
