"""Templates of strangers: what they may, and that all they do comes to an end soon."""

from datetime import date

import pytest

from commit_llm.data.chat.sandbox import Sandbox
from commit_llm.data.chat.work_budget import BudgetError, RenderingError

TODAY = date(2024, 7, 26)


def rendered(template, **values):
    return Sandbox(template, {}, TODAY).render(**values)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for x in xs %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b"),
        ("{% for x in xs %}{% if x == 'b' %}{% break %}{% endif %}{{ x }}{% endfor %}", "a"),
        ("{{ xs | join('+') }}{{ '+'.join(xs) }}{{ xs | length }}{{ xs[1:] | first }}", "a+ba+b2b"),
        (
            "{{ ' a '.strip() }}{{ 'aXb'.split('X')[1] }}{{ 'aa'.replace('a', 'b') }}{{ 'aa' | replace('a', 'c', 1) }}",
            "abbbca",
        ),
        ("{% for x in xs %}{{ x.replace('a', 'z') }}{% endfor %}", "zb"),
        ("{{ ['α', 1] | tojson }}{{ {'b': none} | tojson }}", '["α", 1]{"b": null}'),
        ("{{ 'a' ~ 1 ~ none }}{{ 'a' * 3 }}{{ [1] + [2] }}{{ 7 % 4 }}{{ 2 ** 5 }}", "a1Noneaaa[1, 2]332"),
        ("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"),
        ("{% generation %}{{ 'a' }}{% endgeneration %}", "a"),
        ("{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", "2"),
        ("{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice('a') }}", "aa"),
        ("{{ xs | map('upper') | list }}{{ xs | selectattr('0', 'equalto', 'a') | list }}", "['A', 'B']['a']"),
        ("{{ 'x\ny' | indent(2) }}", "x\n  y"),
        ("{{ true if 'a' in xs and xs is not string else false }}{{ undefined_name is defined }}", "TrueFalse"),
    ],
)
def test_what_templates_do(template, text):
    assert rendered(template, xs=["a", "b"]) == text


ENDLESS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{{ 'a' * 200000000 }}",
    "{% set x = 2 * 'a' * 200000000 %}",
    "{{ [1] * 200000000 }}",
    "{% set s = namespace(x='aa') %}{% for i in range(99) %}{% set s.x = s.x ~ s.x %}{% endfor %}",
    "{% set s = namespace(x='aa') %}{% for i in range(99) %}{% set s.x = s.x + s.x %}{% endfor %}",
    "{% set s = namespace(x=3) %}{% for i in range(99) %}{% set s.x = s.x * s.x %}{% endfor %}",
    "{% set s = namespace(x=[1]) %}{% for i in range(99) %}{% set s.x = [s.x, s.x] %}{% endfor %}{{ s.x }}",
    "{% set s = namespace(x=[1]) %}{% for i in range(99) %}{% set s.x = (s.x, s.x) %}{% endfor %}{{ s.x == s.x }}",
    "{% set s = namespace(x={}) %}{% for i in range(99) %}{% set s.x = {1: s.x, 2: s.x} %}{% endfor %}{{ s.x | tojson }}",
    "{{ 10 ** 100000 }}",
    "{% set a = 'a' * 900000 %}{{ a | replace('a', a) }}",
    "{% set a = 'a' * 900000 %}{{ a.replace('a', a) }}",
    "{% set a = 'a' * 900000 %}{{ a.join(range(9999) | map('string')) }}",
    "{% set a = 'a' * 900000 %}{{ range(9999) | join(a) }}",
    "{% set a = '\n' * 900000 %}{{ a | indent(99) }}",
    "{{ 'a' | indent(100000000) }}",
    "{{ [1] | tojson(indent=100000000) }}",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% set a = 'a' * 900000 %}{% for i in range(99999) %}{% if a == a ~ 'b' or 'b' in a %}{% endif %}{% endfor %}",
    "{% set a = 'a' * 900000 %}{% for i in range(99999) %}{% set b = a[1:] %}{% endfor %}",
    "{% set a = 'a' * 900000 %}{% for i in range(99999) %}{% set b = a | upper %}{% endfor %}",
    "{% set a = 'a' * 900000 %}{% for i in range(99999) %}{% set b = a.count('b') %}{% endfor %}",
    "{% for i in range(99999) %}{% set b = range(99999) | sort %}{% endfor %}",
    "{% for i in range(99999) %}{% set b = range(99999) | map('abs') | sort %}{% endfor %}",
    "{% for i in range(99999) %}" + "x" * 5000 + "{% endfor %}",
]


