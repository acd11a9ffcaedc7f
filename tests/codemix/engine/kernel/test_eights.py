"""Bytes are read and written eight at a time, and none outside what is asked for."""

import numpy as np
import pytest

from commit_llm.codemix.engine.kernel import eights


def octets(text):
    return np.frombuffer(text.encode(), np.uint8)


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 70])
@pytest.mark.parametrize("behind", [0, 3, 40])
def test_copies(length, behind):
    """To the end of the data and not, and nothing before, or behind the slack."""
    data = np.arange(5 + length + behind, dtype=np.uint8)
    out = np.full(3 + length + eights.SLACK + 10, 255, np.uint8)
    assert eights.copy(data, 5, 5 + length, out, 3) == 3 + length
    assert out[:3].tolist() == [255] * 3
    assert out[3 : 3 + length].tolist() == data[5 : 5 + length].tolist()
    assert out[3 + length + eights.SLACK - 1 :].tolist() == [255] * 11


@pytest.mark.parametrize("end", range(12))
def test_a_byte_is_found(end):
    spaces = eights.ONES * np.uint64(ord(" "))
    assert eights.find_byte(octets("!!!\x7fé!!!!!!!!"), 0, end, spaces) == end
    assert eights.find_byte(octets("!!!! ! !!!!!!"), 1, end + 1, spaces) == min(4, end + 1)
    assert eights.find_byte(octets("!!!!!!!!! !!!"), 0, end, spaces) == min(9, end)


def test_letters_are_skipped():
    for byte in range(128):
        sign = chr(byte)
        for text, place in [("abcXYZ" + sign + "bcd", 6), ("aZ" + sign, 2)]:
            expected = len(text) if sign.isalpha() else place
            assert eights.skip_letters(octets(text), 0, len(text)) == expected
    assert eights.skip_letters(octets("abcdefghé"), 0, 10) == 8
    assert eights.skip_letters(octets("éabcdefgh"), 0, 10) == 0


def test_some_bytes_are_read_also_at_the_end():
    data = np.arange(1, 12, dtype=np.uint8)
    for at, length in [(0, 1), (2, 8), (3, 8), (3, 5), (8, 3), (10, 1)]:
        expected = int.from_bytes(bytes(data[at : at + length]), "little")
        assert int(eights.load_some(data, at, length)) == expected
