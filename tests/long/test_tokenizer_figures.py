"""`tokenizer inspect` of a real tokenizer, SmolLM2's, on XQuAD and MUSE: the figures that the evidence's README has."""

import json
import re
from collections import Counter

import pytest

from commit_llm.cli.main import main
from commit_llm.codemix import BilingualDictionary
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.vocabulary.translation_tokens import tokens_within

# Of that README's table: tokens a context, x English; MUSE's tokens a target word.
LANGUAGES = {"es": (1.78, 2.3), "tr": (2.25, 3.3), "el": (4.32, 6.0), "hi": (4.88, 6.8), "th": (7.77, 10.0)}


def files(shared, language):
    """The contexts of a language, and its dictionary."""
    folder = "evidence/" if language in ("es", "tr") else ""
    return shared.data(f"{folder}xquad/xquad.{language}.json"), shared.data(f"{folder}muse/en-{language}.txt")


@pytest.fixture(scope="module")
def report(smollm2, shared, tmp_path_factory):
    """What the command says of all languages."""
    texts = [shared.data("xquad/xquad.en.json"), *(files(shared, language)[0] for language in LANGUAGES)]
    argv = ["tokenizer", "inspect", str(smollm2), *(word for path in texts for word in ("--text", str(path)))]
    argv += [word for language in LANGUAGES for word in ("--dictionary", str(files(shared, language)[1]))]
    with pytest.MonkeyPatch.context() as patch:
        printed = []
        patch.setattr("commit_llm.cli.tokenizer.say_json", lambda value, indent: printed.append(value))
        assert main([*argv, "--json"]) == 0
    return printed[0]


def test_the_factors_of_contexts(report):
    tokens = {name: next(iter(text["tokenizers"].values()))["tokens"] for name, text in report["texts"].items()}
    english = tokens["xquad.en.json"]
    factors = {language: round(tokens[f"xquad.{language}.json"] / english, 2) for language in LANGUAGES}
    assert factors == {language: factor for language, (factor, _) in LANGUAGES.items()}


def test_the_tokens_of_translations(report, smollm2, shared):
    """The README counts every English word of XQuAD that MUSE's lines have, names too; mixing leaves names alone, and
    cleaning finds short words such as *of*."""
    tokenizer = load_tokenizer(smollm2)
    english = json.loads(shared.data("xquad/xquad.en.json").read_text(encoding="utf-8"))["data"]
    contexts = " ".join(paragraph["context"] for article in english for paragraph in article["paragraphs"])
    words = Counter(re.findall("[a-z]+", contexts.lower()))
    for language, (_, expected) in LANGUAGES.items():
        dictionary = BilingualDictionary.load(files(shared, language)[1])
        others = {
            word: [target for target in dictionary.translations[word] if target != word]
            for word in words
            if word in dictionary
        }
        means = {word: sum(tokens_within(tokenizer, to)) / len(to) for word, to in others.items() if to}
        total = sum(words[word] * mean for word, mean in means.items()) / sum(words[word] for word in means)
        assert round(total, 1) == expected, language
        (drawn,) = report["dictionaries"][f"en-{language}.txt"]["tokens_drawn"].values()
        assert drawn == pytest.approx(expected, rel=0.11), language
