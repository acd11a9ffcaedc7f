"""Style `original` against the original's own outputs."""

import random
from collections.abc import Sequence

import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts
from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.engine.original import explain_original
from commit_llm.errors import UserError

FIELDS = ("instruction", "input", "output")


class PythonDraws:
    """The original's draws: one global generator, one random() a hit and, if taken, one choice()."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)

    def replace(self, position: int, ratio: float) -> bool:
        return self.generator.random() < ratio

    def choose(self, position: int, translations: Sequence[str]) -> str:
        return self.generator.choice(translations)


@pytest.fixture(scope="module")
def dictionary(shared):
    loaded = {}

    def load(pair):
        if pair not in loaded:
            loaded[pair] = BilingualDictionary.load(shared.data(f"muse/{pair}.txt"), original=True)
        return loaded[pair]

    return load


def both(mixer, text):
    """The text mixed by the plain engine, which the compiled one must agree with."""
    plain = mixer.mix(text)
    assert mixer.mix_example({"text": text}, row=0) == ({"text": plain.text}, plain.counts)
    return plain.text


@pytest.mark.parametrize("name", ["codemix_first_ratio1.jsonl", "codemix_edge.json"])
@pytest.mark.parametrize("language", ["el", "hi", "th"])
def test_first_translation_at_ratio_one(shared, dictionary, name, language):
    mixer = CodeMixer(dictionary(f"en-{language}").first_only(), ratio=1.0, style="original")
    cases = shared.golden_json(name)
    assert len(cases) in (200, 134)
    for case in cases:
        assert both(mixer, case["input"]) == case[language], case["input"]


def test_reverse_direction(shared, dictionary):
    cases = shared.golden_json("codemix_reverse_xquad.jsonl")
    assert len(cases) == 36
    languages = {case["lang"] for case in cases}
    mixers = {lang: CodeMixer(dictionary(f"{lang}-en").first_only(), ratio=1.0, style="original") for lang in languages}
    for case in cases:
        assert both(mixers[case["lang"]], case["input"]) == case["output"]


@pytest.mark.parametrize("language", ["hi", "el", "th"])
def test_full_dictionary_with_python_s_generator(shared, dictionary, alpaca_999, language):
    draws = PythonDraws(42)
    translations = dictionary(f"en-{language}").translations
    cases = [case for case in shared.golden_json("codemix_full_ratio0.9_seed42.jsonl") if case["lang"] == language]
    assert len(cases) == 30
    for case in cases:
        for field in FIELDS:
            text = alpaca_999[case["i"]][field]
            assert replace(text, explain_original(text, translations, 0.9, draws), False) == case[field]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["alpaca_en-hi", "alpaca_en-el", "alpaca_en-th", "xquad_el-en", "xquad_hi-en", "xquad_th-en"]
)
def test_statistics_below_ratio_one(shared, dictionary, alpaca_999, name):
    """Our own randomness: shares within 0.5 points of the original's, over five seeds."""
    source, pair = name.split("_")
    ratio = 0.9 if source == "alpaca" else 0.5
    golden = shared.golden_json("codemix_stats.json")[f"{name}_{ratio}"]
    rows = alpaca_999 if source == "alpaca" else shared.contexts(pair[:2])
    changed_shares, replaced_shares = [], []
    columns = {field: pa.array([record[field] for record in rows]) for field in rows[0]}
    for seed in range(5):
        _, counted = CodeMixer(dictionary(pair), ratio=ratio, style="original", seed=seed).mix_columns(columns)
        counts = Counts(*counted.sum(axis=0).tolist())
        assert (counts.words, counts.hits) == (golden["core_words"], golden["in_dict"])
        changed_shares.append(counts.changed / counts.words)
        replaced_shares.append(counts.replaced / counts.words)
    for ours, key in ((changed_shares, "changed_over_core_words"), (replaced_shares, "selected_over_core_words")):
        theirs = [seed[key] for seed in golden["seeds"]]
        assert abs(sum(ours) / 5 - sum(theirs) / 5) < 0.005


@pytest.mark.parametrize("index", range(21))
def test_dictionary_case(shared, tmp_path, index):
    case = shared.golden_json("load_dict_cases.json")[index]
    path = tmp_path / "en-xx.txt"
    path.write_bytes(case["file"].encode())
    if isinstance(case["result"], str):
        with pytest.raises(UserError, match=r"en-xx\.txt:\d+: .*; a dictionary line is 'source<TAB>target'") as error:
            BilingualDictionary.load(path, original=True)
        assert "\n" not in str(error.value)
    else:
        loaded = BilingualDictionary.load(path, original=True)
        assert {word: list(targets) for word, targets in loaded.translations.items()} == case["result"]
