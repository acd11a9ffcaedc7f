"""Small tokenizers of both kinds, and folders that hold what published models have beside them."""

import functools
import io
import json

SENTENCES = [
    "the quick brown fox jumps over the lazy dog and runs away",
    "pack my box with five dozen liquor jugs, please, and send them home",
    "anna lives in athens and works as a teacher; the dog lives there too",
    "a < b | c > d / e",
]
PIECES = 120


@functools.cache
def pieces():
    """The bytes of a sentencepiece model with 120 pieces: <unk>, <s>, </s>, and words of the sentences."""
    import sentencepiece

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20), model_writer=out, vocab_size=PIECES, model_type="bpe",
        minloglevel=2, hard_vocab_limit=False,
        normalization_rule_name="identity", remove_extra_whitespaces=False,
    )  # fmt: skip
    return out.getvalue()


def write_pieces(folder, settings=None, added=None, specials=None):
    """Write a tokenizer.model, and the JSON files beside it that are given."""
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.model").write_bytes(pieces())
    files = {"tokenizer_config.json": settings, "added_tokens.json": added, "special_tokens_map.json": specials}
    for name, content in files.items():
        if content is not None:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder / "tokenizer.model"


def template(name="<s>", number=1):
    """A post-processor that puts a token before a text."""
    from tokenizers import processors

    return processors.TemplateProcessing(f"{name} $A", f"{name} $A {name}:1 $B:1", [(name, number)])


def byte_tokenizer(specials=("<unk>", "<s>", "</s>")):
    """A tokenizer of the library with a token a byte, behind the specials; it puts nothing before a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tokens = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({token: place for place, token in enumerate(tokens)}, []))
    tokenizer.add_special_tokens(list(specials))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def write_bytes_tokenizer(folder, post_processor=None, settings=None, specials=("<unk>", "<s>", "</s>")):
    """Write a tokenizer.json with a token a byte, and its settings."""
    folder.mkdir(exist_ok=True)
    tokenizer = byte_tokenizer(specials)
    if post_processor is not None:
        tokenizer.post_processor = post_processor
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"bos_token": "<s>", "eos_token": "</s>"} if settings is None else settings
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder / "tokenizer.json"
