"""The one set of rules for values, each with values that fit and that do not."""

import ipaddress
import math
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostadmin.errors import InvalidInput, InvalidValue
from hostadmin.validation import values
from hostadmin.validation.addresses import (
    address_key,
    address_text,
    clean_address,
    clean_addresses,
    ip_key,
)
from hostadmin.validation.json_values import clean_vars, same_json
from hostadmin.validation.rules import clean_group, clean_host
from hostadmin.validation.values import HostStatus

from ..helpers.examples import EXAMPLES

FEW = max(20, EXAMPLES // 16)
examples = settings(max_examples=FEW, deadline=None, database=None)
HUGE = 10**5000

# What a person cannot see in a name, by what it is.
UNSEEN = {
    "newline": "a\nb",
    "newline at the end": "web1\n",
    "newline at the start": "\nweb1",
    "return": "a\rb",
    "tab inside": "a\tb",
    "NUL": "a\0b",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "zero-width space": "a\u200bb",
    "zero-width joiner": "a\u200db",
    "soft hyphen": "a\u00adb",
    "byte order mark": "\ufeffweb1",
    "bidi override": "a\u202eb",
    "bidi isolate": "a\u2066b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "lone surrogate": "a\ud800b",
    "Hangul filler": "a\u3164",
    "grapheme joiner": "a\u034fb",
    "tag letter": "a\U000e0041b",
}
SHORT_TEXT_RULES = [
    values.clean_text,
    values.clean_term,
    values.clean_hostname,
    values.clean_group_name,
]


def refusal(rule, value):
    with pytest.raises(InvalidValue) as caught:
        rule(value)
    text = str(caught.value)
    assert text.isprintable(), "the refusal itself must be safe to print on a line"
    assert len(text) < 300, "the refusal must not repeat a long value"
    return text


# ---- names


@pytest.mark.parametrize(
    ("typed", "kept", "key"),
    [
        ("web1", "web1", "web1"),
        ("  web1\t", "web1", "web1"),
        ("\u00a0web1\u3000\u2003", "web1", "web1"),
        ("WEB1.Example.NET", "WEB1.Example.NET", "web1.example.net"),
        ("web1.example.net.", "web1.example.net.", "web1.example.net"),
        ("db server 1", "db server 1", "db server 1"),
        ("db\u00a0server\u20031", "db\u00a0server\u20031", "db server 1"),
        ("app_01", "app_01", "app_01"),
        ("10.0.0.1", "10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::1"),
        ("-oProxyCommand=x", "-oProxyCommand=x", "-oproxycommand=x"),
        ("<b>", "<b>", "<b>"),
        ("Straße", "Straße", "straße"),
        ("\uff37", "\uff37", "\uff57"),
        ("Ä", "Ä", "ä"),
        ("A\u0308", "A\u0308", "ä"),
        ("ΣΣ", "ΣΣ", "\u03c3\u03c3"),
        ("日本", "日本", "日本"),
        ("x" * 255, "x" * 255, "x" * 255),
        ("ß" * 127, "ß" * 127, "ß" * 127),
    ],
)
def test_a_hostname_is_kept_as_typed_and_unique_by_its_key(typed, kept, key):
    assert values.clean_hostname(typed) == kept
    assert values.name_key(kept) == key


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (None, "is required."),
        ("", "is required"),
        (" \t\u00a0", "is required"),
        ("x" * 256, "must have at most 255 characters, not 256."),
        ("İ" * 128, "is too long (with case ignored)"),
        ("...", "“...” is not a valid hostname."),
        (17, "“17” is not text."),
        (True, "“True” is not text."),
        (b"web1", "is not text."),
        (["web1"], "is not text."),
        pytest.param(HUGE, "is not text.", id="huge"),
    ],
)
def test_what_is_no_hostname_is_refused(typed, words):
    assert words in refusal(values.clean_hostname, typed)


