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
    "{% set a = 'a' * 900000 %}{{ a.join(range(9999) | list) }}",
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
        ("{{ 'a' | center(1000000000) }}", "it is no Jinja: No filter named 'center'"),
        ("{{ x | random }}", "No filter named 'random'"),
        ("{{ x | attr('append') }}", "No filter named 'attr'"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ name.part }}", "'name' is undefined"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ 'a' + 1 }}", "TypeError"),
        ("{{ strftime_now('%999999Y') }}", "it asks for the date as"),
        ("{{ raise_exception('Take turns.') }}", "^Take turns.$"),
        ("{% for a in x recursive %}{% endfor %}", "it has a recursive loop"),
        ("{% if %}", "it is no Jinja"),
        ("{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}", "it is no Jinja"),
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
