"""Read a Hugging Face `tokenizer.json`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer_library import Loaded, RenderedIds
from commit_llm.data.tokenizer_settings import read_settings
from commit_llm.errors import UserError, shown


def load_hugging_face(path: Path) -> Loaded:
    """Read a tokenizer. Raises UserError where the file is none, or where its end-of-text token is unknown."""
    library, settings = _read(path), read_settings(path)
    names = (settings.bos, settings.eos) if settings.eos else ("<s>", "</s>")
    bos_id, eos_id = (library.token_to_id(name) if name else None for name in names)
    if eos_id is None:
        raise UserError(f"{path}: its end-of-text token is unknown; name eos_token in tokenizer_config.json beside it")
    _make_special(library, [name for name in names if name])
    specials = {token.content: i for i, token in library.get_added_tokens_decoder().items() if token.special}
    vocab_size = max(library.get_vocab().values()) + 1
    prefix = _prefix(library, path)
    return Loaded(vocab_size, bos_id, eos_id, prefix, specials, _HuggingFace(library, path, tuple(specials)))


def read_prefix(path: Path) -> tuple[int, ...]:
    """Give the ids that a tokenizer.json puts before a text."""
    return _prefix(_read(path), path)


def added_ids(path: Path) -> dict[str, int]:
    """Give the tokens that a tokenizer.json adds to its vocabulary, with their ids."""
    return {token.content: number for number, token in _read(path).get_added_tokens_decoder().items()}


def _read(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        library = Tokenizer.from_file(str(path))
    except BaseException as error:
        _require_of_library(error)
        raise UserError(f"{path}: not a tokenizer.json ({error}); fetch it again") from None
    library.encode_special_tokens = True  # a literal special token in a text stays text
    library.no_truncation()  # settings of whoever saved the file, which would cut or pad our training data
    library.no_padding()
    return library


def _require_of_library(error: BaseException) -> None:
    """Raise an error again that is not the library's: it raises bare Exception, and a panic of Rust, which is none."""
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error


def _make_special(library: Any, names: list[str]) -> None:
    """Make tokens special that the settings name as bos or eos, as transformers does where the file does not."""
    from tokenizers import AddedToken

    special = {token.content for token in library.get_added_tokens_decoder().values() if token.special}
    for name in names:
        if name not in special and library.token_to_id(name) is not None:
            library.add_special_tokens([AddedToken(name, special=True, normalized=False)])


def _prefix(library: Any, path: Path) -> tuple[int, ...]:
    """Give the ids that the post-processor puts before a text, as an encoded text shows."""
    for text in _texts(library):
        try:
            plain = library.encode(text, add_special_tokens=False).ids
        except BaseException as error:  # of a vocabulary of words that has no token for unknown ones
            _require_of_library(error)
            continue
        if plain:
            try:
                whole = library.encode(text)
            except BaseException as error:  # of a post-processor that names a token that is not there
                _require_of_library(error)
                raise UserError(f"{path}: its post-processor cannot be applied ({error}); fetch it again") from None
            added = zip(whole.ids, whole.special_tokens_mask, strict=True)
            return tuple(token for token, _ in takewhile(lambda pair: pair[1], added))
    return ()


def _texts(library: Any) -> Iterator[str]:
    """Give texts until one has a token: a letter, and entries of the vocabulary where it has no such letter."""
    yield "a"
    yield from islice(library.get_vocab(with_added_tokens=False), 1000)


@dataclass(frozen=True)
class _HuggingFace:
    library: Any
    path: Path
    specials: tuple[str, ...]

    def encode(self, text: str) -> list[int]:
        try:
            return self.library.encode(text, add_special_tokens=False).ids
        except BaseException as error:
            _require_of_library(error)
            raise UserError(
                f"{self.path}: cannot spell {shown(text)}: {error}; take that out of the text, or another model"
            ) from None

    def encode_rendered(self, text: str) -> RenderedIds:
        encoded = self._with_specials.encode(text, add_special_tokens=False)
        reaches = [end for _, end in encoded.offsets]
        ends = list(reaches)
        for number, (token, (start, end)) in enumerate(zip(encoded.ids, encoded.offsets, strict=True)):
            literal = self._names.get(token)
            if literal is not None and (place := text.find(literal, start, end)) >= 0:
                ends[number] = place + len(literal)
        return RenderedIds(encoded.ids, ends, reaches)

    def decode(self, ids: list[int]) -> str:
        return self.library.decode(ids, skip_special_tokens=True)

    @cached_property
    def literals(self) -> dict[str, int]:
        return {literal: token for token, literal in self._names.items()}

    @cached_property
    def _names(self) -> dict[int, str]:
        return {number: token.content for number, token in self.library.get_added_tokens_decoder().items()}

    @cached_property
    def _with_specials(self) -> Any:
        """Give a second one, because whether literals are found is a setting of the whole library."""
        library = _read(self.path)
        library.encode_special_tokens = False
        _make_special(library, list(self.specials))
        return library
