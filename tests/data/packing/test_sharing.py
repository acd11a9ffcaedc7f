"""Examples made in shares; threads stand for processes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.data.packing.sharing import SharedExamples, pack, unpack
from commit_llm.data.packing.stream_packer import StreamPacker
from commit_llm.errors import UserError


def make(epoch, row, place=0.0):
    """Of 1 to 13 tokens; every eleventh record has nothing to train on."""
    if row % 11 == 7:
        return NoExample(NoExampleReason.BLANK)
    tokens = np.arange(row % 13 + 1, dtype=np.int32) + 100 * row + 10_000 * epoch
    return Example(tokens, (tokens % 2).astype(np.float32), Cut(row % 3))


class Post:
    """What each of several threads gives, given to all of them, round after round."""

    def __init__(self, count):
        self.barrier, self.messages, self.rounds = threading.Barrier(count), [b""] * count, 0

    def of(self, process):
        def exchange(value):
            self.messages[process] = value
            self.barrier.wait(10)
            messages = list(self.messages)
            self.barrier.wait(10)
            self.rounds += process == 0
            return messages

        return exchange


def together(count, work):
    """work(process, exchange) in so many threads."""
    post = Post(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda process: work(process, post.of(process)), range(count))), post.rounds


@pytest.mark.parametrize(
    "make_packer", [lambda examples: StreamPacker(examples, 2, 24), lambda examples: FirstFitPacker(examples, 2, 24)]
)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_batches_and_states_are_those_of_a_process_alone(make_packer, count):
    alone = make_packer(Examples(range(50), make, 5))
    whole = [next(alone) for _ in range(20)]
    end = alone.get_state()
    asked = [[] for _ in range(count)]

    def work(process, exchange):
        def counted(epoch, row, place):
            asked[process].append((epoch, row))
            return make(epoch, row)

        examples = Examples(range(50), counted, 5)
        packer = make_packer(examples)
        for _ in range(3):
            next(packer)  # the shares begin where the packer stands
        asked[process].clear()
        packer.examples = SharedExamples(examples, process, count, exchange, share=4)
        return [next(packer) for _ in range(17)], packer.get_state()

    results, rounds = together(count, work)
    assert rounds > 3
    for batches, state in results:
        assert state == end
        for batch, expected in zip(batches, whole[3:], strict=True):
            assert batch.keys() == expected.keys()
            assert all(batch[name].tobytes() == expected[name].tobytes() for name in batch)
    assert sum(map(len, asked)) == len({one for share in asked for one in share})  # nobody does another's work
    assert {len(share) for share in asked} == {4 * rounds}


def test_a_mistake_in_one_share_is_raised_in_all_at_the_same_place():
    def work(process, exchange):
        def broken(epoch, row, place):
            if row == 21 and process == 1:
                raise UserError("row 21 of da\udce9ta has no text")  # a name of a file that is not UTF-8
            return make(epoch, row)

        examples = SharedExamples(Examples(range(50), broken), process, 2, exchange, share=4)
        for position in range(50):
            try:
                examples[position]
            except UserError as error:
                return position, str(error)
        return None

    assert together(2, work)[0] == [(16, "row 21 of da\N{REPLACEMENT CHARACTER}ta has no text")] * 2


def test_what_is_asked_out_of_order_is_made_here():
    def nobody(value):
        return [value]

    shared = SharedExamples(Examples(range(50), make), 0, 1, nobody, share=8)
    assert shared[10].tokens.tolist() == make(0, 10).tokens.tolist()
    assert shared[3].tokens.tolist() == make(0, 3).tokens.tolist()
    assert shared[11].tokens.tolist() == make(0, 11).tokens.tolist()
    assert (shared.num_records, shared.first_source_epoch, shared.index(52)) == (50, 50, 2)


def test_pack_and_unpack():
    examples = [make(0, row) for row in range(30)]
    examples[3] = Example(np.zeros(0, np.int32), np.zeros(0, np.float32))
    examples[4] = Example(np.arange(3, dtype=np.int32), np.ones(3, np.float32), Cut.IF_LONG, untrained=2)
    for example, expected in zip(unpack(pack(examples)), examples, strict=True):
        assert isinstance(example, NoExample) == isinstance(expected, NoExample)
        if isinstance(example, NoExample):
            assert example == expected
        else:
            assert (example.cut, example.untrained) == (expected.cut, expected.untrained)
            assert (example.tokens.dtype, example.loss_mask.dtype) == (np.int32, np.float32)
            np.testing.assert_array_equal(example.tokens, expected.tokens)
            np.testing.assert_array_equal(example.loss_mask, expected.loss_mask)
    assert unpack(pack([])) == []
    none = [NoExample(NoExampleReason.CONTROL, "w\u00f6rds\n\ud800"), NoExample(NoExampleReason.BLANK)]
    assert unpack(pack(none)) == none
