"""docs/models.md: every key of the tables stands in its row, and no other."""

import re

from commit_llm.model.families.family import FAMILIES, SIZES
from commit_llm.model.families.keys import keys_of
from tests.conftest import ROOT

ROW = re.compile(r"^\| (sizes|handled|idle|refused) \| ([^|]*) \|", re.MULTILINE)


def test_every_key_stands_in_its_row():
    rows = dict(ROW.findall((ROOT / "docs" / "models.md").read_text(encoding="utf-8")))
    tables = [keys_of(model_type) for model_type in FAMILIES]
    handled = set().union(*(keys.handled for keys in tables))
    lists = {
        "sizes": set(SIZES),
        "handled": handled - set(SIZES),
        "idle": set().union(*(keys.idle for keys in tables)) - handled,
        "refused": set().union(*(keys.refused for keys in tables)),
    }
    assert {name: set(re.findall(r"`([^`]+)`", row)) for name, row in rows.items()} == lists
