"""Variables as text: what YAML and JSON mean, and that both ways agree."""

import json
import re
import sys

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostadmin.errors import InvalidValue
from hostadmin.validation.json_values import clean_vars, same_json
from hostadmin.validation.yaml_vars import parse_vars, print_vars

from ..helpers.examples import EXAMPLES

FEW = max(20, EXAMPLES // 16)
examples = settings(max_examples=FEW, deadline=None, database=None)


def refusal(text):
    with pytest.raises(InvalidValue) as caught:
        parse_vars(text)
    words = str(caught.value)
    assert words.isprintable()
    assert len(words) < 300
    return words


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        (" \n\t\n", {}),
        ("# nothing but a comment", {}),
        ("null", {}),
        ("{}", {}),
        ("a: 1\nb: x", {"a": 1, "b": "x"}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a:\n- 1\n- {b: [c]}", {"a": [1, {"b": ["c"]}]}),
        ('{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
        ('  {\n\t"a": 1\n}', {"a": 1}),
        ('{"a": "\\u00e4\\ud83d\\ude00"}', {"a": "ä😀"}),
        ("{a: 1, b: [x, y]}", {"a": 1, "b": ["x", "y"]}),
        ("a: true\nb: false", {"a": True, "b": False}),
        ("a: null\nb:", {"a": None, "b": None}),
        ("a: |\n  one \n  two\n", {"a": "one \ntwo\n"}),
        ("a: '1'\nb: \"no\"", {"a": "1", "b": "no"}),
        ("a: -7\nb: 0\nc: -0.5", {"a": -7, "b": 0, "c": -0.5}),
        ("a: !!int 0x1f\nb: !!float 1e3", {"a": 31, "b": 1000.0}),
        ("a: !!str 1", {"a": "1"}),
    ],
)  # fmt: skip
def test_yaml_and_json_are_understood(text, variables):
    assert same_json(parse_vars(text), variables)


@pytest.mark.parametrize(
    "text",
    ["2026-01-01", "2026-01-01T10:00:00Z", "12:30", "10:20:30:40:50:10", "1:30.5",
     "0o7", "=", "1.2.3", "10.0.0.1", "::1", "08:00", "1e", "e3", "v1", "NaN", "0x"],
)  # fmt: skip
def test_dates_times_and_the_like_stay_text(text):
    assert parse_vars(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    "text",
    ["0001234", "001122334455", "5E3", "1e5", "1.10", "1.", ".5", "no", "yes", "on",
     "Off", "True", "FALSE", "Null", "~", "0x10", "0b11", "0o17", "1_000", "+1", "-0",
     "00", "01.5", "1.0e+3", ".inf", "-.INF", ".nan", "1234567890123456", str(10**22),
     "0.10000000000000000001", "1e999", "9" * 5_000, "0x" + "f" * 5_000],
    ids=lambda text: text[:16],
)  # fmt: skip
def test_what_would_not_print_back_the_same_stays_text(text):
    assert parse_vars(f"a: {text}") == {"a": text}
    assert parse_vars(f"a: [{text}]\nb: {{c: {text}}}") == {
        "a": [text],
        "b": {"c": text},
    }


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), ("-0.0", -0.0), ("17", 17), ("123456789012345", 123456789012345)],
)
def test_a_number_is_the_same_in_yaml_and_in_json(text, number):
    assert same_json(parse_vars(f"a: {text}"), {"a": number})
    assert same_json(parse_vars(f'{{"a": {text}}}'), {"a": number})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: [1,\nc: 2", "line 3, column 5"),
        ("a: 1\n b: 2", "line 2, column 3: mapping values are not allowed here."),
        ("a: 1\nb", "line 2"),
        ("a: 1\n\tb: 2", "line 2, column 1: found character '\\t'"),
        ('a: "open', "line 1"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the name “a” appears twice."),
        ("a:\n  b: 1\n  b: 2", "line 3, column 3: the name “b” appears twice."),
        ('{"a": 1,\n "a": 2}', "line 2, column 2: the name “a” appears twice."),
        ('{\n\t"a": 1,\n\t"a": 2}', "the name “a” appears twice."),
        ('{"x": {"a": 1,\n"\\u0061": 2}}', "line 2, column 1: the name “a” appears"),
        ('{"a": 1,\n"b" 2}', "line 2"),
        ('{\n\t"a": 1,,\n}', "line 2, column 9"),
        ('{"a": 1} x', "line 1, column 10"),
        ("a: &x 1\nb: *x", "line 2, column 4: aliases (*name) are not supported here"),
        ("a: 1\n---\nb: 2", "line 2, column 1: expected a single document"),
        ("%YAML 3.0\n---\na: 1", "line 1"),
        ("? [1]\n: 2", "line 1, column 3"),
        ("a: 1\nb: x\0", "line 2: invisible character"),
        ("a: \ud800", "line 1: invisible character"),
        ("- a\n- b", 'line 1: write "name: value"'),
        ("just text", 'line 1: write "name: value"'),
        ("17", 'line 1: write "name: value"'),
        ("!!set {a}", 'line 1: write "name: value"'),
        ("x: 1\na: !!bool maybe", "line 2, column 4: “maybe” is not a valid bool"),
        ('a: !!int ""', "line 1, column 4: “” is not a valid int"),
        ("a: !!float x", "line 1, column 4: “x” is not a valid float"),
        ("a: !!timestamp soon", "line 1, column 4: “soon” is not a valid timestamp"),
        ("a: !!binary x", "line 1, column 4"),
        ("a: !!map x", "must be YAML or JSON."),
        ("<<: 1", "line 1, column 5"),
    ],
)
def test_an_error_names_its_line(text, words):
    assert words in refusal(text)


