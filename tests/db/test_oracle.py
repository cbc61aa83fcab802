"""What Oracle would be sent: it parses, and has only what Oracle's manual has.

There is no Oracle to run it on. An engine of the tests' own is asked what Oracle would
be asked; each statement is compiled for Oracle, too, and parsed.
"""

import random
import re
from functools import partial
from itertools import pairwise

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError
from sqlglot import exp
from sqlglot.tokens import TokenType

from hostadmin import history
from hostadmin.db.engines import ENGINES, Engine
from hostadmin.db.engines.oracle import Oracle
from hostadmin.db.session import Base, db
from hostadmin.exports.exporter import FORMATS
from hostadmin.inventory import groups, hosts
from hostadmin.limits import limits

from ..helpers.accounts import log_in
from ..helpers.apps import build_app
from ..helpers.otherlite import Otherlite
from ..helpers.random_queries import GROUPS, random_rows

# Of Oracle's SQL Language Reference, 19c, chapter 7: those that are sent.
FUNCTIONS = {
    *("CAST", "COALESCE", "COUNT", "EXTRACT", "INSTR", "JSON_QUERY", "JSON_VALUE"),
    *("LENGTH", "LENGTHB", "LOWER", "LTRIM", "MAX", "MIN", "NULLIF", "SUBSTR", "SUM"),
}
QUERIES = (
    *("name~web", "web*", "mail", "alias~w", "notes~a", "env:PROD,dev", "os:none"),
    *(
        "port>1",
        "ip=10.0.0.0/8",
        "group:eu",
        "-group:eu",
        "group:none",
        "status:active",
    ),
    *("created>-1d", "created:2026-11", "confirmed<-90d", "check:same-address"),
    *("check:same-short-name", "check:look-alike-name", "var.a=25", "-var.a:none"),
    *("var.a>2", 'var.a="x"', "-(env:prod owner:ann)"),
)
SORTS = ("ip", "-owner", "created", "hostname,ip", "var.a")
BY = ("env", "group", "network/24", "domain", "created:month", "created:day", "var.a")
PAGES = (
    *(f"/hosts/?q={query}" for query in QUERIES),
    *(f"/hosts/?sort={sort}" for sort in SORTS),
    *(f"/stats/?by={by}" for by in BY),
    *(f"/export/{name}" for name in FORMATS),
    *("/stats/", "/stats/?by=env&by=os", "/stats/?by=env&q=owner:none"),
    *("/changes/", "/changes/?host=web-1", "/changes/?field=owner", "/data-quality/"),
    *("/groups/", "/groups/details/?id=1", "/hosts/details/?id=1", "/hosts/edit/?id=1"),
    *("/undo/?id=1", "/accounts/", "/account/", "/views/", "/metrics", "/readyz"),
)
# What else is before a parenthesis.
WORDS = {
    *("AND", "AS", "FROM", "IN", "EXISTS", "JOIN", "NOT", "ON", "OR", "OVER", "SELECT"),
    *("VALUES", "VARCHAR2", "WHEN", "WHERE", "ELSE", "THEN"),
}
# Its dialect sends nothing instead.
NOT_SENT = "RELEASE SAVEPOINT"
CONDITIONS = (
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.Between),
    *(exp.Exists, exp.In, exp.Is, exp.Not, exp.And, exp.Or),
)
LONG_COLUMNS = {
    column.name
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, sa.Text | sa.JSON)
}


class AsOracle(Oracle):
    """Asked as Oracle is; only the tables are those of SQLite."""

    time_type = Engine.time_type


@pytest.fixture(scope="module")
def statements(tmp_path_factory):
    """All that is sent while somebody looks at every kind of page, parsed."""
    folder = tmp_path_factory.mktemp("oracle")
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(ENGINES, Otherlite.name, AsOracle())
        patched.setattr(limits, "facet_seconds", 60)
        app = build_app(f"{Otherlite.name}:///{folder}/hosts.db")
        with app.app_context():
            sent = _collect(db.engine)
            _fill()
        client = log_in(app.test_client())
        for url in PAGES:
            assert client.get(url).status_code < 500, url
        with app.app_context():
            db.engine.dispose()
    assert len(sent) > 100
    return {text: sqlglot.parse_one(text, read="oracle") for text in sent}


def _collect(engine):
    dialect = sa.create_mock_engine("oracle+oracledb://", lambda *_: None).dialect
    dialect.server_version_info = (19,)
    sent = {}

    def note(_connection, element, _many, _parameters, _options):
        if hasattr(element, "compile"):
            text = _text(element, dialect)
            if not text.startswith(NOT_SENT):
                sent.setdefault(text)

    event.listen(engine, "before_execute", note)
    return sent


def _text(element, dialect):
    """Return a statement with lists as long as they are, where that is known here."""
    compiled = partial(element.compile, dialect=dialect)
    try:
        return str(compiled(compile_kwargs={"render_postcompile": True}))
    except InvalidRequestError:
        return re.sub(r"__\[POSTCOMPILE_\w+\]", ":some", str(compiled()))


def _fill():
    with history.writing("tests"):
        for name in reversed(GROUPS):
            groups.add_group({"name": name, "children": GROUPS[name]})
        for fields in random_rows(random.Random(7))[:25]:
            hosts.add_host(fields)


def found(statements, what):
    return [text for text, statement in statements.items() if what(statement)]


def test_every_function_is_one_of_oracle(statements):
    asked = {name for text in statements for name in _called(text)}
    assert asked - FUNCTIONS == set()
    assert asked >= {"JSON_VALUE", "EXTRACT"}, "there was something to see"


def _called(text):
    """Yield the names before parentheses, but for words of SQL and names of tables."""
    tokens = sqlglot.tokenize(text, read="oracle")
    for name, bracket in pairwise(tokens):
        word = name.text.upper()
        is_call = bracket.token_type is TokenType.L_PAREN and word.isidentifier()
        if is_call and word not in WORDS and word.lower() not in Base.metadata.tables:
            yield word


def test_no_list_is_longer_than_oracle_takes(statements):
    def is_long(statement):
        return any(len(node.expressions) > 1000 for node in statement.find_all(exp.In))

    assert found(statements, is_long) == []


def test_no_condition_is_a_value(statements):
    """Before 23ai, a condition is nothing that can be selected."""

    def selects_one(statement):
        return any(
            isinstance(value.unalias().unnest(), CONDITIONS)
            for select in statement.find_all(exp.Select)
            for value in select.expressions
        )

    assert found(statements, selects_one) == []


def test_nothing_is_compared_with_an_empty_text(statements):
    """It is NULL there, and equal to nothing."""

    def compares(statement):
        texts = statement.find_all(exp.Literal)
        return any(text.is_string and not text.this for text in texts)

    assert found(statements, compares) == []


def test_no_long_text_is_grouped_or_distinct(statements):
    def groups_one(statement):
        return any(
            column.name in LONG_COLUMNS
            for select in statement.find_all(exp.Select)
            for column in _grouped(select)
        )

    assert found(statements, groups_one) == []


def _grouped(select):
    """Return the columns that a select is grouped by or distinct in, as they are."""
    group = select.args.get("group")
    values = list(group.expressions) if group else []
    values += select.expressions if select.args.get("distinct") else []
    values = [value.unalias() for value in values]
    return [value for value in values if isinstance(value, exp.Column)]