@pytest.mark.slow
@pytest.mark.parametrize("template", ENDLESS)
def test_what_has_no_end_comes_to_one(template):
    with pytest.raises(BudgetError):
        rendered(template)


@pytest.mark.parametrize("number", [1, 3, 4, 6, 10])
def test_what_makes_much_of_little_is_stopped_at_once(number):
    with pytest.raises(BudgetError):
        rendered(ENDLESS[number])


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{% include '/etc/passwd' %}", "from another file"),
        ("{% import 'os' as os %}", "from another file"),
        ("{% extends '/etc/passwd' %}", "from another file"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{{ x.append(1) }}", "unsafe"),
        ("{{ x.__init__.__globals__ }}", "unsafe"),
        ("{{ '{0.__class__}'.format(x) }}", "it calls format, which a template may not"),
        ("{{ 'a'.ljust(1000000000) }}", "it calls ljust"),
        ("{{ 'a'.encode() }}", "it calls encode"),
        ("{{ '%99999d' % 1 }}", "it formats with %"),
        ("{{ 'a' | center(1000000000) }}", "it is not Jinja: No filter named 'center'"),
        ("{{ x | random }}", "No filter named 'random'"),
        ("{{ x | attr('append') }}", "No filter named 'attr'"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ name.part }}", "'name' is undefined"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ 'a' + 1 }}", "TypeError"),
        ("{{ strftime_now('%999999Y') }}", "it asks for the date as"),
        ("{{ raise_exception('Take turns.') }}", "^Take turns.$"),
        ("{% for a in x recursive %}{% endfor %}", "it has a recursive loop"),
        ("{% if %}", "it is not Jinja"),
        ("{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}", "it is not Jinja"),
        ("{% set t = (1, 2) %}{{ {}[t] }}", "it looks a tuple up"),
    ],
)
def test_what_a_template_may_not(template, message):
    with pytest.raises(RenderingError, match=message):
        rendered(template, x=[1])


def test_a_template_has_a_length():
    with pytest.raises(BudgetError, match="a text of more than 1,000,000 characters"):
        Sandbox("a" * 1_000_001, {}, TODAY)


def test_every_rendering_has_a_budget_of_its_own():
    sandbox = Sandbox("{% for a in range(n) %}{% endfor %}ok", {}, TODAY)
    for _ in range(20):
        assert sandbox.render(n=50000) == "ok"


def test_values_stay_as_they_are():
    values = {"xs": [{"a": "b"}]}
    with pytest.raises(RenderingError):
        rendered("{% set _ = xs[0].update({'a': 'c'}) %}", **values)
    assert values == {"xs": [{"a": "b"}]}


LONG = "a" * 990_000
LOOP, END = "{% for i in range(99999) %}", "{% endfor %}"
DEEP = "{% set ns = namespace(x=(1,)) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}"
TRICKS = [
    "{% set x %}{% for i in range(300) %}{{ s }}{% endfor %}{% endset %}{{ x | length }}",
    "{% set x %}" + LOOP + "y" * 500 + END + "{% endset %}",
    "{% macro m() %}{% for i in range(300) %}{{ s }}{% endfor %}{% endmacro %}{{ m() | length }}",
    "{% macro m() %}{{ caller() | length }}{% endmacro %}{% call m() %}{{ s }}{{ s }}{% endcall %}",
    "{% filter trim %}{{ s }}{{ s }}{% endfilter %}",
    "{% block b %}{% if again %}{{ s }}{{ s }}{% endif %}{% endblock %}{% set again = 1 %}{{ self.b() }}{{ s }}{{ s }}",
    LOOP + "{% set x = s.title() %}" + END,
    LOOP + "{% set x = s.isalpha() %}" + END,
    LOOP + "{% set x = s | title %}" + END,
    LOOP + "{% if s is lower %}{% endif %}" + END,
    "{{ ('a' * 400000).rfind('ab' ~ 'a' * 199998) }}",
    "{{ ('a' * 400000).rsplit('ab' ~ 'a' * 199998) }}",
    "{{ s.strip('b' * 500000 ~ 'a') }}",
    "{{ s | trim('b' * 500000 ~ 'a') }}",
    "{% set ns = namespace(l=[]) %}" + LOOP + "{% set ns.l = ns.l + [s ~ i] %}" + END,
    "{% set ns = namespace(l=[]) %}" + LOOP + "{% set ns.l = ns.l + ['😀' * 1000000] %}" + END,
    "{{ 1 | round(-100000000) }}",
    "{{ range(0, 99999 * 2305843009213693951, 2305843009213693951) | unique | list | length }}",
    DEEP + "{{ ns.x in {} }}",
    DEEP + "{{ [ns.x, ns.x] | sort | length }}",
    "{{ ([{}] * 1000) | map(attribute='a.' * 100000, default='x') | list }}",
    "{{ ([1] * 1000) | tojson(separators=(s, s)) }}",
    "{% macro f() %}{{ varargs | length }}{% endmacro %}" + LOOP + "{{ f(*range(99999)) }}" + END,
    "{% set ns = namespace(x=2) %}" + LOOP + "{% set ns.x = ns.x - (0 - ns.x) %}" + END,
    LOOP + "{% set x %}" + "{{ s.a }}" * 100 + "{% endset %}" + END,
    "{% if ([s] * 45) is lower %}{% endif %}",
    LOOP + "{% if 5 in {'a': range(99999)}.values() %}{% endif %}" + END,
]


