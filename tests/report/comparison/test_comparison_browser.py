"""The comparison page in a browser: sorting, searching, filtering, by keyboard; hostile answers; wide and narrow."""

import re

import pytest

from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.comparison_page import comparison_page
from commit_llm.report.comparison.evaluated_run import read_contexts
from commit_llm.report.comparison.score_charts import charts
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import evaluation

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    made = tmp_path_factory.mktemp("compared")
    given = [
        f"<b>base</b>={evaluation(made / 'a', 0.4, 1, ('el', 'ar', 'th'), wrong=EVIL)}",
        f"commit={evaluation(made / 'b', 0.6, 2, ('el', 'ar', 'th'))}",
        f"commit={evaluation(made / 'c', 0.6, 3, ('el', 'ar', 'th'))}",
    ]
    comparison = compare_systems(read_systems(given), ComparisonSettings(resamples=200))
    drawn = {suite.name: charts(comparison, suite) for suite in comparison.suites}
    return comparison_page(comparison, read_contexts(made / "a"), drawn)


@pytest.fixture
def opened(open_page, html):
    tab = open_page(html)
    tab.wait_for_selector("body[data-ready]")
    return tab


def items(tab):
    return tab.locator("#list > li")


def found(tab):
    """How many questions the line above the list tells of."""
    return int(tab.locator("#found").inner_text().split()[0].replace(",", ""))


def names(tab, table=0):
    return [
        name.replace(" baseline", "")
        for name in tab.locator("table.scores").nth(table).locator("tbody th").all_inner_texts()
    ]


def test_the_policy(html):
    policy = html.split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "alert(1)" not in html  # answers are packed, names escaped
    assert "<b>base</b>" not in html


def test_answers_are_text(opened):
    """Nothing of a hostile answer is an element, and nothing of it ran (open_page would have heard of it)."""
    hostile = opened.locator("#list bdi", has_text="onerror").first
    assert EVIL in hostile.inner_text()
    assert opened.locator("#list img, #list script").count() == 0
    assert opened.locator("main script").count() == 0
    assert "<b>base</b>" in names(opened)


def test_search(opened):
    """In questions, answers, references and contexts; case and accents make no difference."""
    assert found(opened) == 108
    opened.locator("#search").fill("ΘΑΛΑΣΣΑ")
    by_upper = found(opened)
    opened.locator("#search").fill("θάλασσα")
    assert found(opened) == by_upper == 36  # every Greek context has the word
    opened.locator("#search").fill("θάλασσα q3-1")
    assert found(opened) == 1  # an id is found as a whole
    opened.locator("#search").fill("3-1")
    assert found(opened) == 0
    opened.locator("#search").fill("nothing of the kind")
    assert (found(opened), items(opened).count()) == (0, 0)
    opened.locator("#search").fill("")
    assert found(opened) == 108


def test_filters(opened):
    """Each by the marks that the list itself shows."""
    texts = opened.locator("#filter option").all_inner_texts()
    assert "commit right, <b>base</b> wrong" in texts
    opened.locator("#task").select_option(label="ogx_xquad_ar")
    assert found(opened) == 36
    opened.locator("#filter").select_option(label="all are wrong")
    number = found(opened)
    assert 0 < number < 36
    while opened.locator("#more").is_visible():
        opened.locator("#more").click()
    assert items(opened).count() == number
    assert opened.locator("#list .right").count() == 0
    opened.locator("#filter").select_option(label="commit right, <b>base</b> wrong")
    for place in range(items(opened).count()):
        base, commit = (items(opened).nth(place).locator(".answers > li").nth(n) for n in (0, 1))
        assert base.locator(".right").count() == 0
        assert commit.locator(".wrong").count() == 0


def test_order(opened):
    """The first question is one that the baseline answers better than any seed of the other."""
    opened.locator("#order").select_option(label="<b>base</b> ahead of commit (F1)")
    cards = items(opened).first.locator(".answers > li")
    base, commit = (
        [float(re.search(r"F1 ([\d.]+)", told)[1]) for told in cards.nth(n).locator(".beside").all_inner_texts()]
        for n in (0, 1)
    )
    assert min(base) > max(commit)
    opened.locator("#order").select_option(label="as in the data")
    assert "q0-0" in items(opened).first.inner_text()


def test_differences_are_marked(opened):
    """Words that the baseline's answer has not; an answer that is the same has no mark."""
    opened.locator("#filter").select_option(label="commit right, <b>base</b> wrong")
    answer = items(opened).first.locator(".answers > li")
    assert answer.nth(0).locator("mark").count() == 0
    opened.locator("#filter").select_option(label="all are right")
    assert found(opened) > 0
    assert opened.locator(".answers mark").count() == 0
    opened.locator("#filter").select_option(label="systems differ")
    assert opened.locator(".answers mark").count() > 0


def test_seeds_that_agree_stand_once(opened):
    opened.locator("#filter").select_option(label="all are right")
    commit = items(opened).first.locator(".answers > li").nth(1)
    assert commit.locator("p").count() == 1
    assert "2 seeds" in commit.inner_text()


