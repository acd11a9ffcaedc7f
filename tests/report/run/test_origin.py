"""Values of recipes and provenance as a page shows them."""

from commit_llm.report.run.origin import shown


def test_values():
    assert shown("/home/anna/x") == "<bdi>x</bdi>"
    assert shown("C:\\anna\\x.json", "data") == "<bdi>x.json</bdi>"
    assert shown("") == "<span class='quiet'>empty</span>"
    assert shown("/", "path") == "<bdi>/</bdi>"
    assert "none" in shown([])
    assert shown([True, None, 1.5]).startswith("yes, <span class='quiet'>not set</span>, <bdi>1.5")
