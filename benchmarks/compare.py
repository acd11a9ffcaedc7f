"""Time `commit-llm compare` on 8 systems x 12 languages x 1,190 questions: seconds, size of the page, searches.

Exit status 1 where a figure misses its bar.

    COMMIT_SHARED=../shared python benchmarks/compare.py

Contexts and questions are XQuAD's in el, en, hi and th, and stand for the other languages too. Every answer is made up,
and differs between systems. The search is timed in Chromium, if it is installed, from the key to the list.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.report.comparison.evaluations import evaluation

LANGUAGES = ("ar", "de", "zh", "vi", "en", "es", "hi", "el", "th", "tr", "ru", "ro")
WITH_DATA = ("el", "en", "hi", "th")
SYSTEMS = 8
SEARCHES = ("battle", "μάχη", "the", "ค", "युद्ध", "e", "no such word", "")
SHARED = Path(os.environ.get("COMMIT_SHARED", "../shared"))


@lru_cache
def xquad(language):
    """Give (id, context_id, context, question, reference) of a language, or of another one where it has no data."""
    source = language if language in WITH_DATA else WITH_DATA[LANGUAGES.index(language) % len(WITH_DATA)]
    articles = json.loads((SHARED / "data" / "xquad" / f"xquad.{source}.json").read_text(encoding="utf-8"))["data"]
    return [
        (question["id"], f"{a}-{p}", paragraph["context"], question["question"], question["answers"][0]["text"])
        for a, article in enumerate(articles)
        for p, paragraph in enumerate(article["paragraphs"])
        for question in paragraph["qas"]
    ]


def searches(page):
    """Time each search in milliseconds, from setting the text until the list is laid out."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        began = time.perf_counter()
        tab.goto(page.as_uri())
        tab.wait_for_selector("#list li")
        shown = time.perf_counter() - began
        tab.wait_for_selector("body[data-ready]")
        ready = time.perf_counter() - began
        timed = tab.evaluate(
            """async (words) => {
                const field = document.getElementById("search"), times = [];
                for (const word of words) {
                    const began = performance.now();
                    field.value = word;
                    field.dispatchEvent(new Event("input"));
                    const answered = performance.now() - began;
                    document.body.getBoundingClientRect();  // laid out too
                    times.push([answered, performance.now() - began, document.getElementById("found").textContent]);
                }
                return times;
            }""",
            list(SEARCHES),
        )
        browser.close()
    return shown, ready, timed


def main():
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "compared"
        systems = [Path(folder) / f"system-{number}" for number in range(SYSTEMS)]
        for number, system in enumerate(systems):
            wrong = " ".join(str(word) for word in np.random.default_rng(number).integers(0, 10**6, 3))
            evaluation(system, 0.4 + 0.02 * number, number, LANGUAGES, asked=xquad, wrong=f"system {number}: {wrong}")
        command = [sys.executable, "-m", "commit_llm", "compare", *map(str, systems), "--out", str(out)]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        size = (out / "index.html").stat().st_size
        print(f"{SYSTEMS} systems x {len(LANGUAGES)} languages x {len(xquad('en')):,} questions")
        print(f"compared in {seconds:.1f} s (bar: 20); page of {size / 1e6:.1f} MB (bar: 10)")
        passed = seconds < 20 and size < 10e6
        times = searches(out / "index.html")
        if times is None:
            print("search: not timed, no Chromium here")
            return not passed
        shown, ready, timed = times
        print(f"questions shown after {shown:.1f} s, ready for every search after {ready:.1f} s")
        for word, (answered, laid_out, message) in zip(SEARCHES, timed, strict=True):
            print(f"search {word!r}: {answered:.0f} ms, laid out {laid_out:.0f} ms (bar: 100): {message}")
            passed = passed and laid_out < 100
        return not passed


if __name__ == "__main__":
    sys.exit(main())
