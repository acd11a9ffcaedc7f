"""A ratio that moves: where it is at any place, and what is not a schedule."""

import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer, MixingSettings
from commit_llm.codemix.outcome import Outcome
from commit_llm.codemix.ratio_schedule import RatioSchedule, is_written_ratio
from commit_llm.errors import SettingError

RISING = RatioSchedule([(0.1, 0), (0.9, 2)])
WORDS = [f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(400)]
DICTIONARY = BilingualDictionary.from_pairs([(word, f"λέξη {word}") for word in WORDS])
TEXT = " ".join(WORDS)

# points, (passes, ratio) ...
PLACES = [
    (["0.1@0", "0.9@2"], [(0, 0.1), (0.5, 0.3), (1, 0.5), (1.5, 0.7), (2, 0.9), (3, 0.9), (1e9, 0.9)]),
    (["0.2@1", "0.6@2", "0@4"], [(0, 0.2), (1, 0.2), (1.25, 0.3), (2, 0.6), (3, 0.3), (4, 0), (9, 0)]),
    (["1@0.5", "0.5@0.75", "0.5@3"], [(0, 1), (0.5, 1), (0.625, 0.75), (0.75, 0.5), (2, 0.5), (4, 0.5)]),
    (["0@0", "1@1e-9"], [(0, 0), (5e-10, 0.5), (1e-9, 1), (1, 1)]),
]


@pytest.mark.parametrize(("points", "ratios"), PLACES)
def test_it_is_linear_between_its_points_and_stays_outside_them(points, ratios):
    schedule = RatioSchedule.parse(points)
    assert [schedule.at(passes) for passes, _ in ratios] == pytest.approx([ratio for _, ratio in ratios])


@pytest.mark.parametrize("points", [points for points, _ in PLACES])
def test_at_a_point_it_is_what_the_point_says(points):
    schedule = RatioSchedule.parse(points)
    assert [schedule.at(passes) for _, passes in schedule.points] == [ratio for ratio, _ in schedule.points]
    assert RatioSchedule.parse(schedule.written) == schedule
    assert (schedule.highest, schedule.last) == (max(schedule.points)[0], schedule.points[-1][0])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.floats(0, 10))
def test_it_never_leaves_its_ratios_and_is_written_as_it_is_read(ratios, passes):
    schedule = RatioSchedule([(ratio, place * 0.7) for place, ratio in enumerate(ratios)])
    assert min(ratios) <= schedule.at(passes) <= max(ratios)
    assert RatioSchedule.parse(str(schedule).split()) == schedule


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (["0.5@0"], "ratio 0.5@0: a changing ratio has two points or more, such as 0.1@0 0.9@2"),
        ([], "ratio : a changing ratio has two points or more"),
        (
            ["0.8@1", "0.2@0"],
            "ratio 0.8@1 0.2@0: points must be in the order of their passes, but 0 does not come after",
        ),
        (
            ["0.1@0", "0.2@2", "0.3@2"],
            "ratio 0.1@0 0.2@2 0.3@2: points must be in the order of their passes, but 2 does",
        ),
        (["0.1@0", "1.2@1"], "ratio 1.2@1: the probability of a replacement is between 0 and 1"),
        (["-0.1@0", "1@1"], "ratio -0.1@0: the probability"),
        (["nan@0", "1@1"], "ratio nan@0: the probability"),
        (["0.1@-1", "1@1"], "ratio 0.1@-1: passes over the data are a number, at least 0"),
        (["0.1@0", "1@inf"], "ratio 1@inf: passes"),
        (["0.1@nan", "1@2"], "ratio 0.1@nan: passes"),
        (["0.1@0", "much"], "ratio much: write one number, or points RATIO@PASSES, such as 0.1@0 0.9@2"),
        (["0.1@0", "0.9@later"], "ratio 0.9@later: write one number, or points"),
        (["0.1", "0.9"], "ratio 0.1: write one number, or points"),
        (["0.1@0@1", "0.9@2"], "ratio 0.1@0@1: write one number, or points"),
    ],
)
def test_what_is_no_schedule(points, message):
    with pytest.raises(SettingError) as caught:
        RatioSchedule.parse(points)
    assert str(caught.value).startswith(message)
    assert caught.value.for_command().startswith("--" + message)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_ratios_of_files():
    assert all(map(is_written_ratio, [0, 1, 0.5, ["0.1@0", "0.9@2"]]))
    others = [None, True, -0.1, 10**400, float("nan"), "0.5", [], ["0.1@0"], [0.1, 0.9], ["0.1@0", 3], {"a": 1}]
    assert not any(map(is_written_ratio, others))


@pytest.mark.parametrize("style", ["clean", "original"])
@pytest.mark.parametrize("draw", [None, "occurrence"])
def test_it_is_read_at_epoch_and_place_by_all_that_mix(style, draw):
    moving = CodeMixer(DICTIONARY, ratio=RISING, style=style, draw=draw, seed=4)
    for epoch, place, ratio in [(0, 0.0, 0.1), (0, 0.5, 0.3), (1, 0.25, 0.6), (2, 0.0, 0.9), (7, 0.9, 0.9)]:
        fixed = moving.with_ratio(moving.settings.ratio_at(epoch, place))
        assert fixed.settings.ratio == pytest.approx(ratio)
        at = {"row": 3, "epoch": epoch}
        expected = fixed.mix(TEXT, **at)
        assert moving.mix(TEXT, place=place, **at) == expected
        example = moving.mix_example({"text": TEXT}, place=place, **at)
        assert (example.texts["text"], example.counts) == expected
        column, _ = moving.mix_columns({"text": pa.array([TEXT])}, first_row=3, epoch=epoch, place=place)
        assert column["text"].to_pylist() == [expected.text]


def test_within_a_pass_a_higher_ratio_keeps_what_a_lower_one_replaced():
    mixer = CodeMixer(DICTIONARY, ratio=RISING)
    before: set = set()
    for place in (0.0, 0.3, 0.6, 0.99):
        words = mixer.explain({"text": TEXT}, row=5, place=place)["text"]
        replaced = {word for word in words if word.outcome is Outcome.REPLACED}
        assert before < replaced
        assert abs(len(replaced) / len(WORDS) - RISING.at(place)) < 0.06
        before = replaced


def test_it_moves_the_threshold_alone():
    settings = MixingSettings(ratio=RISING)
    assert (settings.highest_ratio, settings.last_ratio, settings.ratio_at(1, 0.5)) == (0.9, 0.9, pytest.approx(0.7))
    fixed = MixingSettings(ratio=0.4)
    assert (fixed.highest_ratio, fixed.last_ratio, fixed.ratio_at(1, 0.5)) == (0.4, 0.4, 0.4)
    assert "ratio 0.1@0 0.9@2, style clean" in repr(CodeMixer(DICTIONARY, settings))
    with pytest.raises(SettingError, match="clean_version 1"):
        MixingSettings(ratio=RISING, clean_version=1)
    assert MixingSettings(ratio=RatioSchedule([(0, 0), (0, 1)]), clean_version=1).highest_ratio == 0
