"""The one-liners of docs/languages.md, run on a few lines in the format of each source."""

import gzip
import json
import re
import sqlite3
import subprocess

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.inspection import clean_lines, inspect_dictionary, text_coverage
from commit_llm.data.fetch_dictionary import LANGUAGES
from tests.conftest import ROOT
from tests.documented_commands import documented
from tests.tiers import in_long_tier

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


def tei(folder):
    """Both ways in which FreeDict writes a translation, and what stands beside it."""
    (folder / "eng-ell.tei").write_text(
        """<?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE TEI SYSTEM "freedict-P5.dtd">
        <TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body>
        <entry><form><orth>dog</orth><pron>x</pron></form>
          <sense n="1"><cit type="trans"><quote>σκύλος</quote><quote>σκυλί</quote></cit><def>an animal</def>
          <cit type="example"><quote>A dog barks.</quote><cit type="trans"><quote>no</quote></cit></cit>
          <cit><quote>Dogs bark.</quote><cit type="trans"><quote>no</quote></cit></cit></sense></entry>
        <entry><form><orth>cat</orth><form type="infl"><orth>cats</orth></form></form>
          <sense xml:lang="el"><def>γάτα <note type="hint">το
            ζώο</note></def></sense></entry>
        <entry><form><orth>nothing</orth></form><sense><def></def></sense></entry>
        </body></text></TEI>""",
        encoding="utf-8",
    )


def tei_of_old(folder):
    """Version P4, without a namespace."""
    (folder / "eng-ell.tei").write_text(
        """<TEI.2><text><body>
        <entry><form><orth>dog</orth></form><sense n="1"><trans><tr>σκύλος</tr><tr>σκυλί</tr></trans>
          <eg><q>A dog barks.</q></eg></sense></entry>
        <entry><form><orth>cat</orth></form><trans><tr>γάτα</tr></trans></entry>
        </body></text></TEI.2>""",
        encoding="utf-8",
    )


ARTICLES = [
    ("00-database-info", "00-database-info\nfor testing\n"),
    ("dog", 'dog /dɒɡ/ <n>\n1. σκύλος, σκυλί (το\n      ζώο)\n      "A dog barks."\n   Synonym: {hound}\n\n2.\n'),
    ("cat", "cat\n\n γάτα\n"),
]


def digits_of_dictd(number):
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return (digits_of_dictd(number // 64) if number >= 64 else "") + digits[number % 64]


def dictd(folder, pack=gzip.compress, suffix=".dict.dz"):
    content, index = b"", []
    for word, article in ARTICLES:
        encoded = article.encode()
        index.append(f"{word}\t{digits_of_dictd(len(content))}\t{digits_of_dictd(len(encoded))}\n")
        content += encoded
    (folder / f"freedict-eng-ell{suffix}").write_bytes(pack(content))
    (folder / "freedict-eng-ell.index").write_text("".join(["canine\t" + index[1].split("\t", 1)[1], *sorted(index)]))


def dictd_unpacked(folder):
    dictd(folder, bytes, ".dict")


HTML = ("σκύλος<br/>&nbsp;<b>σκυ</b>λί&#32;", "<table>\n<tr><td>γάτα</td></tr></table><ex>no</ex>")


def stardict(folder, articles=HTML, about="sametypesequence=h", width=4, pack=gzip.compress):
    content = index = b""
    for word, article in zip(("dog", "cat"), articles, strict=True):
        encoded = article.encode()
        index += word.encode() + b"\0" + len(content).to_bytes(width, "big") + len(encoded).to_bytes(4, "big")
        content += encoded
    (folder / "eng-ell.ifo").write_text(f"StarDict's dict ifo file\nversion=3.0.0\nwordcount=2\n{about}\n")
    (folder / "eng-ell.idx").write_bytes(index)
    (folder / ("eng-ell.dict" if pack is bytes else "eng-ell.dict.dz")).write_bytes(pack(content))


def stardict_of_texts(folder):
    """Without a common type, each article begins with its own; places of eight bytes."""
    stardict(folder, ("mσκύλος\nσκυλί\0", "g<k>cat</k>\nγάτα\0"), "idxoffsetbits=64", 8, bytes)


FORMATS = [panlex, wiktionary, tei, tei_of_old, dictd, dictd_unpacked, stardict, stardict_of_texts]
NAMES = {"panlex": "PanLex", "wiktionary": "Wiktionary", "tei": "TEI", "stardict": "StarDict"}


@pytest.mark.parametrize("source", FORMATS)
def test_a_one_liner_makes_a_dictionary(tmp_path, source):
    first = source.__name__.split("_")[0]
    script = re.search(rf"^\*\*{NAMES.get(first, first)}\*\*.*?^```bash\n(.*?)^```", PAGE, re.M | re.S)[1]
    source(tmp_path)
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True)
    assert BilingualDictionary.load(tmp_path / "en-el.tsv").translations == EXPECTED


def test_every_one_liner_is_tried():
    programs = [one for one in documented() if (one.page, one.program) == ("languages.md", "python3")]
    assert len(programs) == len({source.__name__.partition("_")[0] for source in FORMATS})


def test_the_other_way_round(tmp_path):
    inspect, turn = re.search(
        r"^```bash\n(commit-llm dictionary inspect en-el.tsv.*\n)(awk .*\n)```", PAGE, re.M
    ).groups()
    (tmp_path / "en-el.tsv").write_text("dog\tσκύλος, σκυλί\n", encoding="utf-8")
    mixer = CodeMixer(BilingualDictionary.load(tmp_path / "en-el.tsv"))
    lines = clean_lines(mixer.vocabulary.cleaned[0])
    out = inspect.split("--out ")[1].strip()
    (tmp_path / out).write_text("".join(lines), encoding="utf-8")
    subprocess.run(["bash", "-ec", turn], cwd=tmp_path, check=True)
    turned = BilingualDictionary.load(tmp_path / "el-en.tsv")
    assert turned.translations == {"σκύλος": ("dog",), "σκυλί": ("dog",)}


def test_the_languages_of_muse_are_all_named():
    assert LANGUAGES in PAGE
    assert len(LANGUAGES.split()) == 44


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["el-en", *in_long_tier("en-el", "en-hi", "en-th", "hi-en", "th-en")])
def test_the_table_of_muse_is_true(shared, alpaca_999, pair):
    row = re.search(rf"^\| {pair} \|(.*)\|$", PAGE, re.M)[1].split("|")
    pairs, sources, cleaned, percent = (float(cell.replace(",", "").replace("%", "")) for cell in row)
    mixer = CodeMixer(BilingualDictionary.load(shared.data(f"muse/{pair}.txt")), ratio=1.0)
    found = inspect_dictionary(mixer.dictionaries[0], mixer.vocabulary.cleaned[0], mixer.vocabulary.directions[0])
    assert (found.pairs, found.sources, found.words) == (pairs, sources, cleaned)
    texts = shared.contexts(pair[:2]) if pair.endswith("-en") else alpaca_999
    counts = text_coverage(mixer, texts).counts
    assert 100 * counts.hits / counts.words == pytest.approx(percent, abs=0.051)
