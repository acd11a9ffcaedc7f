"""Fetch MUSE's dictionaries: once, whole or not at all, with a record of where they come from."""

import fcntl
import hashlib
import json
import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from commit_llm.codemix.dictionaries.formats import read_pairs
from commit_llm.errors import UserError, reason_of
from commit_llm.files.disk import writing
from commit_llm.files.json_text import read_json
from commit_llm.files.own import open_own, refuse_link
from commit_llm.files.provenance import sha256, sidecar
from commit_llm.files.whole import make_folder, whole_file

# MUSE (Lample et al., 2018, https://github.com/facebookresearch/MUSE): dictionaries from and into English, and
# between the five languages of EUROPEAN.
MUSE = "https://dl.fbaipublicfiles.com/arrival/dictionaries/"
LICENCE = "CC BY-NC 4.0"
LANGUAGES = (
    "af ar bg bn bs ca cs da de el es et fa fi fr he hi hr hu id it ja ko lt lv mk ms nl no pl pt ro ru sk sl sq sv ta "
    "th tl tr uk vi zh"
)
EUROPEAN = ("de", "es", "fr", "it", "pt")
PAIRS = frozenset(
    [pair for language in LANGUAGES.split() for pair in (f"en-{language}", f"{language}-en")]
    + [f"{source}-{target}" for source in EUROPEAN for target in EUROPEAN if source != target]
)
CHUNK = 1 << 16  # bytes
TIMEOUT = 30.0  # seconds without an answer


@dataclass(frozen=True)
class Provenance:
    """Say where a dictionary comes from.

    url: where it was fetched.
    sha256: of the file, in hexadecimal.
    bytes: its size.
    licence: MUSE's.
    fetched: the date (UTC).
    """

    url: str
    sha256: str
    bytes: int
    licence: str
    fetched: str


def fetch_dictionary(
    pair: str, folder: Path, base: str = MUSE, report: Callable[[int, int], None] = lambda position, total: None
) -> tuple[Path, Provenance, bool]:
    """Fetch the dictionary of a pair such as en-hi as `FOLDER/en-hi.txt`, its record as `en-hi.txt.provenance.json`.

    Gives the file, the record, and whether the file was there before: a file with the hash of its record is not
    fetched again. A download that broke off is continued, if the file at the other end is still the same.

    report: is called with the number of bytes so far and of all (0 where the server does not say).

    Raises UserError where MUSE has no such pair; where the file cannot be fetched, naming what was tried and where to
    put it by hand; where the download broke off or is not a dictionary; and where something else has the file's name.
    """
    if pair not in PAIRS:
        raise UserError(
            f"{pair}: MUSE has no such dictionary; there are en-X and X-en for X among {LANGUAGES}, and all "
            f"pairs of {' '.join(EUROPEAN)}; docs/languages.md says where to find others"
        )
    if not re.match("https?://", base):
        raise UserError(f"--url {base}: must begin with https:// or http://")
    url = f"{base.rstrip('/')}/{pair}.txt"
    path = folder / f"{pair}.txt"
    if os.path.lexists(path):
        return path, _recorded(path), True
    make_folder(folder)
    partial = folder / f".{pair}.txt.partial"
    for own in (partial, _validator_of(partial)):
        refuse_link(own)
    with writing(path), _held(partial, path):
        if os.path.lexists(path):  # another process has just fetched it
            return path, _recorded(path), True
        _download(url, partial, path, report)
        _require_dictionary(partial, url)
        content = partial.read_bytes()
        today = datetime.now(UTC).date().isoformat()
        provenance = Provenance(url, hashlib.sha256(content).hexdigest(), len(content), LICENCE, today)
        # The record first: a record without its file is harmless.
        with whole_file(sidecar(path), overwrite=True) as temporary:
            temporary.write_text(json.dumps(asdict(provenance), indent=2) + "\n", encoding="utf-8")
        _validator_of(partial).unlink(missing_ok=True)  # first, since nothing looks for it once the file stands
        os.replace(partial, path)
    return path, provenance, False


