"""Tables of percentages of answers: a line a system, a column a language, several shares in a cell."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from commit_llm.report.comparison.comparison import Suite

Shares = Sequence[float | None]


class ShareTable(NamedTuple):
    """Hold a table.

    kinds: what the shares of a cell are of, in their order.
    shares: by system and language. None where there can be no such answer.
    """

    kinds: tuple[str, ...]
    shares: Mapping[str, Mapping[str, Shares]]

    @property
    def languages(self) -> list[str]:
        """List the columns."""
        return list(next(iter(self.shares.values())))

    def figures(self, system: str, language: str, form: str) -> list[str]:
        """Write the shares of one cell, each by itself."""
        return ["-" if share is None else f"{share:{form}}" for share in self.shares[system][language]]

    def cells(self, system: str) -> list[str]:
        """Write the cells of a system's line.

        >>> ShareTable(("in it", "in English", "no"), {"a": {"en": (90.0, None, 10.0)}}).cells("a")
        ['90.0 / - / 10.0']
        """
        return [" / ".join(self.figures(system, language, ".1f")) for language in self.languages]


def share_tables(suite: Suite) -> list[ShareTable]:
    """List the tables of a suite: right or wrong, in which language, from the context. One without a column is none."""
    answered_in = {
        name: {language: shares[:4] for language, shares in languages.items()}
        for name, languages in suite.answered_in.items()
    }
    from_context = {
        name: {language: (share,) for language, share in languages.items()}
        for name, languages in suite.in_context.items()
    }
    tables = [
        ShareTable(("right in the language", "right in English", "wrong"), suite.outcomes),
        ShareTable(("answered in the language", "in English", "in another", "unknown"), answered_in),
        ShareTable(("answers that stand in the context",), from_context),
    ]
    return [table for table in tables if any(table.shares.values())]
