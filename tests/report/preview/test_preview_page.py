"""The preview page: its texts, and why each word stayed."""

import pytest

from commit_llm.report.preview.preview_page import preview_page
from tests.report.preview.example import EXPLAINED, PREVIEW
from tests.report.test_page import Elements


@pytest.mark.parametrize("preview", [PREVIEW, EXPLAINED], ids=["plain", "explained"])
def test_the_page_holds_the_texts(preview):
    """As texts: no element comes from the data."""
    found = Elements(preview_page(preview))
    for part in ("<script>alert(1)</script>", "<b>كلب</b>", "σκύλος", "a<b.jsonl", "<i>kept</i>", "of 1,807 rows"):
        assert part in found.text
    tags = [tag for tag, _ in found.tags]
    assert not {"script", "b", "i", "img", "link"} & set(tags)
    marks = [attributes for tag, attributes in found.tags if tag == "mark" and "dir" in attributes]
    assert [mark["title"] for mark in marks] == ["dog", "dog", "dog", "يعيش"]
    assert all(mark["dir"] == "auto" for mark in marks)
    assert ("details" in tags) == preview.explain


def test_the_page_says_why():
    found = Elements(preview_page(EXPLAINED))
    titles = [attributes["title"] for tag, attributes in found.tags if tag == "span" and "title" in attributes]
    assert "name: capitalised in a sentence, or an acronym" in titles
    assert "1 replaced · 1 not drawn · 3 not in the dictionary · 1 name · 1 to be skipped · 1 protected" in found.text
    assert "dog → <b>كلب</b> (2 times)" in found.text