@pytest.mark.parametrize("template", TRICKS)
def test_tricks_are_stopped(template, monkeypatch):
    monkeypatch.setattr("commit_llm.data.chat.sandbox.BUDGET", 200_000)
    with pytest.raises(RenderingError, match=r"it (works|makes|calls|indents|writes)"):
        rendered(template, s=LONG)


@pytest.mark.slow
@pytest.mark.parametrize("template", TRICKS[6:16])
def test_tricks_end_within_the_budget_of_a_rendering(template):
    with pytest.raises(BudgetError):
        rendered(template, s=LONG)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{% set ns = namespace(l=[1]) %}{{ ns }}", "it reads a namespace"),
        ("{{ dict.update(xs[0], {'content': 'X'}) }}", "no attribute 'update'"),
        ("{{ dict.clear(xs[0]) }}", "no attribute 'clear'"),
        ("{{ namespace.__setitem__(xs[0], 'content', 'X') }}", "no attribute '__setitem__'"),
        ("{{ xs[0].setdefault('b', 1) }}", "unsafe"),
        ("{{ {}.fromkeys([1]) }}", "it calls fromkeys"),
        ("{{ (1).to_bytes(1000000000) }}", "it calls to_bytes"),
        ("{{ '%1000000000d' is odd }}", "it takes a str for a number"),
        ("{{ 'a' | round(9, 'floor') }}", "it takes a str for a number"),
        ("{{ {(1, 2): 3} }}", "it has a tuple as a key"),
        ("{{ xs[0].keys() - xs[0].keys() }}", "on a dictionary"),
        ("{% autoescape true %}{{ 1 }}{% endautoescape %}", "it turns escaping on"),
        ("{% if 1 in [1] in [[1]] %}{% endif %}", "it chains comparisons"),
    ],
)
def test_what_has_no_price_is_refused(template, message):
    values = {"xs": [{"content": "a"}]}
    with pytest.raises(RenderingError, match=message):
        rendered(template, **values)
    assert values == {"xs": [{"content": "a"}]}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 'a\r\nb\u2028c' | indent(1) }}", "a\n b\n c"),
        ("{{ 'a\n\nb' | indent(1, true, true) }}", " a\n \n b"),
        ("{{ [{'a': {'b': 'c'}}, {'a': {'b': 'd'}}] | join('-', attribute='a.b') }}", "c-d"),
        ("{{ 'aaa' | replace('a', 'b', count=1) }}", "baa"),
        ("{{ 'aaa'.replace('a', 'b', 2) }}", "bba"),
        ("{{ dict(a=1) }}{{ dict({'a': 1}, b=2) }}", "{'a': 1}{'a': 1, 'b': 2}"),
        ("{{ 1 not in [2] }}{{ 'a' in {'a': 1} }}{{ 'r' in xs | map(attribute='k') }}", "TrueTrueTrue"),
        ("{{ (xs | safe) is escaped }}{{ 2 is odd }}{{ 2.5 | round | int }}", "TrueFalse2"),
    ],
)
def test_what_jinja_gives(template, text):
    assert rendered(template, xs=[{"k": "r"}]) == text


def test_a_long_program_is_refused(monkeypatch):
    monkeypatch.setattr("commit_llm.data.chat.counted_syntax.MOST_TOKENS", 1000)
    with pytest.raises(BudgetError, match="more than 1,000 tokens"):
        Sandbox("{{ a }}" * 600, {}, TODAY)
