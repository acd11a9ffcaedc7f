"""Checksums of files, whole and with a part that does not count."""

import pytest
import xxhash

from commit_llm.files.checksum import BLOCK, DIGITS, checksum


@pytest.mark.parametrize("size", [0, 1, BLOCK - 3, BLOCK, BLOCK + 5])
def test_a_checksum_is_that_of_the_bytes(tmp_path, size):
    content = bytes(number % 251 for number in range(size))
    (tmp_path / "file").write_bytes(content)
    assert checksum(tmp_path / "file") == xxhash.xxh3_128(content).hexdigest()
    assert len(checksum(tmp_path / "file")) == DIGITS


@pytest.mark.parametrize("first", [0, 7, BLOCK - 10, BLOCK, BLOCK + 20])
def test_blank_bytes_do_not_count_and_others_do(tmp_path, first):
    content, blank = bytes(BLOCK + 60), slice(first, first + 32)
    zeros = content[:first] + b"0" * 32 + content[first + 32 :]
    (tmp_path / "zeros").write_bytes(zeros)
    for place in (first, first + 31):
        (tmp_path / "file").write_bytes(zeros[:place] + b"x" + zeros[place + 1 :])
        assert checksum(tmp_path / "file", blank) == checksum(tmp_path / "zeros")
        assert checksum(tmp_path / "file") != checksum(tmp_path / "zeros")
    (tmp_path / "file").write_bytes(zeros[: first + 32] + b"x" + zeros[first + 33 :])
    assert checksum(tmp_path / "file", blank) != checksum(tmp_path / "zeros")
