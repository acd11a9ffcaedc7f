"""Write the list of `commit-llm mix --list-sentences`: what a translation system is to be given."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commit_llm.cli.lines import say
from commit_llm.codemix.settings import language_codes
from commit_llm.errors import UserError
from commit_llm.files.whole import refuse_existing_file

if TYPE_CHECKING:
    from commit_llm.cli.mix import Mix
    from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
    from commit_llm.data.list_sentences import Listed


def run_list(command: "Mix", out: Path) -> None:
    """Write the sentences of the command's file into `out`, and say how many there are."""
    if command.out is not None:
        raise UserError(f"--list-sentences {out}: writes this list instead of a mixed file; leave out --out")
    if command.style == "original":
        raise UserError("--list-sentences: style original knows no sentences; --style clean has them")
    refuse_existing_file(out, command.overwrite, "--list-sentences")
    named = [path for path, _ in (*command.dictionary_files, *command.sentence_files)]
    if any(source.resolve() == out.resolve() for source in (command.input, *named)):
        raise UserError(f"{out}: is the input; choose another --list-sentences")
    from commit_llm.cli.progress import bars
    from commit_llm.data.column_names import open_columns
    from commit_llm.data.list_sentences import list_sentences
    from commit_llm.data.mixed_fields import Fields

    columns = open_columns(command.columns, command.input, command.fields)
    fields = Fields(command.fields, command.mix_fields, command.mix_roles, columns)
    known = command.open_sentences()
    with bars() as bar:
        listed = list_sentences(
            command.input,
            out,
            fields,
            _text_languages(command, known),
            [pairs.translations for pairs in known],
            overwrite=command.overwrite,
            report=bar,
        )
    say(as_json(listed, out) if command.json else as_text(listed, out))


def _text_languages(command: "Mix", known: "Sequence[SentencePairs]") -> frozenset[str]:
    """Give the codes of the languages that the texts are in, as mixing with the same files takes them."""
    from commit_llm.codemix.dictionaries.languages import infer_languages

    dictionaries = [infer_languages(dictionary, command.languages) for dictionary in command.open_dictionaries()]
    given = [language_codes(command.languages)[0]] if command.languages else []
    sources = [languages.source for languages in (*dictionaries, *(pairs.languages for pairs in known))]
    return frozenset(source for source in (*given, *sources) if source)


def as_json(listed: "Listed", out: Path) -> str:
    """Give the numbers for a program."""
    return json.dumps({**listed._asdict(), "written": listed.written, "out": str(out)}, ensure_ascii=False)


def as_text(listed: "Listed", out: Path) -> str:
    """Give the numbers, and what to do with the list."""
    left_out = [
        f"{number:,} {what}"
        for number, what in (
            (listed.known, "that a file of --sentences has"),
            (listed.too_long, "that are too long to translate at once"),
        )
        if number
    ]
    beside = f", without {' and '.join(left_out)}" if left_out else ""
    return (
        f"{listed.written:,} sentences to translate{beside}; {listed.rows:,} rows have {listed.sentences:,} sentences "
        f"with a word, {listed.different:,} of them different\n"
        f"wrote {out}; put their translations beside them, separated by a tab, for --sentences: "
        f"paste {shlex.quote(str(out))} TRANSLATIONS > pairs.tsv"
    )
