"""What the tests of all commands share."""

import pytest

from commit_llm.cli.main import main


@pytest.fixture
def run(capsys):
    """Run a command; its status, output and error output."""

    def call(*argv):
        try:
            status = main([str(word) for word in argv])
        except SystemExit as stop:  # tyro's own help and messages
            status = stop.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
