"""What is never touched, and what is although it looks like it, as tables, and how long it takes to find out."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commit_llm.codemix.finding.protection import protected_spans


def protected(text):
    """The protected parts of a text, and a check that they stand in order and apart."""
    spans = protected_spans(text)
    assert all(start < end for start, end in spans)
    borders = [border for span in spans for border in span]
    assert borders == sorted(borders)
    return [text[start:end] for start, end in spans]


CODE = [
    ("Run `ls docs` or ``a ` b``.", ["`ls docs`", "``a ` b``"]),
    ("A lone ` stays open", []),
    ("See:\n```python\ndog = 1\n```\ndog", ["```python\ndog = 1\n```"]),
    ("````\n```\ndog\n````\ndog", ["````\n```\ndog\n````"]),
    ("Open: ```dog\nto the end", ["```dog\nto the end"]),
    ("a\n  ~~~\ndog\n~~~\ndog ~~~ dog", ["~~~\ndog\n~~~"]),
    ("$5 and $6, but $a + b$ and $$c$$", ["$a + b$", "$$c$$"]),
    (r"\(dog\) \[cat\] \frac{dog}{cat} \emph{dog}", [r"\(dog\)", r"\[cat\]", r"\frac{dog}{cat}", r"\emph{dog}"]),
    (r"\begin{dog} cat \end{dog} dog", [r"\begin{dog} cat \end{dog}"]),
    ("(https://dog.example/a?b) -http://c.d", ["https://dog.example/a?b)", "http://c.d"]),
    ("www.dog.example, not awww.dog", ["www.dog.example,"]),
    ("://dog 1://dog `a`", ["`a`"]),
    ("Write to big.dog+a@dog.example, dog@ or @dog", ["big.dog+a@dog.example"]),
    ("{name} {{ name }} {a\nb}", ["{name}", "{{ name }}"]),
    ("%s %(dog)d %dog 5 % of it, 5%dogs", ["%s", "%(dog)d"]),
    ("<b>dog</b> a <dog 3 < 4 <!--dog--> <3", ["<b>", "</b>", "<!--dog-->"]),
    ("nothing: here, 5 % of it.", []),
]
MARKUP = [
    # character references: known ones, with their semicolon
    ("cats &amp; dogs &times; 4 &Eacute; &#169; &#xAB;", ["&amp;", "&times;", "&Eacute;", "&#169;", "&#xAB;"]),
    ("twice: &amp;copy; &amp;amp;lt; &amp;dogs;", ["&amp;copy;", "&amp;amp;lt;", "&amp;"]),
    ("AT&T; R&D; Q&A, cats&dogs; &dogs; &copy that, &#dog; & &;", []),
    # ... with the letters beside one that is a part of their word
    # behind emphasis and quotes that open, not those that close
    (
        "**/etc/dog** «/etc/dog» — /etc/dog *--dogs* «-v» **--dogs**",
        ["/etc/dog**", "/etc/dog", "/etc/dog", "--dogs", "-v", "--dogs"],
    ),
    ("**dogs**/cats *dogs*/cats «dogs»/cats 2*/dogs", []),
    ("caf&eacute;s, cafe&#x301; na&iuml;f", ["f&eacute;s", "e&#x301;", "a&iuml;f"]),
    (
        "don&#39;t &#39;dogs&#39; for&shy;est dogs&shy; a&nbsp;dog",
        ["n&#39;t", "&#39;", "&#39;", "r&shy;e", "&shy;", "&nbsp;"],
    ),
    # a host with a known ending and a path
    (
        "see github.com/people/dog. (bit.ly/dog) “goo.gl/dog”",
        ["github.com/people/dog.", "bit.ly/dog)", "goo.gl/dog"],
    ),
    ("a.co.uk/dog?b=c#e, //img.dog.org/dog", ["a.co.uk/dog?b=c#e,", "img.dog.org/dog"]),
    (
        "localhost:8080/house localhost/dog 127.0.0.1/dog x.de:80/dog",
        ["localhost:8080/house", "localhost/dog", "127.0.0.1/dog", "x.de:80/dog"],
    ),
    ("git@dog.com:people/dog a@dog.com/cat", ["git@dog.com:people/dog", "a@dog.com/cat"]),
    ("git.io/dog—dogs", ["git.io/dog"]),
    ("a.and/dog his.The/dog end.It/dog Ph.D./M.D. U.S./UK 7.5/dogs dogs:41/cats x.isit/dog", []),
    # a path that begins as one does
    ("/home/user/x.txt /etc (/tmp) [/usr/bin]", ["/home/user/x.txt", "/etc", "/tmp", "/usr/bin"]),
    ("\"/dog\" '/cat' `/dog “/cat”", ["/dog", "/cat", "/dog", "/cat"]),
    ("PATH=/usr/bin:/home/dog host:/dog", ["/usr/bin:/home/dog", "/dog"]),
    ("#!/bin/dog 2>/dev/dog <b>dogs</b>/cats dogs,/cats!/birds", ["/bin/dog", "/dev/dog", "<b>", "</b>"]),
    ("./run.sh ../dog/cat ~/dog ~/.dog", ["./run.sh", "../dog/cat", "~/dog", "~/.dog"]),
    (r".\dog ..\dog\cat", [r".\dog", r"..\dog\cat"]),
    (r"C:\Users\dog, 'D:\dogs of cats\The cat.exe' C:/dog", [r"C:\Users\dog", r"D:\dogs of cats\The", "C:/dog"]),
    (r"C:\\Users\\dog from C:\a.b to \\server\dog", [r"C:\\Users\\dog", r"C:\a.b", r"\\server\dog"]),
    ("either / or // dogs, dogs'/cats' \"dogs\"/cats (dogs)/cats €/dog .../dog dog../cat ~dog/cat /.", []),
    # a path with a file's extension
    ("src/main.js, images/dog.png.", ["src/main.js", "images/dog.png."]),
    (r"src\main.js dog\cat\bird.png", [r"src\main.js", r"dog\cat\bird.png"]),
    ("dog/a.tar.gz dog/CAT.JPG dog/.env dog/*.py", ["dog/a.tar.gz", "dog/CAT.JPG", "dog/.env", "dog/*.py"]),
    ("dog/cat.js:12 dog/cat.js#L1 dog/cat.html?a=dog", ["dog/cat.js:12", "dog/cat.js#L1", "dog/cat.html?a=dog"]),
    (
        "(dog/cat.js) *dog/cat.c* _dog/cat.R_ {a}/cat/a.js",
        ["dog/cat.js", "dog/cat.c*", "_dog/cat.R_", "{a}", "/cat/a.js"],
    ),
    ("and/or dogs/cats. he/she/they km/h 1/2 24/7 w/o 12/05/2020 docs/ TCP/IP r/worldnews", []),
    ("dogs/cats...birds dogs/cats.The his/her.A a.m./p.m. 4.5/2.5", []),
    # targets of links
    ("[dog](dog/cat) ![dog](cat)", ["](dog/cat", "](cat"]),
    ("[dog](#dog \"the dog\") [dog]( cat 'dog' ) [dog](<cat dog>)", ["](#dog", "]( cat", "](<cat dog>"]),
    ("[dog](dog(cat)_(a(b))c) dog", ["](dog(cat)_(a(b))c"]),
    ("[dog]: #cat\n[dog]: dog/cat.png 'dog'\n[dog]: #cat dog", ["]: #cat", "dog/cat.png"]),
    ("[dog] (cat) [dog](the cat) [dog](cat [dog]() [dogs]: cats", []),
    # mailto
    ("mailto:people@house, MAILTO:dog to: dog mailto: dog", ["mailto:people@house,", "MAILTO:dog"]),
    # flags
    ("run --version --no-dog=a=cat -v", ["--version", "--no-dog=a=cat", "-v"]),
    ("\u200e--dog \ufeff/dog \u200f-v\u200f", ["--dog", "/dog", "-v"]),
    ("[-v|--dog] (-q,--dog) '-x' “--dog” --dog, -X:", ["-v", "--dog", "-q", "--dog", "-x", "--dog", "--dog", "-X"]),
    ("- dog -dog -- dog --- dog--cat dog --Dog --it's --dog-- -5 self-made dog- -rf", []),
    ("-A dog\n-I think\n-Hola -e.g. -x-ray 'tis-a", ["-e"]),
]


@pytest.mark.parametrize(("text", "parts"), [*CODE, *MARKUP])
def test_protected(text, parts):
    assert protected(text) == parts


def test_scripts_without_spaces():
    """What is written without spaces may stand right beside a path or a flag."""
    assert protected("使用-v参数 ใช้--version 他/她 และ/หรือ") == ["-v", "--version"]
    assert protected("看src/main.js文件 文档/报告.txt") == ["看src/main.js", "文档/报告.txt"]


SNIPPETS = [
    *("dog", "é", "ẹ́", "Ω", "가", "각", "ñ", "ḍ", "\u1fef", "\u212a", "\u037e", "≮", "≯", "≠", "<", ">", "="),
    *("`", "\u0301", " ", "\n", "/", "\\", "\\\\", ":", "://", "@", ".", "-", "--", "~", "~/", "../", "&"),
    *("&amp", ";", "&#", "]", "](", "]: #", ")", "'", '"', "mailto:", "www.", "C:\\", ".com/", ".com", "localhost"),
    *(":80/", ".py", ".é", "-v", "%d", "%(", "$", "{", "}", "€", "1"),
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(SNIPPETS), max_size=12).map("".join)


@given(TEXTS)
@example("dog/dog.js\u0301")
def test_the_spelling_of_letters_and_signs_does_not_matter(text):
    """Canonically equivalent texts have canonically equivalent protected parts."""
    spellings = text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    parts = [[unicodedata.normalize("NFD", part) for part in protected(spelling)] for spelling in spellings]
    assert parts[0] == parts[1] == parts[2]


@pytest.mark.parametrize(
    "piece",
    [
        *("://", "1://", "@a.", "a.b@", "www.", "``` ", "`` ", "$a ", "{", "\\a[", "\\a{", "~~~\n"),
        *(pytest.param(piece, marks=pytest.mark.slow) for piece in ("\\[", "\\begin{a}")),
    ],
)
def test_linear_time(piece):
    """Three seconds at most where it is linear, half a minute where each place looks through all that follows."""
    begun = time.process_time()
    protected_spans(piece * 60_000)
    assert time.process_time() - begun < 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *("/", "//", "a//", "a.b//", "a/", "a.b/", "~/", " /a", "./", "../", "a" * 254 + "/", "a" * 300 + "/"),
        *("a.com:1/", "a@b.c/", "a:1/", ".", "\\", "C:\\", "C:\\a ", "\\\\a", " \\\\a", "a\\", "a.\\", "mailto:"),
        *("&", "&amp;", "&amp", "&#", "-", "--", " --a", "-a", " -a", "--a-", "](", "](a", "](a(", "](a "),
        *(":/", "/-:", "?/", "=\\", "a" * 200 + ":/"),
        *("to:", '](a "', "]: #", "<a", "%("),
    ],
)  # fmt: skip
def test_linear_time_for_a_megabyte(piece):
    begun = time.process_time()
    protected_spans(piece * (1_000_000 // len(piece)))
    assert time.process_time() - begun < 10
