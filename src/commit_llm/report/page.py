"""The shell of a self-contained HTML page: one file, no request, light and dark, wide and narrow."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from commit_llm.errors import visible

# Each pair of text and ground has a contrast of at least 4.5, which tests/report/test_page.py computes. Charts take the
# same colours. good and bad always stand beside a sign, never alone.
LIGHT = {
    "ground": "#fcfcfb", "raised": "#f3f3f0", "line": "#dcdcd6", "text": "#1f2024", "quiet": "#5c5f68",
    "link": "#1a56b0", "mark": "#ffe08a", "mark-text": "#33270a", "good": "#17693d", "bad": "#a3311f",
}  # fmt: skip
DARK = {
    "ground": "#17181b", "raised": "#202226", "line": "#383b42", "text": "#e6e6e3", "quiet": "#a3a7b1",
    "link": "#8ab8ff", "mark": "#5e4a10", "mark-text": "#ffedb8", "good": "#6fd19c", "bad": "#f29b8b",
}  # fmt: skip


def colour_rules(light: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """Write colours as custom properties of CSS, so that a dark screen changes them in one place."""
    in_light, in_dark = (" ".join(f"--{name}: {colour};" for name, colour in them.items()) for them in (light, dark))
    return f":root {{ {in_light} }}\n@media (prefers-color-scheme: dark) {{\n  :root {{ {in_dark} }}\n}}\n"


# What every page shares; a page adds its own rules.
STYLE = (
    colour_rules(LIGHT, DARK)
    + """
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: clamp(1rem, 3vw, 2.5rem); max-width: 78rem; background: var(--ground); color: var(--text);
  font: 1rem/1.6 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 0; font-size: 1rem; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
mark { background: var(--mark); color: var(--mark-text); border-radius: 3px; padding: .05em .15em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem .3rem 0; text-align: start; vertical-align: baseline; }
.number { text-align: end; white-space: nowrap; }
.quiet { color: var(--quiet); }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  mark, .was { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
)


def page(title: str, body: str, style: str = "", script: str = "") -> str:
    """Write a whole HTML document.

    Its content security policy allows this style element and this script, by hash, and images within the page. It
    allows nothing else: no style attribute, no request. Shares and lengths are therefore drawn with attributes of SVG.

    title: plain text.
    body: HTML, escaped already.
    style: rules that follow those of every page.
    """
    rules = STYLE + style
    policy = [
        "default-src 'none'",
        f"style-src 'sha256-{_digest(rules)}'",
        *([f"script-src 'sha256-{_digest(script)}'"] if script else []),
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>{rules}</style>\n</head>\n<body>\n{body}\n"
        f"{f'<script>{script}</script>' if script else ''}</body>\n</html>\n"
    )


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def text(value: str) -> str:
    """Escape text for HTML, also within a quoted attribute. Control characters, which HTML cannot have, become signs.

    >>> text('<script>"\\x1b')
    '&lt;script&gt;&quot;␛'
    """
    return escape(visible(value), quote=True)