@pytest.mark.parametrize("rule", SHORT_TEXT_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_short_text_with_something_unseen_is_refused_with_its_place(rule, text):
    assert re.match(r"character \d+ is U\+[0-9A-F]{4,6} ", refusal(rule, text))


@given(st.text())
@examples
def test_folding_twice_is_folding_once(text):
    assert values.fold(values.fold(text)) == values.fold(text)


@given(st.text())
@examples
def test_equivalent_spellings_fold_alike(text):
    for form in ("NFC", "NFD"):
        assert values.fold(unicodedata.normalize(form, text)) == values.fold(text)


@given(st.text())
@examples
def test_a_kept_name_is_kept_again_unchanged(text):
    for rule in SHORT_TEXT_RULES:
        try:
            kept = rule(text)
        except InvalidValue:
            continue
        assert kept is None or rule(kept) == kept


@pytest.mark.parametrize(
    "names",
    [
        ["web-1", "web-2", "web-10", "web-100"],
        ["web-2", "web-010", "web-11"],
        ["a", "a1", "a1b", "a2", "a10", "ab"],
        ["r1-n2", "r1-n10", "r2-n1", "r10-n1"],
        ["10.0.0.2", "10.0.0.10", "10.0.1.1", "100.0.0.1"],
        ["web", "web 1", "web-1", "web.1"],
    ],
)
def test_names_sort_naturally(names):
    assert sorted(names, key=values.natural_key) == names
    assert sorted(set(names), key=values.natural_key) == names


def test_leading_zeros_do_not_count():
    assert values.natural_key("web-007") == values.natural_key("web-7")
    assert values.natural_key("web-000") == values.natural_key("web-0")


def natural_reference(text):
    """The natural order said otherwise: characters, and numbers where digits are."""
    return [
        (ord("0"), int(part)) if part.isdigit() else (ord(part), 0)
        for part in re.findall(r"[0-9]+|[^0-9]", text, re.DOTALL)
    ]


names = st.from_regex(r"([a-c.\- ]|[0-9]{1,9}){0,12}", fullmatch=True).filter(
    lambda text: not re.search("[0-9]{10}", text)
)


@given(names, names)
@examples
def test_the_sort_key_agrees_with_the_natural_order(one, other):
    by_key = values.natural_key(one) < values.natural_key(other)

    assert by_key == (natural_reference(one) < natural_reference(other))


def test_no_name_has_a_longer_sort_key_than_the_column_holds():
    from hostadmin.models.host import SORT_KEY_LENGTH

    for name in ("1" * 255, "1a" * 127 + "1", "a1" * 127 + "a", "0" * 255):
        assert len(values.natural_key(name)) <= SORT_KEY_LENGTH


# ---- addresses


@pytest.mark.parametrize(
    ("typed", "kept", "key"),
    [
        ("10.0.0.1", "10.0.0.1", f"4{0x0A000001:032x}"),
        (" 10.0.0.1\u00a0", "10.0.0.1", f"4{0x0A000001:032x}"),
        ("0.0.0.0", "0.0.0.0", "4" + "0" * 32),  # noqa: S104
        ("255.255.255.255", "255.255.255.255", f"4{2**32 - 1:032x}"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1", f"6{0x20010DB8 << 96 | 1:032x}"),
        ("2001:0db8::0001", "2001:db8::1", f"6{0x20010DB8 << 96 | 1:032x}"),
        ("::", "::", "6" + "0" * 32),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3", None),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1", f"6{0xFFFF0A000001:032x}"),
        ("::ffff:a00:1", "::ffff:10.0.0.1", f"6{0xFFFF0A000001:032x}"),
        ("fe80::1", "fe80::1", None),
    ],
)
def test_an_address_is_kept_in_its_canonical_text(typed, kept, key):
    assert clean_address(typed) == kept
    assert clean_address(kept) == kept
    if key is not None:
        assert ip_key(kept) == key


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u00a0", "\u3000\t"])
def test_no_address_and_no_port_are_nothing(nothing):
    assert clean_address(nothing) is None
    assert values.clean_port(nothing) is None
    assert ip_key(None) is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("10.0.0.300", "300 is over 255"),
        ("10.0.0.99999999999999999999", "9999999999 is over 255"),
        ("010.0.0.1", "010 has a leading zero"),
        ("10.0.0.01", "01 has a leading zero"),
        ("1.2.3", "such as 10.0.0.1 or 2001:db8::1"),
        ("1.2.3.4.5", "such as"),
        ("10.0.0.0/8", "remove the mask “/8”"),
        ("2001:db8::/32", "remove the mask “/32”"),
        ("10.0.0.1/255.0.0.0", "such as"),
        ("[2001:db8::1]", "remove the brackets"),
        ("fe80::1%eth0", "has a zone"),
        ("10.0.0.1:22", "such as"),
        ("0x0a000001", "such as"),
        ("167772161", "such as"),
        ("\u0661\u0660.0.0.1", "such as"),
        ("\uff11\uff10.0.0.1", "such as"),
        ("²", "such as"),
        ("2001:db8::1::2", "such as"),
        ("12345::", "such as"),
        ("::ffff:010.0.0.1", "such as"),
        ("web1", "such as"),
        pytest.param("1" * 10_000, "such as", id="long"),
        ("10.0.0.1\n", "U+000A"),
        ("10.0\u200b.0.1", "U+200B"),
        (167772161, "is not text"),
        pytest.param(HUGE, "is not text", id="huge"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(typed, words):
    assert words in refusal(clean_address, typed)


@given(st.lists(st.ip_addresses(), min_size=2, max_size=20))
@examples
def test_address_keys_sort_like_addresses(addresses):
    by_number = sorted(addresses, key=lambda a: (a.version, int(a)))

    assert sorted(addresses, key=address_key) == by_number


@given(st.ip_addresses())
@examples
def test_the_key_of_a_kept_address_is_the_key_of_the_address(address):
    text = address_text(address)

    assert ipaddress.ip_address(text) == address
    assert len(text) <= 45
    assert ip_key(text) == address_key(address)


# ---- ports and status


@pytest.mark.parametrize("typed", [22, "22", " 22 "])
def test_a_port_is_a_whole_number(typed):
    assert values.clean_port(typed) == 22


@pytest.mark.parametrize("edge", [1, 65535])
def test_the_first_and_the_last_port_are_ports(edge):
    assert values.clean_port(edge) == values.clean_port(str(edge)) == edge


@pytest.mark.parametrize(
    "typed",
    [0, -1, 65536, 70000, "0", "70000", "22.0", "+22", "-22", "022", "2 2", "0x16",
     "1e3", "2_2", "٢٢", "²", "ssh", True, False, 22.0, math.nan, [22], {}, b"22",
     pytest.param("9" * 5000, id="long"), pytest.param(HUGE, id="huge")],
)  # fmt: skip
def test_what_is_no_port_is_refused(typed):
    assert "is not a valid port. Use 1–65535." in refusal(values.clean_port, typed)


@pytest.mark.parametrize("status", HostStatus)
def test_a_status_is_known_in_any_case(status):
    for typed in (status, status.value, f" {status.value.upper()} "):
        assert values.clean_status(typed) is status


def test_no_status_is_active():
    assert values.clean_status(None) is values.clean_status(" ") is HostStatus.ACTIVE


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("actve", "active, staged, maintenance, offline, retired. Did you mean"),
        ("in use", "“in use” is not a valid status."),
        ("Decommissioning", "offline, retired. Did you mean “retired”?"),
        ("inactive", "Did you mean “offline”?"),
        ("x" * 255, "is not a valid status"),
        (1, "is not text"),
        (True, "is not text"),
    ],
)
def test_an_unknown_status_is_refused_with_the_known_ones(typed, words):
    assert words in refusal(values.clean_status, typed)


