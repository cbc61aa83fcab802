"""The SQLAlchemy expression and the SQL of a query, as the pages show them."""

import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings

from hostadmin import history
from hostadmin.models import (
    ChangeEntry,
    Host,
    HostAddress,
    HostAlias,
    VocabularyEntry,
    group_members,
)
from hostadmin.query.ast import terms_of
from hostadmin.query.sql.compiler import compile_node
from hostadmin.query.to_python import select_text
from hostadmin.validation.values import HostStatus

from ..helpers.examples import EXAMPLES
from ..helpers.hosts import add_hosts
from ..helpers.pages import parse
from ..helpers.random_queries import trees

NAMES: dict[str, Any] = {
    **{name: getattr(sa, name) for name in ("select", "func", "and_", "or_", "not_")},
    **{name: getattr(sa, name) for name in ("case", "cast", "exists", "text", "Text")},
    **{name: getattr(sa, name) for name in ("true", "false")},
    "Host": Host,
    "ChangeEntry": ChangeEntry,
    "HostAddress": HostAddress,
    "HostAlias": HostAlias,
    "HostStatus": HostStatus,
    "VocabularyEntry": VocabularyEntry,
    "host_group_members": group_members,
    "group_members": group_members,
    "datetime": datetime,
}


def test_the_shown_expression_finds_the_same_hosts(session, rows):
    session.rollback()

    @given(trees())
    @settings(max_examples=max(20, EXAMPLES // 10), deadline=None, database=None)
    def check(node):
        names = {term.field.partition(".")[0] for term in terms_of(node)}
        # Of variables there is no spelling that is the same on every engine, and
        # what a check or set finds are tables of their own.
        if names & {"var", "check", "set"}:
            return
        where = compile_node(session, node)
        shown = eval(f"({select_text(where)})", NAMES)  # noqa: S307 - ours
        meant = sa.select(Host) if where is None else sa.select(Host).where(where)
        ids = {host.id for host in session.scalars(shown)}

        assert ids == {host.id for host in session.scalars(meant)}

    check()


@pytest.mark.parametrize("url", ["/hosts/", "/stats/", "/stats/?by=env&"])
def test_pages_show_it(client, make_host, url):
    make_host(environment="prod")
    joint = "" if url.endswith("&") else "?"
    page = parse(client.get(f'{url}{joint}q=env:PROD name:"<b>\'"'))
    python, sql = (part.text for part in page.select(".statement pre"))

    assert "Host.environment == 'prod'" in python
    assert python.startswith("select(")
    assert sql.startswith("SELECT")
    assert "hosts.environment = 'prod'" in sql
    assert "'<b>'''" in sql or "'<b>\\''" in sql


def test_thousands_of_ids_are_not_written_out(client, session):
    names = [{"hostname": f"h{n}", "ip_addr": f"10.0.0.{n % 9}"} for n in range(2_000)]
    with history.writing("tests"):
        add_hosts(names)

    page = parse(client.get("/hosts/?q=check:same-address"))
    python, sql = (part.text for part in page.select(".statement pre"))

    assert "… 1,989 more …" in sql
    assert len(sql) < 2_000
    assert len(python) < 1_000


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_who_may_not_see_it_does_not(client_of, make_host, role):
    make_host()
    client = client_of(role)

    for url in ("/hosts/", "/stats/", "/stats/?by=env"):
        assert "SELECT" not in client.get(url).text
