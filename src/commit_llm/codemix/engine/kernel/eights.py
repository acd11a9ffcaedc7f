"""Read, write and compare eight bytes at a time, in compiled code.

An eight is a uint64 of eight bytes, the first of them in its lowest bits. Integers are uint64 wherever they are hashes
or eights: Numba makes a float of uint64 and int64 together.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from commit_llm.codemix.engine.kernel.compiling import compiled

U = np.uint64
EIGHT = ir.IntType(64)
SLACK = 32  # bytes behind what is copied, over which anything may be written
ONES, HIGH_BITS, LOW_BITS = U(0x0101010101010101), U(0x8080808080808080), U(0x7F7F7F7F7F7F7F7F)
CAPITAL_BITS = U(0x2020202020202020)
BELOW_A, BELOW_BRACE = ONES * U(0x80 - ord("a")), ONES * U(0x80 - ord("z") - 1)  # added, they set the high bit


def pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Point to eight bytes of an array from a place on."""
    first = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(first, [at]), EIGHT.as_pointer())


@intrinsic
def load(typing_context: Any, data: Any, at: Any) -> Any:
    """Read the eight bytes data[at : at + 8], wherever they lie."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = builder.load(pointer(context, builder, signature.args[0], *arguments))
        value.align = 1
        return value

    return types.uint64(data, types.int64), generate


@intrinsic
def copy_block(typing_context: Any, data: Any, start: Any, out: Any, at: Any) -> Any:
    """Copy SLACK bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data, start, out, at = arguments
        kind = ir.VectorType(EIGHT, SLACK // 8).as_pointer()
        source = builder.bitcast(pointer(context, builder, signature.args[0], data, start), kind)
        place = builder.bitcast(pointer(context, builder, signature.args[2], out, at), kind)
        value = builder.load(source)
        value.align = 1
        builder.store(value, place).align = 1
        return context.get_dummy_value()

    return types.void(data, types.int64, out, types.int64), generate


@intrinsic
def prefetch(typing_context: Any, data: Any, at: Any) -> Any:
    """Ask for data[at] to be brought near, without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = builder.bitcast(pointer(context, builder, signature.args[0], *arguments), ir.IntType(8).as_pointer())
        whole = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [first.type, whole, whole, whole])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [first, *(ir.Constant(whole, n) for n in (0, 3, 1))])  # to read, often, of data
        return context.get_dummy_value()

    return types.void(data, types.int64), generate


@intrinsic
def zero_bits(typing_context: Any, eight: Any) -> Any:
    """Count the zeros below the lowest bit that is set; 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@compiled
def load_some(data, at, length):
    """Read up to eight bytes, more than none; zeros stand behind them."""
    if at + 8 <= len(data):
        return load(data, at) & (~U(0) >> U(64 - 8 * length))
    eight = U(0)
    for n in range(length):
        eight |= U(data[at + n]) << U(8 * n)
    return eight


@compiled
def copy(data, start, end, out, at):
    """Copy bytes, and write up to SLACK - 1 more behind them; gives the place behind them.

    Most pieces are shorter than SLACK: then nothing is to be guessed about how often the loop goes round.
    """
    behind = at + end - start
    while start < end and start + SLACK <= len(data):
        copy_block(data, start, out, at)
        start += SLACK
        at += SLACK
    while at < behind:
        out[at] = data[start]
        start += 1
        at += 1
    return behind


@compiled
def find_byte(data, at, end, repeated):
    """Find a byte; gives the end where it is not there. repeated: an eight of it."""
    while at + 8 <= end:
        eight = load(data, at) ^ repeated
        zeros = (eight - ONES) & ~eight & HIGH_BITS  # the lowest one is exact
        if zeros:
            return at + (zero_bits(zeros) >> 3)
        at += 8
    while at < end and data[at] != U(repeated & U(255)):
        at += 1
    return at


@compiled
def skip_letters(data, at, end):
    """Find the first byte that is not a letter from A to Z or a to z; gives the end where there is none."""
    while at + 8 <= end:
        eight = load(data, at)
        lower = (eight | CAPITAL_BITS) & LOW_BITS
        others = ~((lower + BELOW_A) & ~(lower + BELOW_BRACE) & ~eight) & HIGH_BITS
        if others:
            return at + (zero_bits(others) >> 3)
        at += 8
    while at < end and ord("a") <= data[at] | 32 <= ord("z"):
        at += 1
    return at


@compiled
def is_ascii(data, at, end):
    """Say whether some bytes, more than none, are ASCII."""
    while end - at > 8:
        if load(data, at) & HIGH_BITS:
            return False
        at += 8
    return load_some(data, at, end - at) & HIGH_BITS == U(0)


@compiled
def is_same(one, one_start, one_end, two, two_start, two_end):
    """Say whether two pieces of bytes are the same."""
    if one_end - one_start != two_end - two_start:
        return False
    for n in range(one_end - one_start):
        if one[one_start + n] != two[two_start + n]:
            return False
    return True


@compiled
def decode(data, at):
    """Give the code point at a byte of valid UTF-8, and the byte behind it."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, at + 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | (data[at + 1] & 0x3F), at + 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (data[at + 2] & 0x3F), at + 3
    upper = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
    return upper | (np.int64(data[at + 2]) & 0x3F) << 6 | (data[at + 3] & 0x3F), at + 4
