"""The folder that `compare` writes."""

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.output_folder import MARKER, PAGE, write_comparison


@pytest.mark.slow
def test_the_folder(compared, tmp_path):
    """Whole or not at all; only a comparison is overwritten."""
    names = write_comparison(compared, tmp_path / "out")
    assert {"scores.md", "scores.tex", "scores.csv", MARKER, PAGE, "ogx_xquad-scores.png"} <= set(names)
    assert (tmp_path / "out" / "ogx_xquad-languages.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="exists already"):
        write_comparison(compared, tmp_path / "out")
    assert write_comparison(compared, tmp_path / "out", overwrite=True) == names
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(UserError, match="holds something else"):
        write_comparison(compared, tmp_path / "other", overwrite=True)


def test_very_many_languages(tmp_path):
    """A chart has a largest height: matplotlib draws none of more than 65,536 dots."""
    from commit_llm.report.comparison.score_charts import _size

    assert _size(1000, 8)[1] * 160 < 2**16
