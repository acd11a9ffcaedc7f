"""The shell of a self-contained HTML page: one file, no script, no request, light and dark, wide and narrow."""

import base64
import hashlib
from html import escape

# What every page shares; a page adds its own rules. Colours are custom properties, so that dark changes them in one
# place; each pair of text and ground has a contrast of at least 4.5 (tests/report/test_page.py reckons it).
STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fcfcfb; --raised: #f3f3f0; --line: #dcdcd6; --text: #1f2024; --quiet: #5c5f68; --link: #1a56b0;
  --mark: #ffe08a; --mark-text: #33270a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #17181b; --raised: #202226; --line: #383b42; --text: #e6e6e3; --quiet: #a3a7b1; --link: #8ab8ff;
    --mark: #5e4a10; --mark-text: #ffedb8;
  }
}
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


def page(title: str, body: str, style: str = "") -> str:
    """A whole HTML document: the body's HTML (escaped already) under a title (plain text), with a style of its own.

    Its content security policy allows its own style element, by hash, and nothing else: no script, no style
    attribute, no image, no request. Shares and lengths are therefore drawn with attributes of SVG.
    """
    rules = STYLE + style
    digest = base64.b64encode(hashlib.sha256(rules.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>{rules}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def text(value: str) -> str:
    """Any text as HTML, also within a quoted attribute. Control characters, which HTML cannot hold, become signs.

    >>> text('<script>"\\x1b')
    '&lt;script&gt;&quot;␛'
    """
    return escape(visible(value), quote=True)


def visible(value: str) -> str:
    """Control characters (all but line feed and tab) as the signs that Unicode has for them.

    A text cannot then move the cursor of a terminal, or be cut short on a page.
    """
    return value.translate(_SIGNS)


_SIGNS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_SIGNS |= {127: 0x2421} | dict.fromkeys(range(128, 160), 0xFFFD)
