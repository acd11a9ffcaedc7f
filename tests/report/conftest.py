"""An open page for the tests of pages: what a reader sees in light and dark, and that a page says and asks nothing."""

import pytest


@pytest.fixture(params=["light", "dark"])
def open_page(browser, tmp_path, request):
    """Opens an HTML page in a window, once in light and once in dark.

    Nothing may be said on its console or asked of the network while it is open.
    """
    pages = []

    def call(html):
        file = tmp_path / f"page{len(pages)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(color_scheme=request.param, viewport={"width": 1200, "height": 800})
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        pages.append((context, said, asked, file.as_uri()))
        return page

    yield call
    for context, said, asked, address in pages:
        assert said == []
        # Pictures that stand in the page itself are requests to the browser, though none leaves it.
        assert [url for url in asked if not url.startswith("data:")] == [address]
        context.close()
