"""Fetching dictionaries from a server on this machine: whole, broken off, changed, missing."""

import hashlib
import json
import os
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from commit_llm.data.fetch_dictionary import PAIRS, fetch_dictionary
from commit_llm.errors import UserError
from commit_llm.files.own import open_own
from commit_llm.files.provenance import sidecar

CONTENT = "".join(f"word{number}\tλέξη{number}\n" for number in range(20_000)).encode()


class Server(ThreadingHTTPServer):
    """Serves content under /en-el.txt; each answer ends after `stop_after` bytes, if that is set."""

    content, stop_after, etag, ranges = CONTENT, None, '"one"', True

    def __init__(self):
        self.requests = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        if self.path != "/en-el.txt":
            self.send_error(404, "Not Found")
            return
        begun = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if server.ranges and wanted and self.headers.get("If-Range") in (None, server.etag):
            begun = int(wanted[1])
        if begun and begun >= len(server.content):
            self.send_error(416)
            return
        body = server.content[begun:]
        self.send_response(206 if begun else 200)
        self.send_header("Content-Length", str(len(body)))
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        self.wfile.write(body[: server.stop_after])

    def log_message(self, *arguments):
        pass


@contextmanager
def serving():
    """A server that runs meanwhile."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture
def server():
    with serving() as running:
        yield running


def test_a_dictionary_is_fetched_once(server, tmp_path):
    seen = []
    path, provenance, was_there = fetch_dictionary("en-el", tmp_path / "d", server.url, lambda *at: seen.append(at))
    assert (path, was_there) == (tmp_path / "d" / "en-el.txt", False)
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(file.name for file in path.parent.iterdir()) == ["en-el.txt", "en-el.txt.provenance.json"]
    record = json.loads(sidecar(path).read_text())
    assert record | {"fetched": ""} == {
        "url": f"{server.url}/en-el.txt",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
        "licence": "CC BY-NC 4.0",
        "fetched": "",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["fetched"])
    assert fetch_dictionary("en-el", tmp_path / "d", server.url + "/") == (path, provenance, True)
    assert len(server.requests) == 1


def test_a_broken_download_is_gone_on_with(server, tmp_path):
    server.stop_after = 100_000
    with pytest.raises(
        UserError, match=r"the connection broke after 100,000 of [\d,]+ bytes; the same command resumes"
    ):
        fetch_dictionary("en-el", tmp_path, server.url)
    assert not (tmp_path / "en-el.txt").exists()
    server.stop_after = None
    path, *_ = fetch_dictionary("en-el", tmp_path, server.url)
    assert path.read_bytes() == CONTENT
    assert server.requests[-1] == ("/en-el.txt", "bytes=100000-")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("change", ["another version", "no ranges", "no tag", "nothing left"])
def test_what_cannot_be_gone_on_with_is_fetched_anew(server, tmp_path, change):
    if change == "no tag":
        server.etag = None
    server.stop_after = 100_000
    with pytest.raises(UserError, match="broke"):
        fetch_dictionary("en-el", tmp_path, server.url)
    server.stop_after = None
    if change == "another version":
        server.etag, server.content = '"two"', CONTENT.replace(b"word", b"name")
    elif change == "no ranges":
        server.ranges = False
    elif change == "nothing left":
        (tmp_path / ".en-el.txt.partial").write_bytes(CONTENT + b"more")
    path, *_ = fetch_dictionary("en-el", tmp_path, server.url)
    assert path.read_bytes() == server.content


@pytest.mark.parametrize("opened", [1, 2, 3])
def test_killed_at_any_file_it_opens_it_mixes_no_two_versions(server, tmp_path, monkeypatch, opened):
    """A beginning of the first version is there when the second one is fetched."""
    server.stop_after = 100_000
    with pytest.raises(UserError, match="broke"):
        fetch_dictionary("en-el", tmp_path, server.url)
    server.stop_after, server.etag, server.content = None, '"two"', CONTENT.replace(b"word", b"name")
    calls = []

    def killed(path, mode, **text):
        calls.append(path)
        if len(calls) == opened:
            raise KeyboardInterrupt
        return open_own(path, mode, **text)

    with monkeypatch.context() as patch:
        patch.setattr("commit_llm.data.fetch_dictionary.open_own", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_dictionary("en-el", tmp_path, server.url)
    assert fetch_dictionary("en-el", tmp_path, server.url)[0].read_bytes() == server.content


def test_killed_behind_the_last_step_nothing_stays_beside_the_dictionary(server, tmp_path, monkeypatch):
    def killed(*paths, replace=os.replace):
        replace(*paths)
        if Path(paths[1]) == tmp_path / "en-el.txt":
            raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        fetch_dictionary("en-el", tmp_path, server.url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["en-el.txt", "en-el.txt.provenance.json"]


def test_two_at_once(server, tmp_path):
    """One fetches, and the other is refused before it writes into the same file."""
    seen = []

    def meanwhile(position, total):
        if not seen:
            seen.append(position)
            with pytest.raises(UserError, match="another process fetches it; wait for it"):
                fetch_dictionary("en-el", tmp_path, server.url)

    assert fetch_dictionary("en-el", tmp_path, server.url, meanwhile)[0].read_bytes() == CONTENT
    assert seen
    assert len(list(tmp_path.iterdir())) == 2


def test_a_server_that_is_not_there_leaves_nothing(tmp_path):
    with pytest.raises(UserError, match="cannot be reached"):
        fetch_dictionary("en-el", tmp_path, "http://127.0.0.1:9")
    assert list(tmp_path.iterdir()) == []


def test_the_beginning_of_another_server_s_file_is_not_used(server, tmp_path):
    (tmp_path / ".en-el.txt.partial").write_bytes(b"something else\n")
    (tmp_path / ".en-el.txt.partial.json").write_text(json.dumps(["http://elsewhere/en-el.txt", '"one"']))
    assert fetch_dictionary("en-el", tmp_path, server.url)[0].read_bytes() == CONTENT


def test_a_changed_file_is_refused(server, tmp_path):
    path, *_ = fetch_dictionary("en-el", tmp_path, server.url)
    path.write_bytes(CONTENT + b"mine\tmine\n")
    with pytest.raises(UserError, match=r"was changed since it was fetched on .* keep your version under another name"):
        fetch_dictionary("en-el", tmp_path, server.url)
    assert path.read_bytes().endswith(b"mine\n")
    for record in ('{"url": 1}', "{", "[]"):
        sidecar(path).write_text(record)
        with pytest.raises(UserError, match="exists already, without a record"):
            fetch_dictionary("en-el", tmp_path, server.url)
    sidecar(path).unlink()
    with pytest.raises(UserError, match="use it as it is, or move it away"):
        fetch_dictionary("en-el", tmp_path, server.url)
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=r"en-el\.txt: is not a file"):
        fetch_dictionary("en-el", tmp_path, server.url)


def test_a_pair_that_the_server_lacks(server, tmp_path):
    with pytest.raises(UserError, match=r"/en-hi\.txt: the server answers 404 Not Found; .* by hand to .*en-hi\.txt"):
        fetch_dictionary("en-hi", tmp_path, server.url)
    assert list(tmp_path.iterdir()) == []


def test_no_connection(server, tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    with pytest.raises(
        UserError, match=r"http://127\.0\.0\.1:\d+/en-hi\.txt: cannot be reached \(.*by hand to .*en-hi"
    ):
        fetch_dictionary("en-hi", tmp_path, f"http://127.0.0.1:{port}")


def test_a_server_that_says_nothing(server, tmp_path, monkeypatch):
    monkeypatch.setattr("commit_llm.data.fetch_dictionary.TIMEOUT", 0.2)
    monkeypatch.setattr(Handler, "do_GET", lambda self: threading.Event().wait(1))
    with pytest.raises(UserError, match=r"en-hi\.txt: the connection broke \(.*\); the same command resumes"):
        fetch_dictionary("en-hi", tmp_path, server.url)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>\n<p>Please log in.\n<br> here\n", "an HTML page"),
        (b"Please log in.\n", "is empty without the 1 bad lines"),
        (b"a\nb\nc\td\n", "1 tab-separated"),
        (b"", "is empty"),
        (b"\xff\xd8\xff", "not UTF-8"),
    ],
)
def test_what_is_no_dictionary_is_refused(server, tmp_path, content, reason):
    server.content = content
    with pytest.raises(UserError, match=rf"en-el\.txt: what came is not a dictionary \(.*{reason}.*portal"):
        fetch_dictionary("en-el", tmp_path, server.url)
    assert list(tmp_path.iterdir()) == []
    server.content = CONTENT
    assert fetch_dictionary("en-el", tmp_path, server.url)[0].read_bytes() == CONTENT


def test_pairs():
    assert len(PAIRS) == 2 * 44 + 5 * 4
    assert {"en-hi", "zh-en", "de-fr", "pt-en"} <= PAIRS
    assert not {"en-en", "el-hi", "de-de"} & PAIRS


@pytest.mark.parametrize("pair", ["el-hi", "en-qqx", "en", "", "../x", "en-el.txt"])
def test_an_unknown_pair_lists_the_known_ones(tmp_path, pair):
    with pytest.raises(
        UserError, match=r"MUSE has no such dictionary; there are en-X and X-en for X among af ar .* zh"
    ):
        fetch_dictionary(pair, tmp_path)


@pytest.mark.parametrize("url", ["file:///etc", "ftp://x/", "nowhere"])
def test_only_the_web(tmp_path, url):
    with pytest.raises(UserError, match="must begin with https:// or http://"):
        fetch_dictionary("en-el", tmp_path, url)
