"""A path of a recipe begins at the root where there is such a file; all else stays."""

import pytest

from commit_llm.data.recipe_paths import rooted


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("here.jsonl", "{root}/here.jsonl"),
        ("here.jsonl=0.5", "{root}/here.jsonl=0.5"),
        ("a=b.jsonl", "{root}/a=b.jsonl"),  # the name of a file
        ("a=b.jsonl=2", "{root}/a=b.jsonl=2"),
        ("sub", "{root}/sub"),
        ("org/data", "org/data"),  # of the hub
        ("org/data=2", "org/data=2"),
        ("=2", "=2"),
        (("here.jsonl", "org/data"), ("{root}/here.jsonl", "org/data")),
        ((), ()),
        (None, None),
    ],
)
def test_where_a_path_begins(tmp_path, value, expected):
    for name in ("here.jsonl", "a=b.jsonl"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    assert rooted(value, tmp_path) == within(tmp_path, expected)


def within(root, expected):
    if isinstance(expected, tuple):
        return tuple(within(root, each) for each in expected)
    return expected and expected.format(root=root)
