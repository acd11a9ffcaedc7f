"""The built documentation site in a browser, on a narrow and a wide screen, in light and dark."""

import functools
import http.server
import importlib.util
import threading

import pytest

from tests.conftest import ROOT

SITE = ROOT / "build" / "site"
PAGES = {  # each with the least number of pictures
    "index.html": 1,
    "chain.html": 6,
    "models.html": 0,  # wide tables
    "python.html": 0,  # the API, with long signatures
}
WIDTHS = (360, 1280)
# Waits for every picture, and gives its width: 0 where it does not load. A picture may wait until it is scrolled to.
WIDTHS_OF_PICTURES = """() => Promise.all([...document.images].map(async image => {
    image.loading = "eager";
    await image.decode().catch(() => null);
    return image.naturalWidth;
}))"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Answers with the site's files, and prints nothing."""

    def log_message(self, *told):
        pass


@pytest.fixture(scope="module")
def address():
    """The address of the site, which is served from this machine: its search needs a server."""
    if importlib.util.find_spec("zensical") is None:
        pytest.skip("no Zensical (extra docs), which builds the site")
    if not (SITE / "index.html").is_file():
        pytest.skip("no site at build/site: python website/build.py builds it")
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_site(browser, address):
    """Opens a page of the site. While it is open, nothing may be asked of another host."""
    contexts, asked = [], []

    def call(name, width, scheme="light"):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address + name, wait_until="load")
        return page

    yield call
    for context in contexts:
        context.close()
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_screen(open_site, name, width, scheme):
    """It does not scroll sideways, its pictures are there, and its ground is light or dark."""
    page = open_site(name, width, scheme)
    pictures = page.evaluate(WIDTHS_OF_PICTURES)
    assert len(pictures) >= PAGES[name]
    assert min(pictures, default=1) > 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(ground.partition("(")[2].partition(",")[0])
    assert red < 80 if scheme == "dark" else red > 200, ground


@pytest.mark.parametrize("width", WIDTHS)
def test_the_search_finds_a_word(open_site, width):
    """A word that only another page has leads there. Zensical's search lies in a shadow root, which selectors enter."""
    page = open_site("index.html", width)
    results = page.locator('ol a[href*="scaling.html"]')
    assert results.count() == 0
    page.locator('.md-search__button:visible, label[for="__search"]:visible').first.click()
    page.locator('input[role="combobox"]').press_sequentially("Slurm")
    results.first.wait_for(timeout=20_000)
    results.first.click()
    page.wait_for_url("**/scaling.html*")
    assert page.locator("h2", has_text="Slurm").count() == 1
