"""The text of a query: what it means, and that errors are shown with their place."""

import time

import pytest

from hostadmin.errors import QueryError
from hostadmin.query.ast import EVERYTHING, And, Not, Or, Quoted, Term, Word
from hostadmin.query.complete import complete
from hostadmin.query.parse_terms import MAX_TERMS
from hostadmin.query.parser import MAX_DEPTH, MAX_LENGTH, parse, placed
from hostadmin.query.to_text import (
    and_also,
    to_text,
    top_level_terms,
    without,
)


def term(field, *values, op="="):
    return Term(field, op, values)


PROD, DEV = term("env", "prod"), term("env", "dev")
NO_OWNER = Term("owner", "empty")
A, B, C = Word("a"), Word("b"), Word("c")

MEANINGS = [
    ("", EVERYTHING),
    (" \n\t ", EVERYTHING),
    ("*", EVERYTHING),
    ("-*", Not(EVERYTHING)),
    ("env:prod", PROD),
    ("env=prod", PROD),
    ("env==prod", PROD),
    ("ENVIRONMENT = prod", PROD),
    ("env: prod", PROD),
    ("env!=prod", Not(PROD)),
    ("-env:prod", Not(PROD)),
    ("NOT env:prod", Not(PROD)),
    ("--env:prod", PROD),
    ("not -not env:prod", Not(PROD)),
    ("-env!=prod", PROD),
    ("env:prod,dev", term("env", "prod", "dev")),
    ("env:prod , dev,prod", term("env", "prod", "dev")),
    ("env in (prod, dev)", term("env", "prod", "dev")),
    ("env not in (prod,dev)", Not(term("env", "prod", "dev"))),
    ("owner is empty", NO_OWNER),
    ("owner IS NOT NULL", Not(NO_OWNER)),
    ("owner:none", NO_OWNER),
    ("-owner:empty", Not(NO_OWNER)),
    ("owner:x,none", Or((term("owner", "x"), NO_OWNER))),
    ("owner:*", Not(NO_OWNER)),
    ("hostname:*", EVERYTHING),
    ('owner:"none"', term("owner", "none")),
    ("owner~none", term("owner", "none", op="~")),
    ("hostname^=web", term("hostname", "web", op="^=")),
    ("hostname$=.net", term("hostname", ".net", op="$=")),
    ("port>=1024", term("port", "1024", op=">=")),
    ("port:>1024", term("port", "1024", op=">")),
    ("port < 1024", term("port", "1024", op="<")),
    ("port:1..1024", term("port", "1..1024")),
    ("notes:ready", term("notes", "ready", op="~")),
    ("notes:*", Not(Term("notes", "empty"))),
    ("(notes: none)", Term("notes", "empty")),
    ("notes:none*", term("notes", "none*", op="~")),
    ('notes:"*"', term("notes", "*", op="~")),
    ("notes~*", term("notes", "*", op="~")),
    ("updated > -7d", term("updated", "-7d", op=">")),
    ("updated:2026-11-03T10:00Z", term("updated", "2026-11-03T10:00Z")),
    ("ip:10.4.*", term("ip", "10.4.*")),
    ("ip:2001:db8::1", term("ip", "2001:db8::1")),
    ("ip in (10.0.0.0/8, fd00::/8)", term("ip", "10.0.0.0/8", "fd00::/8")),
    ("var.a.b:25", term("var.a.b", "25")),
    ('var.a.b:"25"', term("var.a.b", Quoted("25"))),
    ("var.on:'true'", term("var.on", Quoted("true"))),
    ('var.Rack:"x"', term("var.Rack", "x")),
    ('"var.a b":1', term("var.a b", "1")),
    ('"var.a b" is empty', Term("var.a b", "empty")),
    ('"var.a b" not in (1)', Not(term("var.a b", "1"))),
    ("owner:a*", term("owner", "a*")),
    ('owner:"a*"', term("owner", Quoted("a*"))),
    ('owner~"a*"', term("owner", "a*", op="~")),
    (r'owner:"a \"b\" \\ c\d"', term("owner", 'a "b" \\ c\\d')),
    ("owner:o'brien", term("owner", "o'brien")),
    ("owner:100%_x", term("owner", "100%_x")),
    ("owner:'and'", term("owner", "and")),
    ("web", Word("web")),
    ("web*", Word("web*")),
    ('"web*"', Word(Quoted("web*"))),
    ('"web 1"', Word("web 1")),
    ('"or"', Word("or")),
    ("2001:db8::1", Word("2001:db8::1")),
    ("2001:db8:* 10.4", And((Word("2001:db8:*"), Word("10.4")))),
    ("2001:db8", Word("2001:db8")),
    ("-2001:db8:", Not(Word("2001:db8:"))),
    ("fe80::", Word("fe80::")),
    ("[::1]", Word("[::1]")),
    ("ip:[::1],[2001:db8::1]", term("ip", "[::1]", "[2001:db8::1]")),
    ("00:11:22:33:44:5f", Word("00:11:22:33:44:5f")),
    ("0011.2233.445F", Word("0011.2233.445F")),
    ("var.mac:00:11:22:33:44:5f", term("var.mac", "00:11:22:33:44:5f")),
    ("created>'2026-11-29 17:00'", term("created", "2026-11-29 17:00", op=">")),
    ("(created:2026-11-29 web)", And((term("created", "2026-11-29"), Word("web")))),
    ("is in empty", And((Word("is"), Word("in"), Word("empty")))),
    ("owner", Word("owner")),
    ("a b", And((A, B))),
    ("a and b", And((A, B))),
    ("a or b c", Or((A, And((B, C))))),
    ("a b or c", Or((And((A, B)), C))),
    ("(a or b) c", And((Or((A, B)), C))),
    ("a or not b c", Or((A, And((Not(B), C))))),
    ("-(a or b)", Not(Or((A, B)))),
    ("not(a)b", And((Not(A), B))),
    ("((a) (b (c)))", And((A, B, C))),
    ("a or (b or c)", Or((A, B, C))),
]


