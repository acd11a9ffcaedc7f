"""Names say what is inside: of modules, of tests, and of variables."""

import ast
from collections import defaultdict

from tests.architecture.source import FILES, TESTS, inside, tree_of

# Module names that say nothing of what is inside.
BANNED_MODULES = {
    "words", "notes", "texts", "samples", "several", "status", "values", "names", "memory", "compared", "utils",
    "helpers", "misc",
}  # fmt: skip
# Variables of these names hold something that has a name.
BANNED_IDENTIFIERS = {"told", "found", "held"}

# Tests of a whole, which no single module holds, each with what it is.
TESTS_OF_A_WHOLE = {
    "cli/test_commands.py": "what all commands share: help, mistakes in one line, nothing half-written",
    "codemix/engine/test_ways.py": "all features together, in both engines",
    "codemix/test_golden.py": "outputs of the original",
    "codemix/test_every_language.py": "a sentence of each language, through both engines",
    "codemix/test_promises.py": "what mixing promises, measured on real data",
    "codemix/test_properties.py": "properties of every way to mix",
    "codemix/test_ways_to_mix.py": "a table of sentences for each way to mix and each pair of ways",
    "codemix/test_spelling_properties.py": "properties of every spelling of a text",
    "data/packing/test_packers.py": "what both packers do",
    "data/test_golden_tokens.py": "outputs of the original",
    "evaluate/test_golden.py": "outputs of the original",
    "evaluate/test_mesh.py": "an evaluation over a mesh",
    "report/comparison/test_comparison_browser.py": "the page in a browser",
    "report/preview/test_preview_browser.py": "the page in a browser",
    "report/run/test_run_page_browser.py": "the page in a browser",
    "test_behaviour_docs.py": "docs/behaviour.md",
    "train/test_split_run.py": "runs on split weights, from the first step to the export",
    "train/test_run_tokenizer.py": "a run's tokenizer, from the recipe to the export",
    "codemix/engine/test_kernel.py": "both styles of the compiled engine",
    "test_chain.py": "mix, train, export and answer, on real input",
    "test_chain_of_families.py": "the same with a model that is more than LLaMA",
    "test_chain_of_conversations.py": "the same with conversations, and with prompts of a user's own",
    "test_citations.py": "what is cited is there",
    "test_docs.py": "the links of README and docs, README's picture, and the flags of the original",
    "test_documented_commands.py": "our commands in README, CONTRIBUTING and docs",
    "test_documented_programs.py": "those of other programs",
    "test_glossary_docs.py": "docs/glossary.md",
    "test_languages_docs.py": "docs/languages.md",
    "test_licences_docs.py": "docs/licences.md and CITATION.cff",
    "test_mixing_docs.py": "docs/mixing.md",
    "test_models_docs.py": "docs/models.md",
    "test_notebook_docs.py": "docs/notebook.md",
    "test_original_commands.py": "the commands of the original's README, as ours",
    "test_reliability_docs.py": "docs/reliability.md",
    "test_scaling_docs.py": "docs/scaling.md",
    "test_site.py": "the documentation site: website/, docs/chain.md and docs/python.md",
    "test_site_in_browser.py": "the built site in a browser",
    "test_supply.py": ".ci/supply",
    "test_ways_docs.py": "the three ways of docs/method.md",
    "test_wording.py": "the English of pages, help and messages",
    "study/test_studies.py": "the studies of studies/",
    "test_study_docs.py": "docs/study.md",
    "train/test_attention.py": "fast attention in whole steps",
    "train/test_golden_training.py": "outputs of the original",
    "train/test_mesh.py": "a training on any mesh",
    "train/test_processes.py": "a training in several processes",
}
# Folders of tests that mirror no room.
FOLDERS_OF_A_WHOLE = {
    "architecture": "the rules of the house",
    "benchmarks": "the programs of benchmarks/",
    "faults": "every stage, disturbed in every way",
    "fuzz": "every reader, with any bytes",
    "long": "the long tier",
    "parity": "our code beside torch and transformers",
}


def modules():
    """Path without suffix -> file, of every module."""
    return {inside(path).removesuffix(".py"): path for path in FILES if path.name != "__init__.py"}


def test_modules_have_names_that_say_something():
    assert [name for name in modules() if name.rpartition("/")[2] in BANNED_MODULES] == []


def test_no_two_modules_have_one_name():
    """But cli/X.py may have a command's name, and cli/text/X.py says what it prints."""
    places = defaultdict(list)
    for name in modules():
        if not name.startswith("cli/"):
            places[name.rpartition("/")[2]].append(name)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_two_classes_have_one_name():
    places = defaultdict(list)
    for path in FILES:
        if not inside(path).startswith("cli/"):  # a command's flags are a class of the command's name
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(inside(path))
    assert {name: where for name, where in places.items() if len(where) > 1 and not name.startswith("_")} == {}


def identifiers(path):
    """(name, line) of everything that a file gives a name to."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno


def test_variables_say_what_they_hold():
    faults = [
        f"{inside(path)}:{line}: {name}"
        for path in FILES
        for name, line in identifiers(path)
        if name in BANNED_IDENTIFIERS
    ]
    assert faults == []


def test_tests_are_named_after_what_they_hold():
    faults, used = [], set()
    for path in sorted(TESTS.rglob("test_*.py")):
        place = path.relative_to(TESTS)
        module = (place.parent / place.stem.removeprefix("test_")).as_posix()
        if place.parts[0] in FOLDERS_OF_A_WHOLE or module in modules():
            continue
        if place.as_posix() in TESTS_OF_A_WHOLE:
            used.add(place.as_posix())
        else:
            faults.append(f"tests/{place}: no module src/commit_llm/{module}.py")
    assert faults == []
    assert set(TESTS_OF_A_WHOLE) - used == set(), "take it out of the table"
