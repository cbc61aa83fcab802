"""Many hosts at once with Core statements, on every database."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import Base, db
from hostadmin.errors import Conflict
from hostadmin.history import DELETED, changes_of
from hostadmin.inventory import bulk_delete, hosts
from hostadmin.models import Host

from ..helpers.hosts import add_hosts


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_may_write_the_tables_needs_no_right_to_sequences(session):
    tables = ", ".join(Base.metadata.tables)
    with history.writing("ann", "command"):
        connection = session.connection()
        connection.exec_driver_sql("CREATE ROLE writer")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT ON {tables} TO writer")
        connection.exec_driver_sql("SET LOCAL ROLE writer")
        add_hosts({"hostname": name, "aliases": [name * 2]} for name in "ab")
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql("DROP OWNED BY writer")
        connection.exec_driver_sql("DROP ROLE writer")

    found = {
        str(host): list(map(str, host.aliases))
        for host in session.scalars(sa.select(Host))
    }
    assert found == {"a": ["aa"], "b": ["bb"]}


def delete(versions):
    with history.writing("ann", "command"):
        bulk_delete.delete_hosts(db.session(), versions)


def test_many_are_deleted_and_recorded_as_by_the_form(session, make_host, make_group):
    make_group(name="g")
    given = {
        "aliases": ["b", "C"],
        "addresses": ["::2", "::1"],
        "groups": ["g"],
        "vars": {"x": [1.0]},
        "notes": "n",
    }
    ids = [make_host(hostname=f"h{n}", **given) for n in range(3)]
    with history.writing("ann", "web"):
        hosts.delete_host(ids[0])

    delete(dict.fromkeys(ids[1:], 1))

    assert [hosts.find_host(f"h{n}") for n in range(3)] == [None] * 3
    by_form, *by_bulk = (changes_of(db.session(), "host", id_)[0] for id_ in ids)
    for one in by_bulk:
        assert one.action == DELETED
        assert one.changes.pop("hostname") == [one.subject_name, None]
        assert one.changes.pop("created_at")[1] is None
        rest = dict(by_form.changes)
        del rest["hostname"], rest["created_at"]
        assert one.changes == rest


@pytest.mark.parametrize("change", [{2: 1}, {0: 7}])
def test_nobody_is_deleted_when_one_is_gone_or_stale(session, make_host, change):
    ids = [make_host(), make_host(), make_host()]
    versions = dict.fromkeys(ids[:2], 1)
    ids[2] += 1000
    with pytest.raises(Conflict):
        delete(versions | {ids[n]: version for n, version in change.items()})

    session.rollback()
    assert [hosts.get_host(id_).version for id_ in ids[:2]] == [1, 1]
