"""What files and data sets are called where others read it: on pages, in model cards and provenance."""

from pathlib import Path, PureWindowsPath

from commit_llm.data.records import SUFFIXES

OURS = (*SUFFIXES, ".tsv", ".csv", ".model")  # of files: no id of the hub ends so


def public_name(value: str) -> str:
    """The name of a file or folder without the folders it is in, which are nobody's business.

    An id of the hub, such as `tatsu-lab/alpaca`, is shown whole.

    >>> public_name("/home/anna/data/alpaca.json"), public_name("data/el-en.txt=0.5"), public_name("tatsu-lab/alpaca")
    ('alpaca.json', 'el-en.txt=0.5', 'tatsu-lab/alpaca')
    """
    suffix = Path(value.rpartition("=")[0] or value).suffix
    owner, slash, name = value.partition("/")
    hub = slash and owner not in ("", ".", "..", "~") and name and not set("/\\") & set(name)
    return value if hub and suffix not in OURS and not Path(value).exists() else last_part(value)


def last_part(path: str) -> str:
    """Of a path, as any system writes it."""
    return (PureWindowsPath(path) if "\\" in path else Path(path)).name or path