@pytest.mark.parametrize(
    "text",
    ["a: !!float .inf", "a: !!float -.INF", "a: !!float .nan", '{"a": NaN}',
     '{"a": -Infinity}', "a: !!float 1e999",
     '{"a": 1e999}', "1: a", "true: a", "null: a", "2.5: a", "? {a: 1}\n: 2", "'': 1",
     '{"": 1}', '{"a": "\\u0000"}', 'a: "\\0"', '{"a": "\\ud800"}', 'a: "\\e[0m"',
     'a: "\\ud800"', "a: !!omap [b: 1]", "a: !!pairs [b: 1]", "a: !!set {b}",
     "a: !!binary aGk=", "a: !!timestamp 2026-01-01"],
)  # fmt: skip
def test_what_is_no_json_is_refused(text):
    refusal(text)


@pytest.mark.parametrize(
    "tag",
    ["!!python/object/apply:os.system", "!!python/name:os.system", "!!python/none",
     "!!python/object/new:type", "!unsafe", "!vault", "!<x>", "!!js/function"],
)  # fmt: skip
def test_a_tag_is_refused_and_nothing_is_run(tag):
    for value in ("[echo]", "x", "{a: b}"):
        assert "line 2, column 4: the tag “" in refusal(f"x: 1\na: {tag} {value}")


def test_a_billion_laughs_are_refused_at_the_first_alias():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 100)]

    assert "line 2, column 10: aliases (*name) are" in refusal("\n".join(lines))


def test_an_anchor_that_holds_itself_is_refused():
    assert "line 1, column 8: aliases (*name) are" in refusal("a: &x [*x]")
    assert "line 1, column 17: aliases (*name) are" in refusal("b: &x {c: 1, d: *x}")


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 5_000, "a: " + "[" * 5_000 + "]" * 5_000, "[" * 100_000,
     "{a: " * 5_000, '{"a":' * 20_000, '{"a":' * 5_000 + "1" + "}" * 5_000,
     "- " * 5_000, "? " * 5_000, "a: " + "!!x " * 3_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_deep_nesting_is_refused(text):
    refusal(text)


def test_nesting_to_the_limit_is_understood():
    text = '{"a":' * 20 + "1" + "}" * 20

    assert parse_vars(text) == json.loads(text)
    assert "at most 20 levels deep" in refusal('{"a":' + text + "}")


