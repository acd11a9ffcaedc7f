"""Hashes of the documents that a model was trained on: they tell contamination without the texts."""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from unicodedata import normalize

import numpy as np

from commit_llm.codemix.finding.spelling import in_order
from commit_llm.data.forms.form import Form
from commit_llm.errors import shown
from commit_llm.files.records import Record

LOGGER = logging.getLogger("commit_llm")
HASH_BYTES = 8
WORTH_A_LINE = 100_000  # records, some ten seconds of hashing
BYTE_ORDER_MARK = "\ufeff"


def document_hash(text: str) -> int:
    """Give the first 8 bytes, big-endian, of the SHA-256 of a normalised text.

    Copies of a data set differ in Unicode form, case and line breaks. So the text is taken in NFKC, case-folded, with
    one space for each run of white space, and trimmed. U+FEFF counts as white space: whoever reads a file may have
    dropped it. Two of a million texts share a hash with a probability of 3 in 10⁸.

    >>> document_hash("Anna  lives\\nin Athens ") == document_hash("ANNA lives in athens")
    True
    """
    digest = hashlib.sha256(_normalised(text).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:HASH_BYTES], "big")


def _normalised(text: str) -> str:
    # Once more after folding, which takes composed letters apart: ΐ, for one.
    folded = normalize("NFKC", normalize("NFKC", in_order(text)).casefold())
    return " ".join(folded.replace(BYTE_ORDER_MARK, " ").split())


def hash_texts(texts: Iterable[str]) -> np.ndarray:
    """Hash the texts that are not blank: uint64, sorted, each once."""
    not_blank = (text for text in texts if text and not text.isspace())
    return np.unique(np.fromiter(map(document_hash, not_blank), np.uint64))


def hash_documents(form: Form, records: Sequence[Record], indices: Sequence[int] | np.ndarray) -> np.ndarray:
    """Hash the documents of these records, as `hash_texts` does. The form says which texts of a record they are."""
    if len(indices) > WORTH_A_LINE:
        LOGGER.info("hashing the texts of %s records, once for this run", f"{len(indices):,}")
    return hash_texts(text for record in _chosen(records, indices) for text in form.documents(record))


def _chosen(records: Sequence[Record], indices: Sequence[int] | np.ndarray) -> Iterator[Record]:
    """Give these records in their order: walking through a hub data set is faster than fetching them one by one."""
    is_chosen = np.zeros(len(records), bool)
    is_chosen[np.asarray(indices, np.int64)] = True
    return (record for record, chosen in zip(records, is_chosen, strict=True) if chosen)


def merge(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Give the hashes that are in one of two sets."""
    return np.union1d(first, second)


def to_json(hashes: np.ndarray) -> dict[str, Any]:
    """Write hashes as provenance.json has them: their number, and 16 hexadecimal digits each, joined.

    >>> to_json(np.array([1, 2], np.uint64))
    {'number': 2, 'sha256_64': '00000000000000010000000000000002'}
    """
    return {"number": len(hashes), "sha256_64": hashes.astype(">u8").tobytes().hex()}


def from_json(value: Any) -> np.ndarray:
    """Read the hashes that `to_json` has written. Raises ValueError, saying what is wrong, for anything else."""
    if not isinstance(value, Mapping) or not isinstance(text := value.get("sha256_64"), str):
        raise ValueError("documents: no sha256_64")
    if len(text) % (2 * HASH_BYTES) or not re.fullmatch("[0-9a-f]*", text):
        raise ValueError("documents: sha256_64 is not 16 hexadecimal digits a document")
    hashes = np.frombuffer(bytes.fromhex(text), ">u8").astype(np.uint64)
    if value.get("number") != len(hashes):
        raise ValueError(f"documents: number is {shown(value.get('number'))}, and there are {len(hashes)}")
    if np.any(hashes[1:] <= hashes[:-1]):
        raise ValueError("documents: not in order")
    return hashes
