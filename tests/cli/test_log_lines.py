"""Notes of a command: facts and warnings on standard error, each once, and only while a command runs."""

import logging

from commit_llm.cli.log_lines import notes_shown

LOGGER = logging.getLogger("commit_llm")


def test_facts_and_warnings_are_told_once_on_standard_error(capsys):
    with notes_shown():
        for line in ("a fact", "a fact", "another"):
            LOGGER.info("%s", line)
        LOGGER.warning("look here")
    LOGGER.info("not now")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "a fact\nanother\nlook here\n")
    with notes_shown():
        LOGGER.info("a fact")
    assert capsys.readouterr().err == "a fact\n"