@pytest.mark.parametrize(
    "text",
    ["a: !!int " + "9" * 5_000, '{"a": ' + "9" * 5_000 + "}",
     "{" + "9" * 5_000 + ": 1}",
     '{\t"a": ' + "9" * 5_000 + "}", "a: !!int 0x" + "f" * 5_000,
     "a: !!int " + "1_" * 5_000, "{0x" + "f" * 900 + ": 1}",
     "a: !!int 0b" + "1" * 5_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_a_number_of_thousands_of_digits_is_refused(text):
    refusal(text)


def test_a_text_far_over_the_limit_is_not_even_read():
    assert refusal("#" * (4 * 65536 + 1)) == "must have at most 65,536 bytes."
    assert "bytes, not" in refusal("a: " + "x" * 65536)


# ---- there and back

ODD = [
    "", " ", "no", "No", "y", "on", "true", "null", "~", "1", "01", "0o7", "0x1F",
    "0b1", "1_000", "1e3", "1E+3", "-1.5e-3", ".5", "1.", ".inf", ".NaN", "-", "--",
    "---", "...", "?", ": ", ":", "a: b", "a:b", "#", " #x", "a #b", "!", "!!str x",
    "&a", "*a", "<<", "=", "%", "@", "`", "|", ">", "'", '"', "''", "[", "]", "{", "}",
    "{{ x }}", ",", "2026-01-01", "2026-01-01 10:00:00", "12:30", "1:30:15", "\\",
    "\\n", "two\nlines", "ends with a newline\n", "\n", "\n\n", "\nstarts", "x \n",
    " x\n y\n",
    "a\n\n\nb  \n\n", "trailing blank ", "\ttab", "a\tb", "\r", "a\r\nb", "é", "ключ",
    "日本", "😀", "👩\u200d💻", "\ufeff", "\u200b", "\u202e", "\xa0", "\u3000",
    "\uffff", "\U0010ffff", "x" * 200, "long " * 60, "- a", "? a", "a,b", "key: |\n  x",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_comes_back_as_that_text(text):
    variables = {"a": text, "list": [text, [text]], "deep": {"b": {"c": text}}}

    assert parse_vars(print_vars(variables)) == variables


@pytest.mark.parametrize("text", [t for t in ODD if t and len(t) < 256])
def test_an_odd_name_comes_back_as_that_name(text):
    try:
        variables = clean_vars({text: 1, "a": {text: {text: text}}})
    except InvalidValue:
        return

    assert parse_vars(print_vars(variables)) == variables


@pytest.mark.parametrize("text", ODD)
def test_other_readers_of_yaml_see_the_same_text(text):
    """Ansible reads with PyYAML, whose dates, times and numbers are not all ours."""
    assert yaml.safe_load(print_vars({"a": text})) == {"a": text}


texts = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])),
    st.text(" \n\t:#-'\"a1e.+0{}[]&*!|>%@,?"),
    st.from_regex(r"[-+]?[0-9_.:eExob]{1,8}", fullmatch=True),
)


def _is_name(text):
    try:
        clean_vars({text: 1})
    except InvalidValue:
        return False
    return True


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**300) + 1, 10**300 - 1),
    st.integers(-1000, 1000),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
objects = st.dictionaries(
    texts.filter(_is_name),
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(texts.filter(_is_name), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=5,
)


@given(objects)
@example({"a": 1.0, "b": 1, "c": True, "d": "1"})
@example({"a": 1e16, "b": 1e22, "c": 5e-324, "d": -0.0, "e": 1e-7})
@examples
def test_printed_variables_are_read_back_exactly(variables):
    assert same_json(parse_vars(print_vars(variables)), variables)


@given(objects)
@examples
def test_json_text_is_read_exactly(variables):
    for indent in (None, 2, "\t"):
        text = json.dumps(variables, indent=indent)
        assert same_json(parse_vars(text), variables)


@given(st.text() | st.text("{}[]:,&*!|>-?'\"#%@` \n\tab01.\\"))
@settings(parent=examples, max_examples=3 * FEW)
def test_any_text_is_read_or_refused(text):
    try:
        variables = parse_vars(text)
    except InvalidValue as error:
        assert re.fullmatch(r"[^\n\r]+", str(error))  # noqa: PT017
    else:
        assert same_json(parse_vars(print_vars(variables)), variables)


def test_the_order_of_names_is_kept():
    assert list(parse_vars(print_vars({"z": 1, "a": 2, "m": 3}))) == ["z", "a", "m"]


def test_the_same_object_in_two_places_is_written_twice():
    shared = ["x"]

    assert print_vars({"a": shared, "b": shared}) == "a:\n- x\nb:\n- x\n"


def test_no_variables_are_an_empty_text():
    assert print_vars({}) == ""


def test_reading_leaves_the_safe_loader_as_it_was():
    assert "hostadmin.validation.yaml_vars" in sys.modules
    assert str(yaml.safe_load("a: 2026-01-01")["a"]) == "2026-01-01"
    assert not isinstance(yaml.safe_load("a: 2026-01-01")["a"], str)
    assert yaml.safe_load("a: 12:30") == {"a": 750}
    assert yaml.safe_load("a: &x 1\nb: *x") == {"a": 1, "b": 1}