@pytest.mark.parametrize(("text", "node"), MEANINGS)
def test_a_text_means_one_tree_and_the_tree_prints_as_a_text_that_means_it(text, node):
    assert parse(text) == node
    assert parse(to_text(node)) == node


@pytest.mark.parametrize(
    ("text", "place", "words", "fixed"),
    [
        ("statu:staged", (0, 5), "Did you mean “status”", "status:staged"),
        ("a zzz=1", (2, 5), "Unknown field “zzz”. Use one of", None),
        ("owmer is empty", (0, 5), "Unknown field", "owner is empty"),
        ("var.:1", (0, 4), "is not a variable", None),
        ("status:inactive", (7, 15), "mean “offline”", "status:offline"),
        ("status:foo", (7, 10), "Use one of: active, staged", None),
        ("varname:1", (0, 7), "Did you mean “var.NAME”", None),
        (
            "status:actve",
            (7, 12),
            "not a valid status. Did you mean “active”",
            "status:active",
        ),
        ("-status:a,active", (8, 9), "not a valid status", None),
        ("port:abc", (5, 8), "not a valid port. Use", None),
        ("port:99999", (5, 10), "not a valid port", None),
        ("port~2", (4, 5), "“~” cannot be used with “port”. Use =, <", None),
        ("hostname is empty", (8, 17), "“hostname” is always set", None),
        ("hostname:none", (9, 13), "is always set", None),
        ("ip:10.0.0.0/33", (3, 14), "not a valid network", None),
        ("ip:10.1.2.3/8", (3, 13), "host bits set", "ip:10.0.0.0/8"),
        ("x 10.1.2.3/8", (2, 12), "host bits set", "x 10.0.0.0/8"),
        ("2001:db8::1/32", (0, 14), "host bits set", "2001:db8::/32"),
        ("ip:10.4", (3, 7), "Did you mean “10.4.*”", "ip:10.4.*"),
        ("ip:10.9..10.1", (3, 13), "not a valid IP address", None),
        ("port:9..1", (5, 9), "ends before it starts", "port:1..9"),
        ("updated:2026-02-30", (8, 18), "not a valid time. Write 2026", None),
        ("updated>7d", (8, 10), "not a valid time. Did you mean “-7d”", "updated>-7d"),
        ("confirmed<-3M", (10, 13), "“-3mo” for months, “-3m” for minutes", None),
        ("confirmed<3M", (10, 12), "“-3mo” for months, “-3m” for minutes", None),
        ("updated:-3M..now", (8, 16), "could be months or minutes", None),
        ("updated>-7D", (8, 11), "not a valid time", "updated>-7d"),
        ("updated>-3MO", (8, 12), "not a valid time", "updated>-3mo"),
        ("updated>-3months", (8, 16), "not a valid time", "updated>-3mo"),
        ("updated>90MIN", (8, 13), "not a valid time", "updated>-90m"),
        ("updated:7d..now", (8, 15), "mean “-7d..now”", "updated:-7d..now"),
        ("updated:'-9 weeks'", (8, 18), "mean “-9w”", "updated:-9w"),
        ("updated>29.11.2026", (8, 18), "not a valid time", "updated>2026-11-29"),
        ("updated>2026/3/9", (8, 16), "not a valid time", "updated>2026-03-09"),
        ("updated>31.02.2026", (8, 18), "not a valid time. Write 2026", None),
        (
            "created>2026-11-29 17:00 web",
            (8, 24),
            "in quotes",
            "created>2026-11-29T17:00 web",
        ),
        (
            "created>2024-05-01 9:30:15 UTC",
            (8, 30),
            "contains a space",
            "created>2024-05-01T09:30:15",
        ),
        ("ip:2001:db8", (3, 11), "mean “2001:db8:", "ip:2001:db8:*"),
        ("[2001:db8::1]:22", (0, 16), "two conditions", "[2001:db8::1] port:22"),
        ("-10.0.0.1:8080 x", (1, 14), "two", "-(10.0.0.1 port:8080) x"),
        ("web-1.example.net:443", (0, 21), "two", "web-1.example.net port:443"),
        ("updated:yesterdy", (8, 16), "not a valid time", "updated:yesterday"),
        ("env:", (4, 4), "ends after “:”; a value of “env”", None),
        ("env:prod,", (9, 9), "ends after “,”; a value", None),
        ("env:a,,b", (6, 7), "missing after “,”", None),
        ("env: or x", (5, 7), "missing after “:”. Put “or” in quotes", None),
        ("env in ()", (7, 9), "The list is empty", None),
        ("env in (a b)", (10, 11), "with commas", None),
        ("env in (a", (7, 8), "list is not closed", "env in (a)"),
        ("env:a=b", (5, 6), "“=” is not allowed here", None),
        ('env:a"b"', (5, 6), "Put a space before it", None),
        ("web,db", (3, 4), "only allowed between values", "web or db"),
        ("web-1,2001:db8::1", (5, 6), "only allowed between", "web-1 or 2001:db8::1"),
        (
            "web-1,web-2 ,web-3",
            (5, 6),
            "only allowed between",
            "web-1 or web-2 or web-3",
        ),
        ("env:a b,c", (7, 8), "only allowed between", "env:a (b or c)"),
        ("-b,c*,10.4", (2, 3), "only allowed between", "-(b or c* or 10.4)"),
        ("a and", (5, 5), "ends after “and”; a field, a word", None),
        ("a or or b", (5, 7), "“or” is not allowed after “or”", None),
        ("and", (0, 3), "not allowed at the beginning", None),
        ("not", (3, 3), "ends after “not”", None),
        ("(", (1, 1), "ends after “\\(”", None),
        ("()", (1, 2), "“\\)” is not allowed after “\\(”", None),
        ("((a)", (0, 1), "parenthesis is not closed", "((a))"),
        ("a) b", (1, 2), "has no opening one", "a b"),
        ("a )", (2, 3), "has no opening one", "a"),
        ('a "b', (2, 3), "quotation mark is not closed", 'a "b"'),
        ("'; drop table hosts; --", (0, 1), "mark is not closed", None),
        ('""', (0, 2), "quotes are empty", None),
        ('env:" "', (4, 7), "quotes are empty", None),
        ("-", (0, 1), "Write a minus directly before", None),
        ("a - b", (2, 3), "Write a minus directly before", "a -b"),
        ("(-)", (1, 2), "Write a minus directly before", None),
        ("owner is", (6, 8), "After “is”, write", None),
        ("owner is not x", (6, 8), "After “is”, write", None),
        ("env in prod", (4, 6), "After “in”, write a list", "env in (prod)"),
        ("(env NOT in a) b", (5, 11), "in parentheses", "(env NOT in (a)) b"),
        ("env in", (4, 6), "Write env in \\(VALUE", None),
        ("env in a, b", (4, 6), "write a list", None),
        ("env:a | env:b", (6, 7), "Use “or”", "env:a or env:b"),
        ("a && b", (2, 4), "“&&” is not valid in a query", "a and b"),
        ("a !env:b", (2, 3), "Use “-”", "a -env:b"),
        ("|| a", (0, 2), "Use “or”", None),
        ("!", (0, 1), "is not valid in a query", None),
        ("a\0b", (0, 3), "U.0000", None),
        ("env:a\0", (4, 6), "U.0000", None),
        ('hostname:"a\nb"', (9, 14), "U.000A", None),
    ],
)
def test_an_error_knows_its_place_and_a_way_out(text, place, words, fixed):
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)

    error = caught.value
    assert (error.start, error.end) == place
    assert error.text == text
    if fixed is not None:
        assert error.fixed == fixed
        parse(fixed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(" * 5_000, "more than 20 levels deep"),
        ("(" * 4_000 + "a" + ")" * 4_000, "more than 20 levels deep"),
        ("x" * 1_000_000, "1,000,000 characters; at most 10,000"),
        ("a or " * 1_999 + "a", "more than 100 conditions"),
        ("hostname:" + ",".join(map(str, range(1_001))), "more than 1,000 values"),
        ("owner:" + "x" * 2_001, "2,001 characters"),
        ('"' + "\\" * 9_000, "not closed"),
        ("-" * 9_999, "Write a minus directly before"),
        ("not " * 2_499, "ends after “not”"),
        ("- " * 4_999, "Write a minus"),
        ("\0" * 1_999, "U.0000"),
    ],
)
def test_too_much_is_refused_at_once(text, words):
    start = time.process_time()
    with pytest.raises(QueryError, match=words):
        parse(text)

    assert time.process_time() - start < 0.5


