"""A run's page: what it tells of a run, whole or broken, and nothing that is nobody's business."""

import dataclasses
import re
from unittest import mock

import pytest

from commit_llm.codemix.outcome import Unit
from commit_llm.codemix.replacement import Replacement
from commit_llm.data.decoding import MaskedPart, Piece
from commit_llm.recipes import find_recipe
from commit_llm.report.run.run_page import run_page
from commit_llm.runs.logs import Logs
from tests.report.run.run_example import LOOKED, run_page_of
from tests.report.test_page import Elements

EMPTY = Logs({}, {}, {})


def said(**changes):
    """The text of a page; its pictures are not drawn."""
    with mock.patch("commit_llm.report.run.curves.picture", return_value=""):
        return Elements(run_page(run_page_of(**changes))).text


@pytest.fixture(scope="module")
def html():
    return run_page(run_page_of())


def test_at_a_glance(html):
    text = Elements(html).text
    for fact in ("Run my <run>", "commit", "not finished", "30 of 40", "3,000", "0.300", "1.250", "12 examples"):
        assert fact in text
    assert "not finished" not in said(recipe=run_page_of().recipe | {"steps": 30})
    assert "left out, longer" not in said(left_out=None)


def test_nothing_of_the_data_is_markup(html):
    found = Elements(html)
    for part in ("<script>alert(1)</script>", "my <run>", "al<pacaaaa", "abc<b>"):
        assert part in found.text
    assert not {"script", "i", "b", "link"} & {tag for tag, _ in found.tags}
    assert not any({"style", "onclick", "href"} & set(attributes) for _, attributes in found.tags)
    assert all(attributes["src"].startswith("data:") for tag, attributes in found.tags if tag == "img")


def test_no_path_is_shown(html):
    text = re.sub(r"base64,[^']*", "", html)
    for part in ("/home", "anna", "secret", "else/", "runs/"):
        assert part not in text
    assert all(name in Elements(html).text for name in ("meta/llama", "wikimedia/wikipedia", "where", "en-el.txt=0.5"))


def test_recipe(html):
    tables = html.split("id='recipe'")[1].split("</section>")[0]
    differing, alike = tables.split("<details>")
    rows = re.findall(r"<tr><th scope='row'>(\w+)</th>", differing)
    assert rows == ["dictionary", "model", "data", "steps", "held_out_share"]
    steps = re.search(r"<th scope='row'>steps</th>.*", differing).group()
    assert re.findall(r"<bdi>(\d+)</bdi>", steps) == ["40", "1210"]
    assert "block_template" in alike
    assert len(rows) + alike.count("<tr><th scope='row'>") == len(dataclasses.fields(find_recipe("commit")))
    assert "All is as the recipe commit has it" in said(recipe=run_page_of().named[1])


def test_provenance(html):
    text = Elements(html).text
    for fact in ("f" * 64, "1,234,567", "CC-BY-4.0", "not declared", "999", "15,984 characters, not shown", "0.10.2"):
        assert fact in text
    assert "0123456789abcdef" not in text
    stages = Elements(html).text.split("trained_before")[1]
    assert [word in stages for word in ("align", "wikimedia/wikipedia", "where")] == [True] * 3
    for broken in ({}, {"files": None}, {"files": "a"}, {"files": {"data": 1}}, {"trained_before": [1]}, {"a": [[{}]]}):
        assert "Provenance" in said(provenance=broken)
    deep = []
    for _ in range(300):
        deep = [deep]
    assert "not shown" in said(provenance={"deep": deep})