def test_the_context_marks_the_answer(opened):
    first = items(opened).first
    assert not first.locator("details p").is_visible()
    first.locator("summary").click()
    assert first.locator("details mark").inner_text() == first.locator(".gold bdi").inner_text()


def test_from_right_to_left(opened):
    opened.locator("#task").select_option(label="ogx_xquad_ar")
    question = items(opened).first.locator("h3")
    assert question.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert question.get_attribute("lang") == "ar"
    opened.locator("#task").select_option(label="ogx_xquad_el")
    assert items(opened).first.locator("h3").evaluate("element => getComputedStyle(element).direction") == "ltr"
    opened.locator("#search").fill("القاهرة")
    assert opened.locator("#search").evaluate("element => getComputedStyle(element).direction") == "rtl"


def test_a_long_answer_from_right_to_left(opened):
    """Its lines begin at the right, beside the mark of right or wrong."""
    opened.locator("#task").select_option(label="ogx_xquad_ar")
    answer = opened.locator("#list .answers p > bdi[lang=ar]").first
    answer.evaluate("element => element.textContent = 'هذا نص طويل جدا '.repeat(40) + '\\nقصير'")
    from_right = answer.evaluate("""element => {
        const range = document.createRange(), text = element.firstChild;
        range.setStart(text, text.length - 4);
        range.setEnd(text, text.length);
        return element.getBoundingClientRect().right - range.getBoundingClientRect().right;
    }""")
    assert from_right < 12
    verdict = opened.locator("#list .answers p > .verdict").first
    assert answer.bounding_box()["y"] == pytest.approx(verdict.bounding_box()["y"], abs=6)


def test_p_values_are_there_for_all(opened):
    """Not in a tip that only a mouse finds."""
    cell = opened.locator("table.scores tbody tr").nth(1).locator("td").first
    assert re.search(r"p (< )?[01]?\.?\d+, (< )?[01]", cell.inner_text())
    assert opened.locator("main [title]").count() == 0


def test_sorting_by_keyboard(opened):
    """Tab reaches the head of a column, Enter sorts by it, once more turns it round."""
    table = opened.locator("table.scores").first
    head = table.locator("thead th").nth(1)
    for _ in range(40):
        opened.keyboard.press("Tab")
        if head.evaluate("head => head.contains(document.activeElement)"):
            break
    assert names(opened) == ["<b>base</b>", "commit"]
    opened.keyboard.press("Enter")
    assert (names(opened), head.get_attribute("aria-sort")) == (["commit", "<b>base</b>"], "descending")
    opened.keyboard.press("Enter")
    assert (names(opened), head.get_attribute("aria-sort")) == (["<b>base</b>", "commit"], "ascending")


def test_everything_by_keyboard(opened):
    """/ jumps to the search; Tab leads on to task, filter and order, a list is chosen from by its keys."""
    opened.keyboard.press("/")
    assert opened.evaluate("document.activeElement.id") == "search"
    opened.keyboard.type("0/")
    assert opened.locator("#search").input_value() == "0/"
    opened.keyboard.press("Backspace")
    for id in ("task", "filter", "order"):
        opened.keyboard.press("Tab")
        assert opened.evaluate("document.activeElement.id") == id
    opened.keyboard.press("Shift+Tab")
    before = found(opened)
    opened.keyboard.press("ArrowDown")
    assert opened.locator("#filter").input_value() == "1"
    assert found(opened) < before
    opened.keyboard.press("Tab")
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.tagName") == "SUMMARY"
    opened.keyboard.press("Enter")
    items(opened).first.locator("details p").wait_for(state="visible")


def test_more_goes_on_where_the_new_ones_begin(opened):
    opened.locator("#more").focus()
    opened.keyboard.press("Enter")
    assert items(opened).count() == 20
    assert opened.evaluate("document.activeElement === document.querySelectorAll('#list summary')[10]")


@pytest.mark.parametrize("width", [320, 760, 1600])
def test_wide_and_narrow(opened, width):
    """Never wider than the window, whatever is in the title; systems side by side where there is room."""
    opened.set_viewport_size({"width": width, "height": 800})
    opened.locator("h1").evaluate("element => element.append('x'.repeat(60))")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    one, two = (items(opened).first.locator(".answers > li").nth(n).bounding_box() for n in (0, 1))
    assert (two["x"] > one["x"] + one["width"] / 2) == (width > 640)


def test_charts_are_there(opened):
    sizes = opened.locator("figure img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(sizes) == 3
    assert min(sizes) > 500


def test_an_old_browser_is_told(open_page, html):
    """Where the answers cannot be unpacked the page says so, and the tables stand."""
    broken = open_page(html.replace("id='answers'>", "id='answers'>AAAA"))
    broken.wait_for_function("document.getElementById('found').textContent.includes('cannot be unpacked')")
    assert names(broken) == ["<b>base</b>", "commit"]