def test_variables_have_levels_in_bounds_all_together():
    deep = "var." + ".".join("abcdefghijklmnopqrst")
    parse(" ".join(f"{deep}:{number}" for number in range(15)))

    with pytest.raises(QueryError, match="over 300 levels") as caught:
        parse(" ".join(f"{deep}:{number}" for number in range(16)))
    assert caught.value.start > 0


def test_the_limits_themselves_are_within():
    deep = "(" * MAX_DEPTH + "a or (b)" + ")" * MAX_DEPTH
    with pytest.raises(QueryError, match="deep"):
        parse(deep)
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    assert len(parse(" or ".join("a" * MAX_TERMS)).nodes) == MAX_TERMS
    assert parse("a" + " " * (MAX_LENGTH - 1)) == A
    assert parse("-" * (MAX_LENGTH - 2) + "a") == A
    assert len(parse("hostname:" + ",".join(map(str, range(1_000)))).values) == 1_000


def test_a_query_is_narrowed_and_widened_by_its_terms():
    node = parse("env:prod (a or b) -c")

    assert top_level_terms(node) == [PROD, Or((A, B)), Not(C)]
    assert top_level_terms(EVERYTHING) == []
    assert top_level_terms(PROD) == [PROD]
    assert to_text(without(node, Or((A, B)))) == "env:prod -c"
    assert without(PROD, PROD) == EVERYTHING
    assert without(node, DEV) == node
    assert and_also(PROD, PROD) == PROD
    assert to_text(and_also(EVERYTHING, PROD)) == "env:prod"
    assert to_text(and_also(parse("a or b"), PROD)) == "(a or b) env:prod"


