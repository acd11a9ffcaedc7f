"""Style `original` against the original's own outputs."""

import random
from collections.abc import Sequence

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.randomness import occurrence_draws
from commit_llm.errors import UserError

ANY_DRAWS = occurrence_draws(0, 0, 0, "text")  # at ratio 1 with one translation a word they do not matter
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
            loaded[pair] = BilingualDictionary.load(shared.data(f"muse/{pair}.txt"))
        return loaded[pair]

    return load


@pytest.mark.parametrize("name", ["codemix_first_ratio1.jsonl", "codemix_edge.json"])
@pytest.mark.parametrize("language", ["el", "hi", "th"])
def test_first_translation_at_ratio_one(shared, dictionary, name, language):
    mixer = CodeMixer(dictionary(f"en-{language}").first_only(), 1.0)
    cases = shared.golden_json(name)
    assert len(cases) in (200, 134)
    for case in cases:
        assert mixer.mix(case["input"], ANY_DRAWS).text == case[language], case["input"]


def test_reverse_direction(shared, dictionary):
    cases = shared.golden_json("codemix_reverse_xquad.jsonl")
    assert len(cases) == 36
    for case in cases:
        mixer = CodeMixer(dictionary(f"{case['lang']}-en").first_only(), 1.0)
        assert mixer.mix(case["input"], ANY_DRAWS).text == case["output"]


@pytest.mark.parametrize("language", ["hi", "el", "th"])
def test_full_dictionary_with_python_s_generator(shared, dictionary, alpaca_999, language):
    draws = PythonDraws(42)
    mixer = CodeMixer(dictionary(f"en-{language}"), 0.9)
    cases = [case for case in shared.golden_json("codemix_full_ratio0.9_seed42.jsonl") if case["lang"] == language]
    assert len(cases) == 30
    for case in cases:
        for field in FIELDS:
            assert mixer.mix(alpaca_999[case["i"]][field], draws).text == case[field]


@pytest.mark.parametrize(
    "name", ["alpaca_en-hi", "alpaca_en-el", "alpaca_en-th", "xquad_el-en", "xquad_hi-en", "xquad_th-en"]
)
def test_statistics_below_ratio_one(shared, dictionary, alpaca_999, name):
    """Our own randomness: shares within 0.5 points of the original's, over five seeds."""
    source, pair = name.split("_")
    ratio = 0.9 if source == "alpaca" else 0.5
    golden = shared.golden_json("codemix_stats.json")[f"{name}_{ratio}"]
    rows = alpaca_999 if source == "alpaca" else shared.contexts(pair[:2])
    mixer = CodeMixer(dictionary(pair), ratio)
    changed_shares, replaced_shares = [], []
    for seed in range(5):
        results = [
            mixer.mix_field(text, seed=seed, epoch=0, row=row, field=field)
            for row, record in enumerate(rows)
            for field, text in record.items()
        ]
        words, hits = sum(r.words for r in results), sum(r.hits for r in results)
        assert (words, hits) == (golden["core_words"], golden["in_dict"])
        changed_shares.append(sum(r.changed for r in results) / words)
        replaced_shares.append(sum(r.replaced for r in results) / words)
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
            BilingualDictionary.load(path)
        assert "\n" not in str(error.value)
    else:
        loaded = BilingualDictionary.load(path)
        assert {word: list(targets) for word, targets in loaded.translations.items()} == case["result"]
