"""`python -m commit_llm`."""

from commit_llm.cli.main import entry

if __name__ == "__main__":
    entry()
