"""What a reader of the figures is warned of, and what each system was trained on."""

import pytest

from commit_llm.report.comparison.caveats import caveats, trained_on
from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import AWKWARD, TRAINED, change, evaluation


def test_notes(tmp_path, compared):
    assert compared.notes == (
        f"One seed only: {AWKWARD}. What is said of it holds for that checkpoint, not its method.",
    )
    one, two = evaluation(tmp_path / "one", seed=1), evaluation(tmp_path / "two", seed=2, training=None)
    several = [f"x={evaluation(tmp_path / str(seed), seed=seed)}" for seed in (7, 8)]
    notes = compare_systems(read_systems([str(one), *several]), ComparisonSettings(resamples=200)).notes
    assert notes == (
        "one has one seed: differences are to that checkpoint, not to its method.",
        "Two seeds only: x. They say little of how seeds vary; take three or more.",
    )
    (seeds, unknown) = compare_systems(read_systems([str(one), str(two)]), ComparisonSettings(resamples=200)).notes
    assert seeds.startswith("One seed a side: this is a difference between two checkpoints, not methods.")
    assert unknown == "Not known: what two was trained on, and whether that held the contexts."

    for folder in (one, two):
        change(folder, lambda held: [entry.update(contaminated_contexts=None) for entry in held["tasks"].values()])
    notes = compare_systems(read_systems([str(one), str(two)]), ComparisonSettings(resamples=200)).notes
    assert "Not known: whether what one was trained on held the contexts." in notes

    def bfloat16(held):
        for entry in held["tasks"].values():
            entry["signature"] = entry["signature"].replace("float32", "bfloat16")

    change(two, bfloat16)
    notes = compare_systems(read_systems([str(one), str(two)]), ComparisonSettings(resamples=200)).notes
    assert "Not all alike: products in bfloat16 (two) and float32 (one)." in notes


def test_the_template_of_each_system_is_named(tmp_path):
    """Of chat tasks, whether or not the templates differ."""
    hashes = {"one": "0f" * 8, "two": "1e" * 8, "same": "0f" * 8}
    for seed, (name, template) in enumerate(hashes.items()):

        def sign(held, template=template):
            for entry in held["tasks"].values():
                entry["signature"] += f"|template:{template}"

        change(evaluation(tmp_path / name, seed=seed, languages=("el",), suite="xquad_chat"), sign)
    start, task = "Chat tasks are asked through each model's own chat template: ", "xquad_chat_el"
    for names, of in (
        (("one", "two", "same"), f"{'0f' * 8} (one, same), {'1e' * 8} (two)."),
        (("one", "same"), f"{'0f' * 8} (one, same)."),
    ):
        systems = read_systems([str(tmp_path / name) for name in names])
        assert f"{start}{of}" in caveats(systems, "one", [task], [])


def test_answers_that_are_empty_or_cut(tmp_path):
    one = evaluation(tmp_path / "one", seed=1, empty=3, cut=4)
    two = evaluation(tmp_path / "two", seed=2, empty=36, cut=0)
    notes = compare_systems(read_systems([str(one), str(two)]), ComparisonSettings(resamples=200)).notes
    assert (
        "More than a tenth of the answers are empty: two, ogx_xquad_el: 36 of 36; two, ogx_xquad_th: 36 of 36." in notes
    )
    assert [note for note in notes if "are cut" in note] == [
        "More than a tenth of the answers are cut, since they had not ended: one, ogx_xquad_el: 4 of 36; one, "
        "ogx_xquad_th: 4 of 36."
    ]


def test_what_was_trained_on(tmp_path):
    align = TRAINED | {"data": "wiki.txt", "ratio": ["0.1@0", "0.5@1"], "examples": 9, "tokens": 82_000_000}
    folders = [
        evaluation(tmp_path / "a", seed=1, training=(align, TRAINED)),
        evaluation(tmp_path / "b", seed=2, training=(align, TRAINED | {"tokens": 300_000})),
        evaluation(tmp_path / "c", seed=3, training=(TRAINED | {"ratio": 0},)),
        evaluation(tmp_path / "d", seed=4, training=None),
    ]
    two, one, none = read_systems([f"two={folders[0]}", f"two={folders[1]}", str(folders[2]), str(folders[3])])
    assert trained_on(two) == [
        "wiki.txt, mixed at ratio 0.1@0 0.5@1: 9 examples, 82,000,000 tokens",
        "alpaca.jsonl, mixed at ratio 0.9: 1,600 examples, 250,000 to 300,000 tokens",
    ]
    assert trained_on(one) == ["alpaca.jsonl: 1,600 examples, 250,000 tokens"]
    ways = {"ways": "0.5 of sentences"}
    stages = (TRAINED | ways, TRAINED | {"ratio": 0} | ways)
    sentences = read_systems([str(evaluation(tmp_path / "e", seed=5, training=stages)), str(folders[3])])[0]
    assert [line.partition(":")[0] for line in trained_on(sentences)] == [
        "alpaca.jsonl, mixed at ratio 0.9 (0.5 of sentences)", "alpaca.jsonl, mixed (0.5 of sentences)",
    ]  # fmt: skip
    assert trained_on(none) == ["not known"]
    random = evaluation(tmp_path / "random", seed=5, training=())
    assert trained_on(read_systems([str(random), str(folders[0])])[0]) == ["nothing"]


@pytest.mark.parametrize("changed", [{"ratio": 0.5}, {"ways": "translations behind the words"}])
def test_runs_of_one_name_that_are_not_seeds_of_one_recipe(tmp_path, changed):
    """They may be compared, but nobody is told that they were trained as the first was."""
    one = evaluation(tmp_path / "one", seed=1)
    two = evaluation(tmp_path / "two", seed=2, training=(TRAINED, TRAINED | changed))
    other = evaluation(tmp_path / "other", seed=3)
    found = compare_systems(read_systems([f"x={one}", f"x={two}", str(other)]), ComparisonSettings(resamples=200))
    assert "The runs of x differ in more than the seed: what they were trained on is below." in found.notes
    assert [line.rpartition(" (")[2] for line in trained_on(found.systems[0])] == ["run 1)", "run 2)", "run 2)"]
