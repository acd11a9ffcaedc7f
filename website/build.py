"""Build the documentation site: build/site/index.html. `python website/build.py`, with the extra `docs`.

README.md is its front page. A link out of docs/ works in the repository as it stands; here it leads to a page that
shows the file.
"""

import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
# Pages outside docs/, and their names in the site.
OUTSIDE_DOCS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
TARGET = re.compile(r"(?<=\]\()[^)\s#]+")  # of a link or a picture, without its anchor
FENCE = re.compile(r"(^ *```.*?^ *```$)", re.M | re.S)
API = re.compile(r"^<!-- api: ([\w.]+) -->$", re.M)  # a place for what the package exports
# Of what a page asks for by itself: another host in it would learn who reads.
ASKED_FOR = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".sh": "bash"}


def sources() -> dict[str, str]:
    """Give the place in the site of each page and picture, by its path in the repository."""
    docs = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").iterdir() if path.suffix in (".md", ".svg")]
    return {path: path.removeprefix("docs/") for path in sorted(docs)} | OUTSIDE_DOCS


def place_of(path: str) -> str:
    """Give the place in the site of a file or a folder of the repository.

    >>> place_of("README.md"), place_of("docs/mixing.md"), place_of("src/commit_llm/recipes.py")
    ('index.md', 'mixing.md', 'repository/src/commit_llm/recipes.py.md')
    """
    return sources().get(path, f"repository/{path}.md")


def links(text: str, path: str) -> list[str]:
    """Give the files of the repository that a page links to. path: the page's own."""
    targets: list[str] = []

    def note(target: str) -> str:
        targets.append(_in_repository(path, target))
        return target

    _with_targets(text, note)
    return targets


def site_text(text: str, path: str) -> str:
    """Write a page as the site has it: its links lead to the site's pages, and the API stands in its places.

    >>> site_text("[Mixing](docs/mixing.md#sentences), [code](src/a.py)", "README.md")
    '[Mixing](mixing.md#sentences), [code](repository/src/a.py.md)'
    >>> site_text("[readme](../README.md), [hub](https://hub)", "docs/mixing.md")
    '[readme](index.md), [hub](https://hub)'
    """
    folder = posixpath.dirname(place_of(path))
    linked = _with_targets(
        text, lambda target: posixpath.relpath(place_of(_in_repository(path, target)), folder or ".")
    )
    return API.sub(r"::: \1", linked)


def _with_targets(text: str, change: Callable[[str], str]) -> str:
    """Change the target of every link inside the repository, outside fenced code."""
    parts = FENCE.split(text)
    for number in range(0, len(parts), 2):
        parts[number] = TARGET.sub(lambda link: link[0] if "://" in link[0] else change(link[0]), parts[number])
    return "".join(parts)


def _in_repository(page: str, target: str) -> str:
    """Give the path in the repository of what a page links to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def file_page(path: str) -> str:
    """Write the page that shows a file, or lists a folder, of the repository."""
    file = ROOT / path
    if file.is_dir():
        inside = sorted(one.relative_to(file).as_posix() for one in file.rglob("*") if one.is_file())
        return f"# {path}\n\nA folder of the repository:\n\n" + "".join(f"- `{name}`\n" for name in inside)
    language = LANGUAGES.get(file.suffix, "text")
    return f"# {path}\n\nA file of the repository:\n\n````{language}\n{file.read_text(encoding='utf-8')}````\n"


def write_pages(folder: Path) -> None:
    """Write all pages and pictures of the site into a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shown = set()
    for path, place in sources().items():
        if path.endswith(".md"):
            text = (ROOT / path).read_text(encoding="utf-8")
            shown |= {target for target in links(text, path) if target not in sources()}
            _write(folder / place, site_text(text, path))
        else:
            _write(folder / place, (ROOT / path).read_text(encoding="utf-8"))
    for path in shown:
        if (ROOT / path).exists():  # otherwise Zensical names the link
            _write(folder / place_of(path), file_page(path))
    shutil.copy(ROOT / "website" / "site.css", folder)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def asked_of_others(page: str) -> list[str]:
    """Give what a page of the built site asks another host for: fonts, scripts, pictures. Links are not asked for.

    >>> asked_of_others('<a href="https://a.b"><script async src="https://a.b/c.js"></script><img src="d.svg">')
    ['https://a.b/c.js']
    """
    return ASKED_FOR.findall(page)


def main() -> int:
    """Write the pages, and have Zensical build them; a warning, such as a link that leads nowhere, is an error."""
    workshop, site = BUILD / "site-source", BUILD / "site"
    write_pages(workshop / "pages")
    shutil.copy(ROOT / "website" / "zensical.toml", workshop)
    zensical = Path(sys.executable).with_name("zensical")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # for website.griffe_extension
    done = subprocess.run([zensical, "build", "--clean", "--strict"], cwd=workshop, env=environment)
    if done.returncode:
        return done.returncode
    shutil.rmtree(site, ignore_errors=True)
    shutil.move(workshop / "site", site)
    pages = sorted(site.rglob("*.html"))
    others = {host for page in pages for host in asked_of_others(page.read_text(encoding="utf-8"))}
    if others:
        print(f"{site}: asks {', '.join(sorted(others))}; the site is for those without a network too", file=sys.stderr)
        return 1
    print(f"{len(pages)} pages; look at them: {sys.executable} -m http.server --directory {site}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
