"""Many hosts at once with Core statements, on every database."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import Base, db
from hostadmin.errors import Conflict
from hostadmin.history import CHANGED, DELETED, changes_of
from hostadmin.inventory import bulk_delete, bulk_write, hosts
from hostadmin.inventory.bulk_write import HostChange
from hostadmin.models import Host


@pytest.fixture
def change(session):
    def run(change: HostChange, group_ids: dict[str, int]) -> None:
        with history.writing("ann", "command"):
            bulk_write.change_hosts(db.session(), [change], group_ids)

    return run


def test_lists_gain_and_lose_in_one_change(session, change, make_host, make_group):
    ids = {name: make_group(name=name) for name in ("db", "web")}
    host_id = make_host(
        hostname="a",
        aliases=["WWW", "old"],
        ip_addr="10.0.0.1",
        addresses=["10.0.0.2", "2001:db8::1"],
        groups=["db"],
    )
    changes = {"aliases": [["WWW", "old"], ["new", "www"]]}

    change(
        HostChange(
            id=host_id,
            version=1,
            hostname="a",
            fields={},
            changes=changes,
            new_aliases=["www", "new"],
            lost_aliases=["WWW", "old"],
            new_groups=["web"],
            lost_groups=["db"],
            lost_addresses=["2001:db8::1"],
        ),
        ids,
    )

    host = hosts.get_host(host_id)
    assert [str(alias) for alias in host.aliases] == ["new", "www"]
    assert [str(address) for address in host.addresses] == ["10.0.0.2"]
    assert [str(group) for group in host.groups] == ["web"]
    assert host.version == 2
    newest = changes_of(db.session(), "host", host_id)[0]
    assert (newest.action, newest.changes) == (CHANGED, changes)


def test_a_stale_version_changes_nothing(session, change, make_host):
    host_id = make_host(hostname="a", aliases=["b"])
    with pytest.raises(Conflict):
        change(HostChange(host_id, 7, "a", {"port": 1}, {}, lost_aliases=["b"]), {})

    session.rollback()
    host = hosts.get_host(host_id)
    assert ([str(alias) for alias in host.aliases], host.port) == (["b"], 22)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_may_write_the_tables_needs_no_right_to_sequences(session):
    tables = ", ".join(Base.metadata.tables)
    with history.writing("ann", "command"):
        connection = session.connection()
        connection.exec_driver_sql("CREATE ROLE writer")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT ON {tables} TO writer")
        connection.exec_driver_sql("SET LOCAL ROLE writer")
        hosts_given = [{"hostname": name, "aliases": [name * 2]} for name in "ab"]
        bulk_write.insert_hosts(session(), hosts_given, {})
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


def test_a_deleted_host_comes_back_with_its_id(session, make_host, make_group):
    group_ids = {"g": make_group(name="g")}
    host_id = make_host(hostname="a")
    delete({host_id: 1})
    back = {"id": host_id, "version": 5, "hostname": "a", "groups": ["g"]}

    with history.writing("ann", "command"):
        bulk_write.insert_hosts(db.session(), [back], group_ids)

    host = hosts.get_host(host_id)
    assert (host.version, [str(group) for group in host.groups]) == (5, ["g"])
    newest = changes_of(db.session(), "host", host_id)[0]
    assert "id" not in newest.changes
    assert "version" not in newest.changes