# ---- short text, groups, notes


def test_short_text_is_trimmed_and_nothing_when_empty():
    assert values.clean_text("  Debian 13 ") == "Debian 13"
    assert values.clean_text("x" * 255) == "x" * 255
    assert values.clean_text(" " * 300 + "x") == "x"
    for empty in (None, "", " ", "\t\u00a0"):
        assert values.clean_text(empty) is None


def test_a_term_must_fit_the_vocabulary_once_folded():
    assert values.clean_term("ﬃ" * 85) == "ﬃ" * 85
    assert "too long" in refusal(values.clean_term, "ﬃ" * 86)
    assert "not 256" in refusal(values.clean_term, "x" * 256)


@pytest.mark.parametrize("name", ["web", "All", "ALL", "Ungrouped", "a b", "a:b", "ä"])
def test_the_case_of_a_group_name_counts(name):
    assert values.clean_group_name(f" {name} ") == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a,b", "has a comma"),
        ("all", "is a reserved group name"),
        (" ungrouped ", "is a reserved group name"),
        ("", "is required."),
        (None, "is required"),
        ("x" * 256, "not 256"),
        (7, "is not text"),
    ],
)
def test_what_is_no_group_name_is_refused(name, words):
    assert words in refusal(values.clean_group_name, name)


