"""The preview page: its texts, and why each word stayed."""

import dataclasses

import pytest

from commit_llm.report.preview.preview_page import preview_page
from tests.report.preview.example import EXPLAINED, PREVIEW, WAYS, WAYS_ROWS
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


def test_ways_to_mix():
    """The class tells words, phrases and sentences, and what stands behind its word; the label tells the language."""
    found = Elements(preview_page(WAYS))
    marks = [attributes for tag, attributes in found.tags if tag == "mark" and "dir" in attributes]
    assert [(mark.get("class", ""), mark["data-language"], mark["title"]) for mark in marks] == [
        ("unit-phrase", "el", "polar bear"), ("", "ar", "eats"), ("unit-sentence", "el", "Dogs bark!"),
        ("behind", "ar", "dogs"), ("behind", "el", "cats"), ("unit-phrase behind", "el", "in time"),
    ]  # fmt: skip
    was = [attributes for _, attributes in found.tags if "was" in attributes.get("class", "").split()]
    assert [(mark["class"], mark["title"]) for mark in was][1:4:2] == [
        ("was", "replaced by يأكل"), ("was", "annotated with كلاب"),
    ]  # fmt: skip
    for part in (
        "dogs (كلاب) (cats, γάτες) in time (εγκαίρως)", "πολική <αρκούδα> (el)", "2 phrases", "1 sentence",
        "1 replaced · 1 phrase replaced · 1 sentence replaced · 2 not drawn", "2 annotated · 1 phrase annotated",
        "beginning with A",
    ):  # fmt: skip
        assert part in found.text


def test_the_legend_shows_what_occurs():
    """None where single words are replaced, by one language; else a sample of each."""

    def legend(preview):
        return [part.split("</p>")[0] for part in preview_page(preview).split("<p class='marks'>")[1:]]

    assert legend(EXPLAINED) == []
    (whole,) = legend(WAYS)
    assert Elements(whole).text == "word phrase sentence word (after it) phrase (after it) its language"
    (less,) = legend(dataclasses.replace(WAYS, rows=[{"text": WAYS_ROWS[0]["instruction"]}]))
    assert Elements(less).text == "word phrase sentence its language"
