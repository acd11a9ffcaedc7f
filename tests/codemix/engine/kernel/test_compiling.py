"""What is compiled is kept, and kept no longer than the sources that it was made of."""

from commit_llm.codemix.engine.kernel import compiling
from commit_llm.codemix.engine.kernel.lookup import fold


def test_what_is_kept_is_of_all_the_sources(tmp_path):
    """Numba keeps a hash of the function's own file beside what it compiled; here it is the room's."""
    fold(0, 0)
    assert fold._cache._cache_file._source_stamp == compiling.sources_hash(compiling.ROOM)
    assert (compiling.ROOM.parent / "codemix/finding/characters.py").is_file()
    hashes = []
    deeper = tmp_path / "deeper"
    deeper.mkdir()
    for folder, name, content in [
        (tmp_path, "a.py", "1"),
        (tmp_path, "a.py", "2"),
        (deeper, "b.py", ""),
        (deeper, "c", ""),
    ]:
        (folder / name).write_text(content)
        compiling.sources_hash.cache_clear()
        hashes.append(compiling.sources_hash(tmp_path))
    assert len(set(hashes[:3])) == 3
    assert hashes[3] == hashes[2]


def test_no_place_for_numba_s_cache(monkeypatch):
    """As in a container where neither this package nor the user's folder can be written to."""

    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(compiling, "njit", njit)
    assert compiling.compiled(len) is len


def test_a_numba_that_keeps_its_cache_elsewhere(monkeypatch):
    """What could be of older sources is not kept."""
    kept = []
    monkeypatch.setattr(
        compiling, "njit", lambda cache=False, **options: lambda function: kept.append(cache) or function
    )
    assert compiling.compiled(len) is len
    assert kept == [True, False]