@pytest.mark.parametrize(
    "text",
    ["  two\n\n lines \t\r\n", " ", "\n", "👩\u200d💻 \u2764\ufe0f", "\u202bشبكة"],
)
def test_notes_are_kept_exactly(text):
    assert values.clean_notes(text) == text


def test_notes_may_have_64_kib_and_no_more():
    assert values.clean_notes("") is values.clean_notes(None) is None
    assert values.clean_notes("x" * 65536) == "x" * 65536
    assert values.clean_notes("é" * 32768) == "é" * 32768
    assert "not 65,537" in refusal(values.clean_notes, "x" * 65537)
    assert "not 65,538" in refusal(values.clean_notes, "é" * 32769)


@pytest.mark.parametrize(
    "text", ["a\0b", "a\x1b[0m", "a\ud800", "a\u2028b", "a\x85b", 5, b"x"]
)
def test_notes_that_no_database_could_give_back_are_refused(text):
    refusal(values.clean_notes, text)


# ---- lists


def test_aliases_and_addresses_are_kept_once_each():
    assert values.clean_aliases(["b", "A", "a.", "B", "c"]) == ["b", "A", "c"]
    assert clean_addresses(["::1", "0:0::1", "", None, "10.0.0.1"]) == [
        "::1",
        "10.0.0.1",
    ]
    assert values.clean_groups(("b", "a", "b", "B")) == ["b", "a", "B"]
    assert values.clean_aliases(None) == []


def test_a_host_may_have_64_aliases_and_64_addresses():
    names = [f"alias{number}" for number in range(65)]
    addresses = [f"10.0.0.{number}" for number in range(65)]

    assert values.clean_aliases(names[:64]) == names[:64]
    assert values.clean_aliases([*names[:64], "ALIAS0"]) == names[:64]
    assert clean_addresses(addresses[:64]) == addresses[:64]
    assert refusal(values.clean_aliases, names) == (
        "must have at most 64 entries, not 65."
    )
    assert "not 65." in refusal(clean_addresses, addresses)


@pytest.mark.parametrize("given_", ["web1", 5, True, ["ok", "a\nb"], [["x"]], [None]])
def test_a_list_of_names_holds_names(given_):
    refusal(values.clean_aliases, given_)


# ---- variables


def nested(depth, make):
    value = 1
    for _ in range(depth):
        value = make(value)
    return value


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"a": None, "b": True, "c": 1, "d": 1.5, "e": "x", "f": [], "g": {}},
        {"no": "no", "a.b": 1, "ключ": "да", "with space": 1},
        {"x": 10**300 - 1, "y": -(10**300) + 1},
        {"x": 1e308, "y": 5e-324, "z": -0.0},
        {"x": "two\nlines\t", "y": "👩\u200d💻"},
        {"n" * 255: 1},
    ],
)
def test_variables_of_any_json_type_are_kept_as_they_are(good):
    assert same_json(clean_vars(good), good)


def test_variables_may_be_20_deep():
    for make in (lambda v: {"a": v}, lambda v: [v]):
        deep = {"a": nested(19, make)}
        assert clean_vars(deep) == deep
        assert refusal(clean_vars, {"a": nested(20, make)}) == (
            "must be nested at most 20 levels deep."
        )


def test_variables_too_deep_for_the_interpreter_are_refused_all_the_same():
    refusal(clean_vars, {"a": nested(100_000, lambda v: [v])})