def values(_field, _begun, _limit):
    return [("prod", 5), ("pre prod", 2), ("dev", 1)]


@pytest.mark.parametrize(
    ("text", "first", "place"),
    [
        ("", "hostname:", (0, 0)),
        ("en", "env:", (0, 2)),
        ("-o", "os:", (1, 2)),
        ("(web or l", "location:", (8, 9)),
        ("env", ":", (3, 3)),
        ("env:", "prod ", (4, 4)),
        ("env:p", "prod ", (4, 5)),
        ('env:"pre', '"pre prod" ', (4, 8)),
        ("env in (dev, p", "prod ", (13, 14)),
        ("env:prod ", "and ", (9, 9)),
        ("env:prod o", "os:", (9, 10)),
        ("status:re", "retired ", (7, 9)),
        ("updated>", "today ", (8, 8)),
        ("owner is", "is empty ", (6, 8)),
        ("owner is ", "is empty ", (6, 9)),
    ],
)
def test_what_is_typed_is_completed(text, first, place):
    found = complete(text, len(text), values)

    assert (found[0].text, (found[0].start, found[0].end)) == (first, place)


def test_a_value_in_the_middle_is_replaced_to_its_end():
    found = complete("env:prod web", 6, values)

    assert [(one.text, one.start, one.end) for one in found] == [
        ("prod ", 4, 8),
        ('"pre prod" ', 4, 8),
    ]


@pytest.mark.parametrize("text", ["x:", "port~", "(" * 30, "\0", "a) b", "x" * 10**6])
def test_where_nothing_makes_sense_nothing_is_offered(text):
    assert complete(text, len(text), values) == []


def test_an_error_of_the_database_is_placed_afterwards():
    error = QueryError("Group “wep” does not exist.", value="wep", instead="we b")

    found = placed(error, "env:prod group:x,wep")

    assert (found.start, found.end) == (17, 20)
    assert found.fixed == 'env:prod group:x,"we b"'
    assert placed(QueryError("Something else."), "env:prod").text is None
