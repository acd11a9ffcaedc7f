r"""Find an address or a path around one of its signs: `:`, `@`, `/` or `\`.

A slash alone says little: `and/or` and `km/h` are words. What decides is how the run of signs around it begins (`/`,
`./`, `~/`, `C:\`, a host with a known ending) or ends (a file's extension).
"""

import re
from functools import cache

from commit_llm.codemix.finding.characters import IGNORED, MARK, UNSPACED, character_set

# Characters that are looked at before a sign, so that no text takes more than linear time: of an address, of a path.
LONGEST_BEFORE, LONGEST_NAME = 64, 255

# What may stand before something that begins with a sign, as the inside of brackets. Quotes are another matter, and a
# comma before a slash ends a line of verse.
OPENING = rf"\s\I(\[{{=:|“‘„«‹（「『《【⟨＜：，、。—–•…→¿¡{UNSPACED}"

SCHEME_BEFORE = r"[A-Za-z0-9+.-]*[A-Za-z]"
AFTER_SCHEME = r"://[^\s<>\"]+"
# The last stop or bracket of a sentence is taken too, which does no harm: it is not a word.
TAIL = r"[\w!#$%&'()*+,./:;=?@~-]"
AFTER_MAILTO = rf":{TAIL}+"
MAIL_BEFORE = r"[\w.+-]+"
MAIL = rf"@[\w-]+(?:\.[\w-]+)+(?:(?::[\w.~-]*+)?/{TAIL}*)?"  # with the path of git@example.com:project/x

PATH_BEFORE = r":[A-Za-z](?![\w])|(?:\d{1,5}:)?[\w.+@~%-]*"
HOST = r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[\w-]+\.)+(?P<ending>[^\W\d_]{2,6}))(?::\d{1,5})?"
PAGE = rf"/{TAIL}+"
RUN, OF_RUN = r"[\w.+@~%=#?&*:/\\-]+", r"[\w.+@~%=#?&*:-]*"
BEGINNING = (
    # A quote before the slash must open, and in "dogs'/cats'" it closes. Shells write #!/bin/sh and 2>/dev/null.
    rf"(?:(?<![^{OPENING}])|(?<=#!|[\s\d]>)|(?<=[\"'`*])(?<![^{OPENING}][\"'`*])|(?<=\*\*)(?<![^{OPENING}]\*\*))/[.~@%*]*[\w]"
    r"|(?:\.\.?[/\\]|~/|[A-Za-z]:/)[.@*]*[\w]"
)
# A file's extension is in one case, so that no sentence begins at its dot. It stands behind more than dots, one letter
# behind more than one, so that "a.m./p.m." is not a file. A script without spaces may go on right behind it.
FILE = (
    r"(?:[^/\\?#]*+[/\\])++(?:[^/\\?#]*[^/\\?#.])?"
    r"\.(?:[a-z][a-z0-9]{1,10}|[A-Z][A-Z0-9]{1,4}|(?<![/\\.][A-Za-z0-9]\.)[a-zB-HJ-Z])(?![\M])"
    rf"(?:[?#:].*\Z|[\W_]*\Z|(?=[{UNSPACED}]))"
)
NAME = r"[\w.+@~%$-]"
FOLDER = r"[^\\/:*?\"<>|\s](?:[^\\/:*?\"<>|\n\t]{0,80}[^\\/:*?\"<>|\s])?"  # of Windows, often with spaces
WINDOWS = (
    rf"[A-Za-z]:(?:\\{{1,2}}{FOLDER}(?=\\))*\\{{1,2}}{NAME}*"
    rf"|(?<![\w])\\\\(?:\\\\)?{NAME}+(?:\\{{1,2}}{NAME}+)+"
)

# Of hosts: those of no country that are often seen, and the countries'.
ENDINGS = (
    " com org net edu gov mil int info biz name pro museum app dev page blog cloud online site store shop tech wiki "
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd "
    "cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd "
    "ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg "
    "kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv "
    "mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa "
    "sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug "
    "uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw рф ελ "
)


@cache
def pattern(template: str) -> re.Pattern[str]:
    r"""Compile a pattern that finds the same in composed and in decomposed letters.

    template: has in brackets `\w`, which takes in the marks, `\M`, which is a mark, and `\I`, a format character.

    >>> pattern(r"[\w]+").fullmatch("e\u0301te\u0301") is not None
    True
    """
    marks = character_set(MARK)
    template = template.replace(r"\w", r"\w" + marks).replace(r"\M", marks)
    return re.compile(template.replace(r"\I", character_set(IGNORED)))


def begins(template: str, text: str, earliest: int, place: int) -> int:
    """Give where that begins which stands before a place. The template is for the text turned round."""
    match = pattern(template).match(text[earliest:place][::-1])
    return place - match.end() if match else place


def address(text: str, colon: int, earliest: int) -> tuple[int, int] | None:
    """Find what has a scheme, `https://` or `mailto:`, from its colon."""
    start = begins(SCHEME_BEFORE, text, max(earliest, colon - LONGEST_BEFORE), colon)
    rest = AFTER_MAILTO if text[start:colon].lower() == "mailto" else AFTER_SCHEME
    match = pattern(rest).match(text, colon) if start < colon else None
    return (start, match.end()) if match else None


def mail(text: str, at: int, earliest: int) -> tuple[int, int] | None:
    """Find an address of mail from its sign."""
    start = begins(MAIL_BEFORE, text, max(earliest, at - LONGEST_BEFORE), at)
    match = pattern(MAIL).match(text, at) if start < at else None
    return (start, match.end()) if match else None


def path(text: str, sign: int, earliest: int) -> tuple[int, int] | None:
    """Find a path, or a host with its path, from the first slash or backslash of a run; from a later one nothing."""
    if text[sign] == "\\" == text[sign - 1 : sign]:
        return None
    limit = max(0, sign - LONGEST_NAME)
    start = begins(PATH_BEFORE, text, limit, sign)
    if 0 < limit == start:
        return None
    span = None
    later = text[start - 1 : start] in ("/", "\\")
    if text[sign] == "/" and (not later or text[start - 2 : start] == "//") and is_host(text[start:sign]):
        span = pattern(PAGE).match(text, sign)
    elif not later:
        span = path_of_files(text, start, sign)
    return (max(start, earliest), span.end()) if span else None


def path_of_files(text: str, start: int, sign: int) -> re.Match[str] | None:
    """Match a path that is no host's from where it begins; its first slash or backslash is the sign."""
    if text[sign] == "\\":
        windows = pattern(WINDOWS).match(text, start)
        if windows or start == sign:  # where a command of LaTeX may be
            return windows
    if pattern(BEGINNING).match(text, start):
        return pattern(RUN).match(text, start)
    earlier = begins(OF_RUN, text, max(0, start - LONGEST_NAME), start)
    if (start - earlier == LONGEST_NAME) or text[max(0, earlier - 1) : earlier] in ("/", "\\"):
        return None  # the run has an earlier sign, or so much before this one that nobody looks for it
    run = pattern(RUN).match(text, start)
    return pattern(FILE).match(text, start, run.end()) if run else None


def is_host(name: str) -> bool:
    """Say whether a name is a host's: `localhost`, four numbers, or one with a known ending; with or without a port.

    >>> is_host("example.com"), is_host("localhost:8080"), is_host("Ph.D"), is_host("end.In")
    (True, True, False, False)
    """
    match = pattern(HOST).fullmatch(name)
    if not match or not match["ending"]:
        return match is not None
    ending = match["ending"]
    return f" {ending.lower()} " in ENDINGS and ending in (ending.lower(), ending.upper())
