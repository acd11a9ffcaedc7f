"""Every file says its job in its first sentence, and is neither long nor tiny without a reason."""

import ast

from tests.architecture.source import FILES, inside, tree_of

LONGEST, SHORTEST = 400, 40
# Files under 40 lines, each with the reason why it stands by itself. A folder's __init__.py needs none.
MAY_BE_SHORT = {
    "__main__.py": "what `python -m commit_llm` runs",
    "cli/tasks.py": "a file a command",
    "cli/text/version.py": "what --version prints, with jax, which main.py does without",
    "codemix/language_draw.py": "one draw, which the mixer and what counts examples make",
    "codemix/dictionaries/stop_words.py": "a list, with where it comes from",
    "codemix/engine/brackets.py": "a rule that decisions and answers need, and the kernel has in one file too",
    "data/forms/renamed.py": "a form, each in a file",
    "data/recipe_paths.py": "what two rooms need, recipes and studies",
    "evaluate/harness/responses.py": "a file of lm-eval's answers, which needs no lm-eval",
    "files/checksum.py": "checkpoints and exports, of two rooms, carry it",
    "parallel/alarm_filter.py": "a program of its own, which has to start at once",
    "parallel/mesh_sizes.py": "flags read it, without jax",
    "parallel/unused_gpu.py": "files of a driver, which nothing else looks at",
    "runs/answer_shares.py": "what two rooms show, the command line and reports",
    "runs/chain.py": "flags read its names, without numpy",
    "report/comparison/output_folder.py": "what is replaced and what is refused, apart from what is written",
    "vocabulary/sentencepiece_proto.py": "a format of others, described",
}


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_file_says_its_job():
    assert [inside(path) for path in FILES if not ast.get_docstring(tree_of(path))] == []


def test_no_file_is_long():
    assert [inside(path) for path in FILES if lines(path) > LONGEST] == []


def test_a_short_file_has_a_reason():
    short = {inside(path) for path in FILES if path.name != "__init__.py" and lines(path) < SHORTEST}
    assert short - set(MAY_BE_SHORT) == set(), "join it with what it serves, or say here why it stands by itself"
    assert set(MAY_BE_SHORT) - short == set(), "no longer short: take it out of the table"
