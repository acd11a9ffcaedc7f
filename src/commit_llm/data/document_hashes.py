"""Hashes of the documents that a model was trained on, so that contamination can be told without the texts."""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal
from unicodedata import normalize

import numpy as np

from commit_llm.data.examples import TextForm
from commit_llm.files.records import Record

LOGGER = logging.getLogger("commit_llm")
HASH_BYTES = 8
WORTH_A_LINE = 100_000  # records, some ten seconds of hashing
BYTE_ORDER_MARK = "\ufeff"


def document_hash(text: str) -> int:
    """The first 8 bytes, big-endian, of the SHA-256 of a normalised text.

    The same text comes in other Unicode forms, case and line breaks in every copy of a data set: so it is taken in
    NFKC, case-folded, each run of white space as one space, trimmed. U+FEFF counts as white space: whoever reads a
    file may have dropped it. Two of a million texts share a hash with a probability of 3 in 10⁸.

    >>> document_hash("Anna  lives\\nin Athens ") == document_hash("ANNA lives in athens")
    True
    """
    digest = hashlib.sha256(_normalised(text).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:HASH_BYTES], "big")


def _normalised(text: str) -> str:
    # Once more after folding, which takes composed letters apart: ΐ, for one.
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    return " ".join(folded.replace(BYTE_ORDER_MARK, " ").split())


def hash_texts(texts: Iterable[str]) -> np.ndarray:
    """The hashes of the texts that are not blank: uint64, sorted, each once."""
    written = (text for text in texts if text and not text.isspace())
    return np.unique(np.fromiter(map(document_hash, written), np.uint64))


def hash_documents(
    form: Literal["instruction", "text"], fields: str, records: Sequence[Record], rows: Sequence[int] | np.ndarray
) -> np.ndarray:
    """The hashes of the documents in these rows of the records, as `hash_texts` gives them.

    Of instruction examples a document is the `input`; of plain text, the text of each of the fields, trained or
    masked, and where a field joins columns, of each of them too. What is no text counts not.
    """
    if len(rows) > WORTH_A_LINE:
        LOGGER.info("hashing the texts of %s records, once for this run", f"{len(rows):,}")
    joined = TextForm(fields).columns if form == "text" else (("input",),)
    separator = TextForm.separator
    return hash_texts(text for record in _chosen(records, rows) for text in _texts(record, joined, separator))


def _chosen(records: Sequence[Record], rows: Sequence[int] | np.ndarray) -> Iterator[Record]:
    """In the order of the records: walking through a hub data set is faster than fetching its rows."""
    wanted = np.zeros(len(records), bool)
    wanted[np.asarray(rows, np.int64)] = True
    return (record for record, chosen in zip(records, wanted, strict=True) if chosen)


def _texts(record: Record, joined: Iterable[tuple[str, ...]], separator: str) -> Iterator[str]:
    for columns in joined:
        texts = [text for column in columns if isinstance(text := record.get(column), str)]
        yield from texts
        if 1 < len(columns) == len(texts):
            yield separator.join(texts)


def merge(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The hashes that are in one of two sets."""
    return np.union1d(one, other)


def to_json(hashes: np.ndarray) -> dict[str, Any]:
    """As provenance.json has them: their number, and 16 hexadecimal digits each, joined.

    >>> to_json(np.array([1, 2], np.uint64))
    {'number': 2, 'sha256_64': '00000000000000010000000000000002'}
    """
    return {"number": len(hashes), "sha256_64": hashes.astype(">u8").tobytes().hex()}


def from_json(held: Any) -> np.ndarray:
    """The hashes that `to_json` has written. Raises ValueError, saying what is wrong, for anything else."""
    if not isinstance(held, Mapping) or not isinstance(text := held.get("sha256_64"), str):
        raise ValueError("documents: no sha256_64")
    if len(text) % (2 * HASH_BYTES) or not re.fullmatch("[0-9a-f]*", text):
        raise ValueError("documents: sha256_64 is not 16 hexadecimal digits a document")
    hashes = np.frombuffer(bytes.fromhex(text), ">u8").astype(np.uint64)
    if held.get("number") != len(hashes):
        raise ValueError(f"documents: number is {str(held.get('number'))[:40]}, and there are {len(hashes)}")
    if np.any(hashes[1:] <= hashes[:-1]):
        raise ValueError("documents: not in order")
    return hashes
