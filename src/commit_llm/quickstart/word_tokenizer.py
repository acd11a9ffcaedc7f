"""A tokenizer with one token a word, written as a Hugging Face tokenizer.json."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

SPECIALS = ("<unk>", "<s>", "</s>")
PUNCTUATION = "\n.,?:"


def write_tokenizer(folder: Path, texts: Iterable[str]) -> int:
    """Write a tokenizer with every word of the texts. Give the number of its entries.

    A word is the same token whatever stands before it: at the start of an answer it is the one of the context. A
    newline is a token of its own, because an answer stops there.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

    mark = f"[{PUNCTUATION}]"
    words = {word for text in texts for word in re.sub(mark, " ", text).split(" ") if word}
    vocabulary = {word: n for n, word in enumerate([*SPECIALS, *PUNCTUATION, *sorted(words)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIALS[0]))
    tokenizer.add_special_tokens(list(SPECIALS))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(" ", "removed"), pre_tokenizers.Split(Regex(mark), "isolated")]
    )
    # Words are joined by spaces, with none before punctuation and none after a newline.
    tidy = [decoders.Replace(f" {character}", character) for character in PUNCTUATION]
    tokenizer.decoder = decoders.Sequence(
        [decoders.WordPiece(prefix="\0", cleanup=False), decoders.Fuse(), *tidy, decoders.Replace("\n ", "\n")]
    )
    bos = SPECIALS[1]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos}:1 $B:1", special_tokens=[(bos, vocabulary[bos])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return len(vocabulary)
