"""Several sources in one sequence: shares, passes, and a position that says all."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.data.packing.interleaving import InterleavedExamples, Interleaving
from commit_llm.errors import UserError
from tests.data.packing.numbered_examples import numbered, targets_seen

WEIGHTS = st.lists(st.fractions(min_value="0.02", max_value=100, max_denominator=50), min_size=1, max_size=5)


def interleaved(lengths_of, weights, seed=3):
    """Sources of numbered examples: as tokens tell example and place, their source is told by the place alone."""
    first_ids = [sum(map(len, lengths_of[:number])) for number in range(len(lengths_of))]
    sources = [numbered(lengths, seed + number) for number, lengths in enumerate(lengths_of)]
    for source, first_id in zip(sources, first_ids, strict=True):
        object.__setattr__(source, "first_id", first_id)
    names = [chr(97 + number) for number in range(len(sources))]
    return InterleavedExamples(names, sources, [Fraction(weight) for weight in weights])


@pytest.mark.parametrize(
    ("weights", "drawn"),
    [
        (["1"], "00000000"),
        (["1", "1"], "01010101"),
        (["3", "1"], "000100010001"),
        (["0.75", "0.25"], "000100010001"),
        (["1", "3"], "011101110111"),
        (["2", "1", "1"], "01020102"),
    ],
)
def test_sources_drawn(weights, drawn):
    interleaving = Interleaving([Fraction(weight) for weight in weights])
    assert "".join(str(interleaving.at(position)[0]) for position in range(len(drawn))) == drawn


@given(WEIGHTS)
def test_every_source_comes_in_its_order_and_nothing_is_left_out(weights):
    interleaving = Interleaving(weights)
    drawn = [interleaving.at(position) for position in range(300)]
    for number in range(len(weights)):
        own = [place for source, place in drawn if source == number]
        assert own == list(range(len(own)))
    assert [interleaving.position(*at) for at in drawn] == list(range(300))


@settings(max_examples=50)
@given(WEIGHTS, st.integers(0, 10**12))
def test_far_away_it_is_as_exact_as_near(weights, position):
    interleaving = Interleaving(weights)
    number, own = interleaving.at(position)
    assert interleaving.position(number, own) == position
    assert abs(own - position * weights[number] / sum(weights)) <= len(weights)


@pytest.mark.parametrize(
    "weights", [["3", "1"], ["1", "1", "1"], ["0.7", "0.2", "0.1"], ["1", "99"], ["5", "0.05", "2"]]
)
def test_shares_of_ten_thousand_examples_are_those_asked_for(weights):
    """Within one hundredth of each share, at any place that they are counted from."""
    weights = [Fraction(weight) for weight in weights]
    interleaving = Interleaving(weights)
    for start in (0, 12_345):
        drawn = [interleaving.at(position)[0] for position in range(start, start + 10_000)]
        for number, weight in enumerate(weights):
            share = weight / sum(weights)
            assert abs(drawn.count(number) - 10_000 * share) <= max(1, 100 * share)


def test_each_source_has_its_own_passes_and_its_own_shuffle():
    examples = interleaved([[3] * 5, [3] * 20], ["1", "1"])
    drawn = [examples.where(position) for position in range(40)]
    small, large = ([where for where in drawn if where.source == number] for number in (0, 1))
    assert [where.epoch for where in small] == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
    assert [where.epoch for where in large] == [0] * 20
    assert [where.place for where in small[:5]] == [0, 0.2, 0.4, 0.6, 0.8]
    passes = [[where.record for where in small[start : start + 5]] for start in range(0, 20, 5)]
    assert all(sorted(records) == list(range(5)) for records in passes)
    assert len(set(map(tuple, passes))) > 1
    assert sorted(where.record for where in large) == list(range(20))


def test_records_have_one_number_each():
    examples = interleaved([[3] * 5, [3] * 20, [3] * 2], ["1", "2", "1"])
    for position in range(100):
        where = examples.where(position)
        assert examples.index(position) == [0, 5, 25][where.source] + where.record
        assert examples[position].tokens[0] == 100 * (where.record + 1)
    assert {examples.index(position) for position in range(examples.num_records)} == set(range(27))


def test_a_pass_of_all_is_over_when_each_has_had_one():
    assert interleaved([[3] * 5, [3] * 20], ["1", "1"]).num_records == 40
    assert interleaved([[3] * 20, [3] * 5], ["4", "1"]).num_records == 25
    assert interleaved([[3] * 7], ["2"]).num_records == 7


def test_the_first_source_has_passed_before_the_others():
    examples = interleaved([[3] * 5, [3] * 20], ["2", "1"])
    first = [examples.where(position).source for position in range(examples.first_source_epoch)].count(0)
    assert (first, examples.where(examples.first_source_epoch - 1).source) == (5, 0)
    assert examples.first_source_epoch < 9 < examples.num_records


@pytest.mark.parametrize("stop", range(10))
def test_batches_go_on_from_any_state(stop):
    lengths = [[5 + (7 * number) % 23 for number in range(13)], [4 + (5 * number) % 19 for number in range(37)]]

    def packer():
        return FirstFitPacker(interleaved(lengths, ["2", "3"]), rows=2, seq_len=32)

    running, resumed = packer(), packer()
    for _ in range(3 * stop):
        next(running)
    resumed.set_state(json.loads(json.dumps(running.get_state())))
    for _ in range(9):
        one, other = next(running), next(resumed)
        assert all((one[name] == other[name]).all() for name in one)


def test_where_nothing_fits_it_is_told_after_a_pass_of_all():
    with pytest.raises(UserError, match=r"longer than a row of 10 tokens; --seq-len 29 keeps them all"):
        next(FirstFitPacker(interleaved([[20] * 3, [30] * 5], ["1", "3"]), rows=1, seq_len=10))
    packer = FirstFitPacker(interleaved([[20], [5] * 5], ["1", "9"]), rows=1, seq_len=10)
    assert len(targets_seen([next(packer) for _ in range(4)])) >= 20


def test_a_mistake_names_the_source():
    examples = interleaved([[3] * 5, [3] * 5], ["1", "1"])

    def broken(epoch, index, place):
        raise UserError("record 3 of the data: no field 'output'")

    object.__setattr__(examples.sources[1], "make", broken)
    assert examples[0]
    with pytest.raises(UserError, match="b: record 3 of the data: no field 'output'"):
        examples[1]