@contextmanager
def _held(partial: Path, path: Path) -> Iterator[None]:
    """Hold the partial file, so that no other process writes to it; an empty one does not stay."""
    with open_own(partial, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{path}: another process fetches it; wait for it, or choose another --out") from None
        except OSError:
            pass  # a file system without locks
        try:
            yield
        finally:
            if partial.is_file() and partial.stat().st_size == 0:
                partial.unlink()


def _recorded(path: Path) -> Provenance:
    """Read the record of a fetched file. Raises UserError where it has none or another hash."""
    record = sidecar(path)
    if not path.is_file():
        raise UserError(f"{path}: is not a file; choose another --out")
    try:
        provenance = Provenance(**read_json(record))
    except (OSError, UserError, TypeError):
        raise UserError(
            f"{path}: exists already, without a record of its origin ({record.name}); use it as it is, or "
            "move it away to fetch it"
        ) from None
    if sha256(path) != provenance.sha256:
        raise UserError(
            f"{path}: was changed since it was fetched on {provenance.fetched} (its SHA-256 is not the one in "
            f"{record.name}); keep your version under another name, then fetch again"
        )
    return provenance


def _download(url: str, partial: Path, path: Path, report: Callable[[int, int], None]) -> None:
    """Download into a partial file, behind what is in it."""
    by_hand = f"; the same command tries again, or download it by hand to {path}"
    try:
        with _open(url, partial) as response:
            begun = partial.stat().st_size if response.status == 206 else 0
            length = response.headers.get("Content-Length", "")
            total = begun + int(length) if length.isdecimal() and len(length) < 20 else 0
            validator = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
            # The file first, which an earlier version's beginning may be in: it must not pass for this version's.
            with open_own(partial, "ab" if begun else "wb") as file:
                with open_own(_validator_of(partial), "w", encoding="utf-8") as version:
                    version.write(json.dumps([url, validator]))
                while chunk := response.read(CHUNK):
                    file.write(chunk)
                    report(file.tell(), total)
    except HTTPError as error:
        error.close()
        raise UserError(f"{url}: the server answers {error.code} {error.reason}{by_hand}") from None
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise UserError(f"{url}: cannot be reached ({reason}){by_hand}") from None
    except (HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
        reason = reason_of(error)
        raise UserError(f"{url}: the connection broke ({reason}); the same command resumes it") from None
    size = partial.stat().st_size
    if size < total:
        raise UserError(f"{url}: the connection broke after {size:,} of {total:,} bytes; the same command resumes it")


def _open(url: str, partial: Path) -> HTTPResponse:
    """Ask for a file, or for the rest of it where the partial file is the beginning of the same version."""
    begun = partial.stat().st_size if partial.is_file() else 0
    try:
        of_url, validator = read_json(_validator_of(partial))
    except (OSError, UserError, ValueError, TypeError):
        of_url = validator = ""
    headers = {}
    if begun and validator and of_url == url:
        headers = {"Range": f"bytes={begun}-", "If-Range": validator}
    try:
        response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code != 416 or not headers:  # 416: there is no rest
            raise
        error.close()
        response = urlopen(url, timeout=TIMEOUT)
    return response


def _validator_of(partial: Path) -> Path:
    """Give the file that says of which version of which URL a partial file is the beginning."""
    return partial.with_name(f"{partial.name}.json")


def _require_dictionary(partial: Path, url: str) -> None:
    """Raise UserError, and remove the file, where it is something else, such as the page of a portal."""
    try:
        pairs, skipped, _ = read_pairs(partial, skip_bad_lines=True)
        reason = skipped.first if skipped.lines > len(pairs) else None
    except UserError as error:
        reason = str(error).removeprefix(f"{partial}: ")
    if reason:
        partial.unlink()
        _validator_of(partial).unlink(missing_ok=True)
        raise UserError(f"{url}: what came is not a dictionary ({reason}); is there a portal or a proxy between?")