def test_mixing(html):
    text = Elements(html).text
    assert "The first 3 examples in the order of training, those longer than a row left out, as mixed" in text
    assert "1,807 records in all" in text
    assert "0.778 of the words that can be replaced" in text  # 7 of 9
    assert "CMI" in text
    assert "This run mixes nothing" in said(recipe=run_page_of().recipe | {"ratio": 0.0})
    assert "0.1@0 0.9@2" in said(recipe=run_page_of().recipe | {"ratio": ("0.1@0", "0.9@2")})
    nothing = LOOKED._replace(explained=[{"text": ("", [])}])
    assert "no word can be replaced" in said(looked=nothing)
    assert not any(fact in text for fact in ("drawn for each", "of sentences"))
    of_sentences = {"ratio": 0.0, "sentences": ("pairs.tsv",), "sentence_ratio": 0.25}
    assert "of sentences0.25" in said(recipe=run_page_of().recipe | of_sentences)
    assert "mixes nothing" in said(recipe=run_page_of().recipe | of_sentences | {"sentence_ratio": 0.0})
    changed = said(recipe=run_page_of().recipe | {"surface": "annotate", "draw_language": "example"})
    assert "choicefrequent" in said(recipe=run_page_of().recipe | {"choice": "frequent"})
    assert all(fact in changed for fact in ("surfaceannotate", "a language drawn for eachexample"))


def test_an_example_names_its_source_where_there_are_several():
    views = [view._replace(source=f"/home/anna/{name}.jsonl") for view, name in zip(LOOKED.decoded, "abc", strict=True)]
    text = said(looked=LOOKED._replace(decoded=views))
    assert "record 9 of a.jsonl: 8 tokens" in text
    assert "anna" not in text


def test_what_is_shown_of_examples():
    for number, complete, heading in (
        (1, True, "The only example"), (1, False, "The first example"),
        (2, True, "All 2 examples"), (2, False, "The first 2 examples"),
    ):  # fmt: skip
        looked = LOOKED._replace(
            decoded=LOOKED.decoded[:number], explained=LOOKED.explained[:number], complete=complete, left_out=0
        )
        assert said(looked=looked).count(f"{heading} in the order of training,") == 2


def test_examples(html):
    examples = html.split("id='examples'")[1].split("id='recipe'")[0]
    found = Elements(examples)
    assert "Example 1 record 9 of the data: 8 tokens, 3 trained, 3 words replaced, 1 of them not marked" in found.text
    assert "not trained, 5 tokens" in found.text
    marks = [attributes for tag, attributes in found.tags if tag == "mark" and attributes]
    assert [mark["title"] for mark in marks[:3]] == ["do'g", "<i>dog</i>", "قرب"]
    assert all(mark["dir"] == "auto" for mark in marks)
    assert "5,203 characters not shown" in found.text  # 900 times ten, and <s>; 3,800 are shown
    assert all(attributes["dir"] == "auto" for tag, attributes in found.tags if attributes.get("class") == "text")


def test_ways_to_mix():
    """Counted apart; the legend says what is marked."""
    ways = {Replacement(Unit.SENTENCE): 2, Replacement(): 1, Replacement(annotated=True): 1}
    looked = LOOKED._replace(decoded=[LOOKED.decoded[0]._replace(replaced=ways, placed=4)])
    text = said(looked=looked)
    assert "3 trained, 1 word replaced, 2 sentences replaced, 1 word annotated" in text
    assert "word sentence word (after it) its original where you point at it" in text
    piece = Piece("Ο σκύλος.", original="The dog.", way=Replacement(Unit.SENTENCE))
    sentence = looked.decoded[0]._replace(parts=[MaskedPart(True, 4, (piece,))])
    html = run_page(run_page_of(looked=looked._replace(decoded=[sentence])))
    assert "<mark class='unit-sentence' dir='auto' title='The dog.'>Ο σκύλος.</mark>" in html
    nothing = said(looked=LOOKED._replace(decoded=[LOOKED.decoded[0]._replace(replaced={}, placed=0)]))
    assert "3 trained, 0 words replaced" in nothing
    assert "not marked" not in nothing


def test_no_data_any_more(html):
    text = said(looked="the data <a.json> has changed since the run began")
    assert text.count("Not shown: the data <a.json> has changed since the run began.") == 2
    assert "Curves" in text


def test_a_run_that_has_logged_nothing():
    text = said(logs=EMPTY)
    assert "0 of 40" in text
    assert "no step is logged yet" in text
