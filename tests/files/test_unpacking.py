"""Files that are packed: read as what is in them, in little memory, and refused in one line where they are no good."""

import gzip
import io
import tracemalloc

import pyarrow as pa
import pytest

from commit_llm.errors import UserError
from commit_llm.files import unpacking
from commit_llm.files.unpacking import CHUNK, HEAD, head_of, is_packed, opened

TEXT = "dog\tσκύλος\n" * 1000


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


PACK = {"gzip": gzip.compress, "zst": zstd}


@pytest.fixture
def write(tmp_path):
    def write_bytes(content):
        path = tmp_path / "text"
        path.write_bytes(content)
        return path

    return write_bytes


def content_of(path):
    with opened(path) as file:
        return file.read()


@pytest.mark.parametrize("pack", [bytes, *PACK.values()])
def test_what_is_in_a_file(write, pack):
    path = write(pack(TEXT.encode()))
    assert content_of(path) == TEXT.encode()
    assert is_packed(path) == (pack is not bytes)


@pytest.mark.parametrize("kind", PACK)
def test_damaged_files_are_one_line(write, kind):
    packed = PACK[kind](TEXT.encode())
    faults = [(packed[:-9], "cut off"), (packed[:12], "cut off"), (packed + b"and more", "damaged")]
    if kind == "gzip":
        faults += [
            (packed[:15] + bytes([packed[15] ^ 255]) + packed[16:], "damaged"),
            (packed[:-5] + bytes([packed[-5] ^ 1]) + packed[-4:], "damaged"),
            (packed[:2] + b"\x07" + packed[3:], "damaged"),
        ]
    else:
        faults.append((packed[:4] + b"\xff" * 20, "damaged"))
    for content, fault in faults:
        path = write(content)
        with pytest.raises(UserError, match=rf"^{path}: a .*{kind} file.*; fetch or pack it again$") as error:
            content_of(path)
        assert fault in str(error.value)


@pytest.mark.parametrize("pack", PACK.values())
def test_packed_parts_one_after_another_are_one_text(write, pack):
    assert content_of(write(pack(b"a\nb") + pack(b"c\n"))) == b"a\nbc\n"


def test_a_window_that_would_take_all_memory(write):
    head = b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00"  # a frame that asks for a window of 2 GB
    with pytest.raises(UserError, match=r"text: a zst file packed with a window of over 128 MB; unpack it"):
        content_of(write(head))


def bomb(size: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(size // CHUNK):
            file.write(b"a" * CHUNK)
    return packed.getvalue()


@pytest.mark.parametrize("kind", PACK)
def test_what_unpacks_to_far_more_than_a_text_is_refused_in_little_memory(write, monkeypatch, kind):
    monkeypatch.setattr(unpacking, "FREE", 8 * CHUNK)
    path = write(bomb(64 * CHUNK) if kind == "gzip" else zstd(b"a" * (64 * CHUNK)))
    tracemalloc.start()
    try:
        with opened(path) as file:
            seen = sum(len(file.read(CHUNK)) for _ in range(7))
            with pytest.raises(
                UserError, match=r"unpacks to over 100 times its size.* unpack it yourself and name what"
            ):
                file.read(3 * CHUNK)
        assert tracemalloc.get_traced_memory()[1] < 10 * CHUNK
    finally:
        tracemalloc.stop()
    assert seen == 7 * CHUNK


def test_a_small_file_may_unpack_to_as_much_as_it_likes(write):
    assert len(content_of(write(bomb(16 * CHUNK)))) == 16 * CHUNK


def test_a_text_of_usual_density_is_no_bomb(write, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE", 0)
    assert content_of(write(gzip.compress("".join(map(str, range(10_000))).encode())))


def test_looking_at_the_head_takes_nothing_away(write):
    path = write(b"ab" * HEAD)
    with opened(path) as file:
        assert head_of(file) == b"ab" * (HEAD // 2)
        assert file.read(4) == b"abab"
