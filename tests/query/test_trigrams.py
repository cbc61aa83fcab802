"""The index over letters of names: exact, kept right, and left out where it is not."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from hostadmin import history
from hostadmin.db.engines import sqlite
from hostadmin.db.session import db
from hostadmin.inventory import hosts as inventory
from hostadmin.limits import limits
from hostadmin.models import Host
from hostadmin.query.parser import parse
from hostadmin.query.sql import trigrams
from hostadmin.query.sql.compiler import compile_node, select_ids

from ..helpers.apps import check_trigrams

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NAMES = (
    "web-1",
    "web-12",
    'a"b*c',
    "straße.de",
    "WEB_x",
    "db-web",
    "日本語-1",
    "a b c",
)
QUERIES = (
    "name~web",
    "name~b-1",
    "name~'b*c'",
    "name~'\"b*'",
    "name~ASSE",
    "name~straß",
    "name~日本語",
    "name~本語-",
    "name~'b c'",
    "name~zzz",
    "name~we",
    "name$=web",
    "name:*eb-1*",
    "name:*w?b-*",
    "-name~web",
    "name~web,asse",
    "web-1",
    "shop",
    "alias~hop",
    "-alias~shop",
    "name~'OR '",
)


@pytest.fixture
def hosts(make_host):
    for number, name in enumerate(NAMES):
        make_host(hostname=name, aliases=[f"shop{number}"] if number % 2 else [])


def found(session, text):
    return set(session.scalars(select_ids(session, parse(text))))


@SQLITE
def test_with_the_index_and_without_the_same_is_found(
    session, hosts, subtests, monkeypatch
):
    with_index = {text: found(session, text) for text in QUERIES}
    used = str(compile_node(session, parse("name~web")))
    monkeypatch.setattr(trigrams, "near", lambda *_: None)
    monkeypatch.setattr("hostadmin.query.sql.names.near", lambda *_: None)

    assert "hosts.id IN" in used
    for text in QUERIES:
        with subtests.test(text):
            assert found(session, text) == with_index[text]


@SQLITE
def test_many_candidates_are_looked_up_in_the_index(session, hosts, monkeypatch):
    monkeypatch.setattr(limits, "statement_ids", 1)

    assert "MATCH" in str(compile_node(session, parse("name~web")))
    assert len(found(session, "name~web")) == 4


@SQLITE
def test_more_candidates_than_a_list_counts_are_not(session, hosts, monkeypatch):
    monkeypatch.setattr(limits, "counted_rows", 1)

    assert "hosts.id IN" not in str(compile_node(session, parse("name~web")))
    assert len(found(session, "name~web")) == 4


@SQLITE
def test_names_that_change_are_found_by_the_new_one(session, hosts):
    host = session.scalar(sa.select(Host).where(Host.hostname == "web-12"))
    with history.writing("ann"):
        inventory.change_host(
            host.id,
            {"hostname": "mail-9", "aliases": ["post"]},
            version=host.version,
        )
    session.rollback()

    assert found(session, "name~mail") == found(session, "alias~post") == {host.id}
    assert host.id not in found(session, "name~web")
    with history.writing("ann"):
        inventory.delete_host(host.id, host.version)
    session.rollback()
    assert found(session, "name~mail") == found(session, "alias~post") == set()


@SQLITE
def test_an_index_that_is_wrong_would_be_noticed(session, hosts):
    with db.engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER hosts_trigrams_update")
        connection.exec_driver_sql(
            "UPDATE hosts SET hostname_key = hostname_key || 'x'"
        )
        with pytest.raises(DBAPIError):
            check_trigrams(connection)
        connection.rollback()


@SQLITE
def test_without_its_triggers_the_index_is_not_asked(session, hosts, monkeypatch):
    monkeypatch.setattr(sqlite, "trigram_triggers", lambda _: ["gone"])

    assert "hosts.id IN" not in str(compile_node(session, parse("name~web")))


def test_postgresql_has_its_own_index(session, hosts):
    if session.get_bind().dialect.name != "postgresql":
        return
    names = {index["name"] for index in sa.inspect(db.engine).get_indexes("hosts")}

    # A server from a wheel comes without the extension.
    there = sa.text("SELECT count(*) FROM pg_available_extensions WHERE name='pg_trgm'")
    assert ("ix_hosts_hostname_key_trigrams" in names) == session.scalar(there)