def test_variables_may_have_64_kib_and_no_more():
    room = 65536 - len('{"a":""}')

    assert clean_vars({"a": "x" * room})
    assert "not 65,537" in refusal(clean_vars, {"a": "x" * (room + 1)})
    assert "not 65,538" in refusal(clean_vars, {"a": "é" * (room // 2 + 1)})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([], "must be a mapping"),
        ("a: 1", "must be a mapping"),
        (1, "must be a mapping"),
        ({"a": math.nan}, "“a” is nan"),
        ({"a": [1, {"b": math.inf}]}, "“a[1].b” is inf"),
        ({"a": -math.inf}, "“a” is -inf"),
        ({"a": 10**300}, "“a” has over 300 digits"),
        ({"a": -(10**300)}, "“a” has over 300 digits"),
        ({"a": HUGE}, "“a” has over 300 digits"),
        ({1: "x"}, "the name “1” is not text. Put it in quotes"),
        ({"a": {True: 1}}, "the name “True” in “a” is not text"),
        ({None: 1}, "the name “None” is not text"),
        ({HUGE: 1}, "is not text"),
        ({"": 1}, "a name is empty"),
        ({"a": {"": 1}}, "a name in “a” is empty"),
        ({"n" * 256: 1}, "over 255 characters"),
        ({"a\nb": 1}, "in the name “a\\u000ab”, character 2 is U+000A"),
        ({"a": "x\0"}, "in “a”, character 2 is U+0000"),
        ({"a": ["\ud800"]}, "in “a[0]”, character 1 is U+D800"),
        ({"\udc00": 1}, "character 1 is U+DC00"),
        ({"a": "\x1b[0m"}, "in “a”, character 1 is U+001B"),
        ({"a": (1, 2)}, "“a” is a tuple"),
        ({"a": {1, 2}}, "“a” is a set"),
        ({"a": b"x"}, "“a” is a bytes"),
    ],
)
def test_variables_that_json_or_a_database_would_not_keep_are_refused(bad, words):
    assert words in refusal(clean_vars, bad)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        (1, 1.0),
        (1, "1"),
        (None, "null"),
        (None, ""),
        ({"a": True}, {"a": 1}),
        ([1, 2], [2, 1]),
        ({"a": None}, {}),
        (10**22, 1e22),
        ([], {}),
    ],
)
def test_json_values_of_other_type_are_not_the_same(one, other):
    assert not same_json(one, other)
    assert not same_json({"x": [one]}, {"x": [other]})


def test_the_order_of_names_does_not_count():
    assert same_json({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    assert same_json([{"a": 1.5}], [{"a": 1.5}])


# ---- whole objects


def test_every_wrong_field_is_shown_at_once():
    with pytest.raises(InvalidInput) as caught:
        clean_host(
            {"hostname": "", "port": 70000, "ip_addr": "x", "rank": 1, "owner": "me"}
        )

    assert [error.field for error in caught.value.errors] == [
        "hostname",
        "port",
        "ip_addr",
        "rank",
    ]
    assert "port: “70000” is not a valid port" in str(caught.value)
    assert "is not a field. Use one of: hostname, aliases" in str(caught.value)


def test_only_given_fields_are_returned():
    assert clean_host({"owner": " me "}) == {"owner": "me"}
    assert clean_group({"description": ""}) == {"description": None}


def test_an_alias_or_address_that_only_repeats_is_left_out():
    cleaned = clean_host(
        {
            "hostname": "Web1",
            "aliases": ["WEB1.", "w"],
            "ip_addr": "::1",
            "addresses": ["0:0::1", "::2"],
        }
    )

    assert (cleaned["aliases"], cleaned["addresses"]) == (["w"], ["::2"])


def test_a_quoted_value_is_short_and_on_one_line():
    assert values.quoted("a\n\u202eb") == "“a\\u000a\\u202eb”"
    assert values.quoted("x" * 100) == f"“{'x' * 60}…”"
    assert values.quoted(HUGE) == "“a number of thousands of digits”"


@pytest.mark.parametrize(
    ("word", "found"),
    [("PRD", "prod"), ("strasse", "Straße"), ("zzz", None), ("", None)],
)
def test_the_nearest_word_is_found_whatever_its_case(word, found):
    assert values.nearest(word, ["prod", "dev", "Straße"]) == found
