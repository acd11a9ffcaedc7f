"""docs/models.md: every key of the tables stands in its row, and no other."""

import re

from commit_llm.model.config_keys import KEYS
from tests.conftest import ROOT

ROW = re.compile(r"^\| (sizes|handled|idle|refused) \| ([^|]*) \|", re.MULTILINE)


def test_every_key_stands_in_its_row():
    rows = dict(ROW.findall((ROOT / "docs" / "models.md").read_text(encoding="utf-8")))
    keys = KEYS["llama"]
    lists = {
        "sizes": keys.sizes,
        "handled": keys.fields | set(keys.derived) | keys.rotary,
        "idle": keys.idle,
        "refused": set(keys.refused),
    }
    assert {name: set(re.findall(r"`([^`]+)`", row)) for name, row in rows.items()} == lists
