"""Text files as a stream: packed or not, in every encoding that has a mark, and what a broken one is answered with."""

import gzip

import pytest

from commit_llm.errors import UserError
from commit_llm.files.text_stream import MARKS, UTF_8, Encoding, encoding_of, lines_of_text, unmarked_utf_16
from commit_llm.files.unpacking import CHUNK, head_of, opened

TEXT = "dog\tσκύλος\r\n\r𐍈 cat\u2028\tγάτα\nनमस्ते"
LINES = ["dog\tσκύλος", "", "𐍈 cat\u2028\tγάτα", "नमस्ते"]


def lines(path, longest=100):
    with opened(path) as file:
        return list(lines_of_text(file, path, longest, encoding_of(head_of(file))))


@pytest.fixture
def write(tmp_path):
    def write_bytes(content):
        path = tmp_path / "text"
        path.write_bytes(content)
        return path

    return write_bytes


@pytest.mark.parametrize(("mark", "name"), [*MARKS, (b"", UTF_8)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_in_every_encoding(write, mark, name, pack):
    path = write(pack(mark + TEXT.encode(name)))
    assert lines(path) == LINES
    with opened(path) as file:
        assert encoding_of(head_of(file)) == (name, mark)


def test_a_mark_stays_where_the_encoding_has_none(write):
    path = write("\ufeffdog".encode())
    with opened(path) as file:
        assert list(lines_of_text(file, path, 100, Encoding(UTF_8))) == ["\ufeffdog"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"dog\t\xff", "not UTF-8 at byte 4"),
        (b"\xef\xbb\xbfdog\xff", "not UTF-8 at byte 6"),
        (b"a" * (CHUNK - 1) + b"\xce" + b"\xff", f"not UTF-8 at byte {CHUNK - 1}"),
        (b"\xff\xfed\0o", "not UTF-16LE at byte 4"),
        (b"\xfe\xff\xdc\x00", "not UTF-16BE at byte 2"),
        (gzip.compress(b"dog\t\xff", mtime=0), "not UTF-8 at byte 4"),
    ],
)
def test_another_encoding_is_told_with_its_byte(write, content, message):
    path = write(content)
    with pytest.raises(UserError) as error:
        lines(path)
    way_out = "convert it: iconv -f " if "UTF-8" in message else "save it as UTF-8"
    assert str(error.value).startswith(f"{path}: {message}; {way_out}")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised(encoding):
    for text in ("dog\tσκύλος\n", "σκύλος\tdog\n", "σκύλος\tकुत्ता\n" * 9):
        assert unmarked_utf_16(text.encode(encoding)) == encoding.upper().replace("-LE", "LE").replace("-BE", "BE")
    for head in ("dog\tσκύλος\n".encode(), b"", b"a\0\0b", b"dog\0" + b"a" * 200):
        assert unmarked_utf_16(head) is None


def test_a_stray_zero_makes_no_utf_16():
    assert unmarked_utf_16(b"dog\tchien\0\ncat\tchat\n") is None
    assert unmarked_utf_16(b"a dog!\0\n" * 9 + "\u1f70".encode()[:2]) is None  # three and more on one side
    assert unmarked_utf_16("犬\t猫\n猫\t犬\n".encode("utf-16-le")) == "UTF-16LE"
