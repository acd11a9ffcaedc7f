"""Words of a text are those of mixing."""

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts
from commit_llm.codemix.finding.segmentation import make_cut
from commit_llm.vocabulary.counted_texts import words_of

TEXT = "The well-known dog's house (b2b, `code x`, https://a.org/b) costs 5 euros. Ο σκύλος!\nΗ γάτα"


def test_a_word_is_what_mixing_counts():
    mixer = CodeMixer(BilingualDictionary({"dog": ("σκύλος",)}), ratio=1.0)
    counts = Counts.of(TEXT, mixer.explain({"text": TEXT})["text"])
    words = words_of([TEXT], make_cut(()))
    assert len(words) == counts.words
    assert words == ["The", "well", "known", "dog's", "house", "costs", "euros", "Ο", "σκύλος", "Η", "γάτα"]
