"""The one-liners of docs/languages.md, run on a few lines in the format of each source."""

import gzip
import json
import re
import sqlite3
import subprocess

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.inspection import inspect_dictionary, text_coverage
from commit_llm.data.fetch_dictionary import LANGUAGES
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
EXPECTED = {"dog": ("σκύλος", "σκυλί"), "cat": ("γάτα",)}


def panlex(folder):
    database = sqlite3.connect(folder / "db.sqlite")
    database.executescript(
        """
        CREATE TABLE lv (lv INTEGER, uid TEXT); CREATE TABLE ex (ex INTEGER, lv INTEGER, tt TEXT);
        CREATE TABLE dnx (mn INTEGER, ex INTEGER, uq INTEGER, ap INTEGER, ui INTEGER);
        INSERT INTO lv VALUES (1, 'eng-000'), (2, 'ell-000'), (3, 'deu-000');
        INSERT INTO ex VALUES (1, 1, 'dog'), (2, 2, 'σκυλί'), (3, 2, 'σκύλος'), (4, 3, 'Hund');
        INSERT INTO ex VALUES (5, 1, 'cat'), (6, 2, 'γάτα');
        INSERT INTO dnx VALUES (1, 1, 5, 1, 1), (1, 3, 5, 1, 1), (1, 4, 5, 1, 1), (2, 1, 2, 2, 2), (2, 2, 2, 2, 2),
            (3, 5, 1, 1, 1), (3, 6, 1, 1, 1), (4, 1, 3, 3, 3), (4, 3, 3, 3, 3);
        """
    )
    database.commit()
    database.close()


def wiktionary(folder):
    entries = [
        {"word": "dog", "lang_code": "en", "translations": [
            {"lang": "Greek", "code": "el", "lang_code": "el", "word": "σκύλος"}, {"code": "el", "word": "σκυλί"},
            {"code": "de", "word": "Hund"}, {"code": "el", "note": "no word"}]},
        {"word": "Hund", "lang_code": "de", "translations": [{"code": "el", "word": "no"}]},
        {"word": "cat", "lang_code": "en",
         "senses": [{"glosses": ["x"]}, {"translations": [{"code": "el", "word": "γάτα"}]}]},
        {"redirect": "dog", "title": "dogs"},
    ]  # fmt: skip
    with gzip.open(folder / "raw-wiktextract-data.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in entries)


def freedict(folder):
    (folder / "eng-ell.tei").write_text(
        """<?xml version="1.0" encoding="UTF-8"?>
        <TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body>
        <entry><form><orth>dog</orth><pron>x</pron></form>
          <sense n="1"><cit type="trans"><quote>σκύλος</quote><quote>σκυλί</quote></cit>
          <cit type="example"><quote>A dog barks.</quote><cit type="trans"><quote>no</quote></cit></cit></sense></entry>
        <entry><form><orth>cat</orth></form><sense><cit type="translation"><quote>γάτα</quote></cit></sense></entry>
        </body></text></TEI>""",
        encoding="utf-8",
    )


@pytest.mark.parametrize("source", [panlex, wiktionary, freedict])
def test_a_one_liner_makes_a_dictionary(tmp_path, source):
    name = {panlex: "PanLex", wiktionary: "Wiktionary", freedict: "FreeDict"}[source]
    script = re.search(rf"^\*\*{name}\*\*.*?^```bash\n(.*?)^```", PAGE, re.M | re.S)[1]
    turn = re.search(r"^```bash\n(awk .*?)^```", PAGE, re.M | re.S)[1]
    source(tmp_path)
    subprocess.run(["bash", "-ec", script + turn], cwd=tmp_path, check=True)
    assert BilingualDictionary.load(tmp_path / "en-el.tsv").translations == EXPECTED
    assert BilingualDictionary.load(tmp_path / "el-en.tsv").translations["γάτα"] == ("cat",)


def test_the_languages_of_muse_are_all_named():
    assert LANGUAGES in PAGE
    assert len(LANGUAGES.split()) == 44


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["en-el", "en-hi", "en-th", "el-en", "hi-en", "th-en"])
def test_the_table_of_muse_is_true(shared, alpaca_999, pair):
    row = re.search(rf"^\| {pair} \|(.*)\|$", PAGE, re.M)[1].split("|")
    pairs, sources, cleaned, percent = (float(cell.replace(",", "").replace("%", "")) for cell in row)
    mixer = CodeMixer(BilingualDictionary.load(shared.data(f"muse/{pair}.txt")), ratio=1.0)
    found = inspect_dictionary(mixer.dictionaries[0], mixer.vocabulary.cleaned[0], mixer.vocabulary.directions[0])
    assert (found.pairs, found.sources, found.words) == (pairs, sources, cleaned)
    texts = shared.contexts(pair[:2]) if pair.endswith("-en") else alpaca_999
    counts = text_coverage(mixer, texts).counts
    assert 100 * counts.hits / counts.words == pytest.approx(percent, abs=0.051)
