"""The history: written with what it describes, or neither is. On every database."""

import contextlib
import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.engines import engine_of
from hostadmin.db.session import db, was_rolled_back
from hostadmin.errors import Busy, InvalidInput, OutcomeUnknown
from hostadmin.history import ActorContext, recorder
from hostadmin.inventory import groups, hosts
from hostadmin.limits import limits
from hostadmin.models import (
    ChangeEntry,
    ChangeSet,
    Group,
    Host,
    HostAddress,
    HostAlias,
    VocabularyEntry,
    group_children,
    group_members,
)

NOTHING = (0, 0)


@pytest.fixture
def writing(session):
    return lambda: history.writing("ann", "web", "as asked")


@pytest.fixture
def recorded(session):
    """Return what was recorded since the last call: (action, name, changes)."""
    seen = [0]

    def read():
        session.rollback()
        rows = session.scalars(
            sa.select(ChangeEntry)
            .where(ChangeEntry.id > seen[0])
            .order_by(ChangeEntry.id)
        ).all()
        seen[0] = max([row.id for row in rows], default=seen[0])
        return [(row.action, row.subject_name, row.changes) for row in rows]

    return read


def counts(session):
    session.rollback()
    return tuple(
        session.scalar(sa.select(sa.func.count()).select_from(table))
        for table in (ChangeSet, ChangeEntry)
    )


# ---- what is recorded


def test_a_new_host_is_recorded_with_all_that_was_set(
    session, writing, recorded, make_group
):
    group_id = make_group(name="web")
    recorded()
    with writing():
        hosts.add_host(
            {
                "hostname": "web1",
                "aliases": ["b", "A"],
                "ip_addr": "10.0.0.1",
                "addresses": ["::2", "::1"],
                "environment": "prod",
                "groups": ["web"],
                "vars": {"x": [True, 1, 1.0]},
                "notes": "n",
                "owner": "",
            }
        )

    ((action, name, changes),) = recorded()
    assert (action, name) == ("created", "web1")
    assert changes == {
        "hostname": [None, "web1"],
        "aliases": [None, ["A", "b"]],
        "ip_addr": [None, "10.0.0.1"],
        "addresses": [None, ["::1", "::2"]],
        "port": [None, 22],
        "status": [None, "active"],
        "environment": [None, "prod"],
        "groups": [None, [{"id": group_id, "name": "web"}]],
        "vars": [None, {"x": [True, 1, 1.0]}],
        "notes": [None, "n"],
    }
    assert repr(changes["vars"][1]["x"]) == "[True, 1, 1.0]"


def test_the_change_set_says_who_when_through_what_and_why(session, writing):
    before = utcnow()
    with writing():
        host_id = hosts.add_host({"hostname": "web1"}).id
        groups.add_group({"name": "web"})

    act = session.scalars(sa.select(ChangeSet)).one()
    assert (act.actor, act.source, act.message) == ("ann", "web", "as asked")
    assert before <= act.at <= utcnow()
    assert act.confirmed_count == 0
    assert {(one.subject, one.subject_id) for one in act.entries} == {
        ("host", host_id),
        ("group", session.scalar(sa.select(Group.id))),
    }


CHANGES = [
    ({"hostname": "WEB1"}, {"hostname": ["web1", "WEB1"]}),
    ({"owner": "you"}, {"owner": ["me", "you"]}),
    ({"owner": None}, {"owner": ["me", None]}),
    ({"location": "ams"}, {"location": [None, "ams"]}),
    ({"port": None}, {"port": [22, None]}),
    ({"port": "2222"}, {"port": [22, 2222]}),
    ({"status": "retired"}, {"status": ["active", "retired"]}),
    ({"ip_addr": "::1"}, {"ip_addr": ["10.0.0.1", "::1"]}),
    ({"notes": "n\n"}, {"notes": ["n", "n\n"]}),
    ({"aliases": ["c"]}, {"aliases": [["a", "b"], ["c"]]}),
    ({"aliases": ["a", "b", "c"]}, {"aliases": [["a", "b"], ["a", "b", "c"]]}),
    ({"aliases": []}, {"aliases": [["a", "b"], None]}),
    ({"addresses": ["::9"]}, {"addresses": [["::5"], ["::9"]]}),
    ({"vars": {"x": 1}}, {"vars": [{"x": True}, {"x": 1}]}),
    ({"vars": {"x": 1.0}}, {"vars": [{"x": True}, {"x": 1.0}]}),
    ({"vars": {"x": "true"}}, {"vars": [{"x": True}, {"x": "true"}]}),
    ({"vars": {}}, {"vars": [{"x": True}, None]}),
]


@pytest.mark.parametrize(("given", "changes"), CHANGES)
def test_a_change_is_recorded_from_and_to(writing, recorded, make_host, given, changes):
    host_id = make_host(
        hostname="web1",
        owner="me",
        ip_addr="10.0.0.1",
        aliases=["a", "b"],
        addresses=["::5"],
        vars={"x": True},
        notes="n",
    )
    recorded()

    with writing():
        hosts.change_host(host_id, given)

    ((action, name, found),) = recorded()
    assert (action, found) == ("changed", changes)
    assert name == given.get("hostname", "web1")
    # As equal as JSON can tell: True is not 1.
    assert repr(found) == repr(changes)
    assert hosts.get_host(host_id).version == 2


def test_types_in_variables_are_kept_in_both_database_and_history(
    writing, recorded, session, make_host
):
    values = [1, 1.0, True, "1", 1e22, 10**22, -0.0, None]
    host_id = make_host(vars={"x": "start"})
    recorded()
    for value in values:
        with writing():
            hosts.change_host(host_id, {"vars": {"x": value}})

    assert [repr(changes["vars"][1]["x"]) for _, _, changes in recorded()] == [
        repr(value) for value in values
    ]
    assert hosts.get_host(host_id).version == 1 + len(values)


def test_the_groups_of_a_host_are_recorded_by_id_and_name(
    writing, recorded, make_group, make_host
):
    ids = {name: make_group(name=name) for name in "abc"}
    host_id = make_host(hostname="web1", groups=["b", "a"])
    recorded()

    with writing():
        hosts.change_host(host_id, {"groups": ["b", "c"]})

    assert recorded() == [
        (
            "changed",
            "web1",
            {
                "groups": [
                    [{"id": ids["a"], "name": "a"}, {"id": ids["b"], "name": "b"}],
                    [{"id": ids["b"], "name": "b"}, {"id": ids["c"], "name": "c"}],
                ]
            },
        )
    ]


def test_a_group_is_recorded_like_a_host(writing, recorded, make_group):
    child = make_group(name="child")
    recorded()
    with writing():
        group_id = groups.add_group({"name": "web", "children": ["child"]}).id
    with writing():
        groups.change_group(
            group_id, {"name": "Web", "description": "d", "vars": {"x": 1}}
        )
    with writing():
        groups.change_group(group_id, {"children": []})

    children = [{"id": child, "name": "child"}]
    assert recorded() == [
        ("created", "web", {"name": [None, "web"], "children": [None, children]}),
        (
            "changed",
            "Web",
            {
                "name": ["web", "Web"],
                "description": [None, "d"],
                "vars": [None, {"x": 1}],
            },
        ),
        ("changed", "Web", {"children": [children, None]}),
    ]
    assert groups.get_group(group_id).version == 3


def test_many_changes_of_one_write_are_one_entry(
    writing, recorded, make_group, make_host
):
    make_group(name="web")
    host_id = make_host(hostname="web1")
    recorded()
    given = {
        "hostname": "web2",
        "aliases": ["a"],
        "addresses": ["::1"],
        "groups": ["web"],
        "environment": "new env",
        "owner": "new owner",
        "vars": {"x": 1},
    }

    with writing():
        hosts.change_host(host_id, given)

    ((_, _, changes),) = recorded()
    assert changes.keys() == given.keys()


def test_an_added_host_with_everything_is_one_entry(writing, recorded, make_group):
    make_group(name="web")
    recorded()

    with writing():
        hosts.add_host(
            {
                "hostname": "a",
                "groups": ["web"],
                "aliases": ["b"],
                "owner": "x",
                "os": "y",
            }
        )

    assert [action for action, _, _ in recorded()] == ["created"]


def test_a_deleted_host_leaves_all_that_it_was(
    session, writing, recorded, make_group, make_host
):
    group_id = make_group(name="web")
    host_id = make_host(
        hostname="web1", aliases=["a"], addresses=["::1"], groups=["web"], vars={"x": 1}
    )
    created = hosts.get_host(host_id).created_at
    recorded()

    with writing():
        hosts.delete_host(host_id)

    assert recorded() == [
        (
            "deleted",
            "web1",
            {
                "hostname": ["web1", None],
                "aliases": [["a"], None],
                "addresses": [["::1"], None],
                "port": [22, None],
                "status": ["active", None],
                "groups": [[{"id": group_id, "name": "web"}], None],
                "vars": [{"x": 1}, None],
                "created_at": [created.isoformat(), None],
            },
        )
    ]


def test_entries_outlive_their_objects(session, writing, make_group, make_host):
    group_id = make_group(name="web")
    host_id = make_host(hostname="web1")
    with writing():
        hosts.delete_host(host_id)
        groups.delete_group(group_id)

    for subject, subject_id in (("host", host_id), ("group", group_id)):
        entries = history.changes_of(session, subject, subject_id)
        assert [entry.action for entry in entries] == ["deleted", "created"]
        assert entries[0].change_set.actor == "ann"
        assert entries[1].change_set.actor == "tests"


def test_the_newest_changes_come_first_and_no_more_than_asked(
    session, writing, make_host
):
    host_id = make_host()
    for number in range(5):
        with writing():
            hosts.change_host(host_id, {"owner": f"o{number}"})

    found = history.changes_of(session, "host", host_id, limit=2)

    assert [entry.changes["owner"][1] for entry in found] == ["o4", "o3"]


def test_a_deleted_group_is_recorded_at_members_and_parents(
    writing, recorded, make_group, make_host
):
    child = make_group(name="child")
    group_id = make_group(name="web", children=["child"], vars={"x": 1})
    make_group(name="parent", children=["web"])
    make_host(hostname="b", groups=["web", "child"])
    make_host(hostname="a", groups=["web"])
    make_host(hostname="other", groups=["child"])
    recorded()

    with writing():
        groups.delete_group(group_id)

    web, rest = {"id": group_id, "name": "web"}, {"id": child, "name": "child"}
    *left, deleted = recorded()
    assert sorted(left) == [
        ("changed", "a", {"groups": [[web], None]}),
        ("changed", "b", {"groups": [[rest, web], [rest]]}),
        ("changed", "parent", {"children": [[web], None]}),
    ]
    action, name, changes = deleted
    assert (action, name) == ("deleted", "web")
    assert changes.pop("created_at")[1] is None
    assert changes == {
        "name": ["web", None],
        "vars": [{"x": 1}, None],
        "children": [[rest], None],
    }


# ---- what is not


SAME = [
    {},
    {"hostname": "web1"},
    {"owner": " me "},
    {"owner": "ME"},
    {"port": "22"},
    {"status": "ACTIVE"},
    {"ip_addr": "0:0:0::1"},
    {"notes": "n"},
    {"aliases": ["b", "a"]},
    {"aliases": ["a", "b", "A."]},
    {"addresses": ["::6", "::5"]},
    {"groups": ["h", "g"]},
    {"vars": {"y": [1], "x": True}},
]


@pytest.mark.parametrize("given", SAME)
def test_nothing_is_recorded_when_nothing_changed(
    session, writing, recorded, make_group, make_host, given
):
    make_group(name="g")
    make_group(name="h")
    host_id = make_host(
        hostname="web1",
        owner="me",
        ip_addr="::1",
        aliases=["a", "b"],
        addresses=["::5", "::6"],
        groups=["g", "h"],
        vars={"x": True, "y": [1]},
        notes="n",
    )
    before = counts(session)
    host = hosts.get_host(host_id)
    stamps = (host.version, host.updated_at, host.confirmed_at)

    with writing():
        hosts.change_host(host_id, given)

    assert counts(session) == before
    host = hosts.get_host(host_id)
    assert (host.version, host.updated_at, host.confirmed_at) == stamps


def test_nothing_is_recorded_when_a_group_did_not_change(session, writing, make_group):
    make_group(name="child")
    group_id = make_group(
        name="web", children=["child"], vars={"x": 1}, description="d"
    )
    before = counts(session)

    with writing():
        groups.change_group(
            group_id,
            {
                "name": "web",
                "children": ["child"],
                "vars": {"x": 1},
                "description": " d",
            },
        )

    assert counts(session) == before
    assert groups.get_group(group_id).version == 1


def test_a_change_moves_the_clocks_even_if_only_a_list_changed(
    session, writing, make_group, make_host
):
    make_group(name="web")
    host_id = make_host(hostname="web1")
    for given in ({"aliases": ["a"]}, {"addresses": ["::1"]}, {"groups": ["web"]}):
        before = hosts.get_host(host_id)
        version, updated, created = before.version, before.updated_at, before.created_at
        with writing():
            hosts.change_host(host_id, given)
        host = hosts.get_host(host_id)

        assert host.version == version + 1
        assert host.updated_at > updated
        assert host.confirmed_at == host.updated_at
        assert host.created_at == created


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt, InvalidInput])
def test_a_write_that_is_rolled_back_leaves_no_entry(
    session, writing, make_host, error
):
    host_id = make_host(hostname="web1")
    before = counts(session)

    def break_off():
        hosts.change_host(host_id, {"owner": "me"})
        hosts.add_host({"hostname": "new", "environment": "new"})
        raise error([])

    with pytest.raises(error), writing():
        break_off()

    assert counts(session) == before
    assert hosts.get_host(host_id).owner is None
    assert session.scalars(sa.select(VocabularyEntry)).all() == []
    with writing():
        hosts.change_host(host_id, {"owner": "me"})
    assert counts(session) == (before[0] + 1, before[1] + 1)


def test_if_the_entry_cannot_be_written_the_change_does_not_happen(
    session, writing, make_host, monkeypatch
):
    host_id = make_host(hostname="web1")

    def fail(*_):
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(recorder, "add_entries", fail)

    with pytest.raises(sa.exc.OperationalError), writing():
        hosts.change_host(host_id, {"owner": "me"})
    assert hosts.get_host(host_id).owner is None


# ---- nothing gets past it


def test_a_write_without_an_actor_is_refused(session, make_host):
    host_id = make_host(hostname="web1")
    before = counts(session)

    hosts.get_host(host_id).owner = "me"
    with pytest.raises(RuntimeError, match="who does this"):
        session.commit()
    session.rollback()
    session.delete(hosts.get_host(host_id))
    with pytest.raises(RuntimeError, match="who does this"):
        session.commit()
    session.rollback()
    session.add(Host(hostname="new"))
    with pytest.raises(RuntimeError, match="who does this"):
        session.flush()

    assert counts(session) == before
    assert session.scalars(sa.select(Host.hostname)).all() == ["web1"]


def test_the_actor_does_not_outlive_the_block(session, writing):
    with writing():
        hosts.add_host({"hostname": "a"})
    session.add(Host(hostname="b"))

    with pytest.raises(RuntimeError, match="who does this"):
        session.flush()


def test_two_blocks_are_two_change_sets(session, writing):
    for name in "ab":
        with writing():
            hosts.add_host({"hostname": name})

    assert counts(session) == (2, 2)


TABLES = [
    Host,
    HostAlias,
    HostAddress,
    Group,
    group_members,
    group_children,
    ChangeSet,
    ChangeEntry,
]


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_bulk_statement_on_a_recorded_table_is_refused(session, writing, table):
    column = sa.inspect(table, raiseerr=False)
    name = (table.c if isinstance(table, sa.Table) else column.columns).keys()[0]

    for statement in (
        sa.delete(table),
        sa.update(table).values({name: 1}),
        sa.insert(table).values({name: 1}),
    ):
        with pytest.raises(RuntimeError, match="would leave no history"), writing():
            session.execute(statement)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_core_statement_on_the_connection_of_the_session_is_refused(
    session, writing, make_host, table
):
    make_host()
    table = getattr(table, "__table__", table)
    column = table.columns.keys()[0]

    for statement in (
        sa.delete(table),
        sa.update(table).values({column: 1}),
        sa.insert(table).values({column: 1}),
        sa.text(f"DELETE FROM {table.name}"),  # noqa: S608 - our own names
        sa.text(f"update {table.name} set {column} = 1"),  # noqa: S608
    ):
        with pytest.raises(RuntimeError, match="would leave no history"), writing():
            session.connection().execute(statement)


def test_bulk_methods_of_the_session_are_refused(session, writing, make_host):
    id_ = make_host(hostname="web1")
    new = {"hostname": "b", "hostname_key": "b", "hostname_sort": "b", "version": 1}
    old = {"id": id_, "version": 1}

    for write in (
        lambda: session.bulk_insert_mappings(Host, [new]),
        lambda: session.bulk_save_objects([Host(hostname="c")]),
        lambda: session.bulk_update_mappings(Host, [old | {"owner": "x"}]),
        lambda: session.bulk_insert_mappings(
            ChangeSet, [{"actor": "x", "source": "web", "confirmed_count": 0}]
        ),
    ):
        with pytest.raises(RuntimeError, match="would leave no history"), writing():
            write()
    assert counts(session) == (1, 1)
    assert session.scalar(sa.select(Host.hostname)) == "web1"


def test_even_the_bulk_module_cannot_rewrite_the_history(session, make_host):
    make_host()
    for table in (ChangeSet.__table__, ChangeEntry.__table__):
        with (
            pytest.raises(RuntimeError, match="would leave no history"),
            history.writing("ann"),
            history.recording(session()) as connection,
        ):
            connection.execute(sa.delete(table))
    assert counts(session) == (1, 1)


def test_a_failed_flush_allows_no_core_statement(session, writing, make_host):
    make_host(hostname="web1")

    def fail_and_go_on():
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.add(Host(hostname="web1"))
        session.connection().execute(sa.delete(Host.__table__))

    with pytest.raises(RuntimeError, match="would leave no history"), writing():
        fail_and_go_on()


def test_an_update_of_a_joined_or_filtered_host_is_refused(session, writing, make_host):
    make_host(hostname="web1", owner="me")
    aliased = sa.orm.aliased(Host)

    for statement in (
        sa.update(Host).where(Host.hostname == "web1").values(owner="you"),
        sa.delete(Host).where(Host.id.in_(sa.select(aliased.id))),
    ):
        with pytest.raises(RuntimeError, match="would leave no history"), writing():
            session.execute(statement)
    assert session.scalar(sa.select(Host.owner)) == "me"


def test_what_was_recorded_cannot_be_changed_or_deleted(session, writing, make_host):
    make_host(hostname="web1")

    def entry():
        return session.scalars(sa.select(ChangeEntry)).one()

    for rewrite in (
        lambda: setattr(entry(), "subject_name", "web2"),
        lambda: setattr(entry(), "changes", {}),
        lambda: setattr(entry().change_set, "actor", "bob"),
        lambda: session.delete(entry()),
        lambda: session.delete(entry().change_set),
    ):
        with pytest.raises(RuntimeError, match="only added to"), writing():
            rewrite()
    assert counts(session) == (1, 1)


def test_a_savepoint_in_the_middle_makes_no_second_change_set(session, writing):
    with writing():
        hosts.add_host({"hostname": "a", "owner": "one"})
        with contextlib.suppress(LookupError), session.begin_nested():
            raise LookupError
        # A new term of the vocabulary is added in a savepoint, too.
        hosts.add_host({"hostname": "b", "owner": "two"})

    assert counts(session) == (1, 2)


def test_entries_in_a_savepoint_are_refused(session, writing, make_host):
    make_host(hostname="a")
    with (
        pytest.raises(RuntimeError, match="savepoint"),
        writing(),
        session.begin_nested(),
    ):
        hosts.find_host("a").port = 80


def test_installing_twice_records_once(session, writing, recorded):
    recorder.install()
    recorder.install()
    with writing():
        hosts.add_host({"hostname": "a"})

    assert len(recorded()) == 1


# ---- running a write again


class RolledBack(Exception):
    sqlstate = "40001"


def rolled_back():
    return sa.exc.OperationalError("UPDATE", {}, RolledBack())


def test_a_write_that_the_engine_rolled_back_is_run_again(session, recorded):
    tries = []

    def work():
        tries.append(hosts.add_host({"hostname": "a"}).hostname)
        if len(tries) < 3:
            raise rolled_back()
        return "done"

    assert history.write(ActorContext("ann", "web"), work) == "done"
    assert tries == ["a", "a", "a"]
    assert [action for action, _, _ in recorded()] == ["created"]


def test_a_write_that_is_rolled_back_each_time_is_busy(session):
    tries = []

    def work():
        tries.append(1)
        raise rolled_back()

    with pytest.raises(Busy, match="Nothing was saved"):
        history.write(ActorContext("ann", "web"), work)
    assert len(tries) == history.ATTEMPTS


class LockWaitTimeout(Exception):
    """As PyMySQL tells it: a number that says more than the state beside it."""

    sqlstate = "HY000"


@pytest.mark.parametrize("number", [1205, 1213])
def test_a_lock_wait_of_mariadb_is_seen_by_its_number(number):
    error = sa.exc.OperationalError("UPDATE", {}, LockWaitTimeout(number, "waited"))
    assert was_rolled_back(error)


def test_a_savepoint_that_went_with_its_transaction_is_seen_by_its_name():
    gone = LockWaitTimeout(1305, "SAVEPOINT sa_savepoint_1 does not exist")
    other = LockWaitTimeout(1305, "FUNCTION hosts.f does not exist")
    assert was_rolled_back(sa.exc.OperationalError("ROLLBACK", {}, gone))
    assert not was_rolled_back(sa.exc.OperationalError("SELECT", {}, other))


# As a node of Galera puts it that loses the others while it commits, and one that is
# given more than it takes.
WITHOUT_OTHERS = "Error while appending streaming replication fragment"
TOO_LARGE = "Got error 90 'Message too long' during COMMIT"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(WITHOUT_OTHERS, OutcomeUnknown), (TOO_LARGE, sa.exc.OperationalError)],
)
def test_a_commit_that_others_may_have_got_is_not_called_refused(
    session, text, expected
):
    def fail(_connection):
        raise sa.exc.OperationalError("COMMIT", {}, LockWaitTimeout(1180, text))

    event.listen(db.engine, "commit", fail)
    try:
        with pytest.raises(expected):
            history.write(
                ActorContext("ann", "web"), lambda: hosts.add_host({"hostname": "a"})
            )
    finally:
        event.remove(db.engine, "commit", fail)


def test_a_real_lock_wait_counts_as_rolled_back(app, session, make_host):
    if db.engine.dialect.name != "mysql":
        pytest.skip("Only MariaDB gives up waiting for a row by itself.")
    host_id = make_host()
    lock = sa.update(Host.__table__).where(Host.id == host_id).values(port=1)
    engine = engine_of(db.engine)
    with db.engine.connect() as one, db.engine.connect() as other:
        raw = other.connection.driver_connection
        one.execute(lock)
        other.exec_driver_sql(engine.limits_text(raw, (0, 1)))
        with pytest.raises(sa.exc.OperationalError) as error:
            other.execute(lock)
        other.rollback()
        other.exec_driver_sql(engine.limits_text(raw, None))
        one.rollback()
    assert was_rolled_back(error.value)


def test_any_other_error_is_not_tried_again(session):
    tries = []

    def work():
        tries.append(1)
        raise sa.exc.OperationalError("UPDATE", {}, Exception("server has gone away"))

    with pytest.raises(sa.exc.OperationalError):
        history.write(ActorContext("ann", "web"), work)
    assert len(tries) == 1


def test_times_are_utc_and_keep_microseconds(session, make_host):
    host = hosts.get_host(make_host())
    act = session.scalars(sa.select(ChangeSet)).one()

    for time in (host.created_at, host.updated_at, host.confirmed_at, act.at):
        assert time.utcoffset() == timedelta(0)
        assert timedelta(0) <= utcnow() - time < timedelta(minutes=1)


def test_what_was_read_before_a_write_is_read_afresh(app, session, make_host):
    host_id = make_host(owner="me")
    assert hosts.get_host(host_id).owner == "me"
    with db.engine.begin() as other:
        other.execute(sa.update(Host.__table__).values(owner="you"))

    with history.writing("ann", "web"):
        assert hosts.get_host(host_id).owner == "you"


KNOWN = {
    "sqlite": "SELECT stat FROM sqlite_stat1 WHERE tbl = 'host_groups'",
    "postgresql": "SELECT reltuples FROM pg_class WHERE relname = 'host_groups'",
}


def test_the_planner_looks_anew_at_what_was_changed_by_much(
    app, session, statements, monkeypatch
):
    monkeypatch.setattr(limits, "analyzed_entries", 3)
    with statements() as few:
        add_groups(session, "a", "b")
    with statements() as many:
        add_groups(session, "c", "d", "e")

    assert not any("ANALYZE" in sent for sent in few)
    assert any("ANALYZE" in sent and "host_groups" in sent for sent in many)
    known = KNOWN.get(session.get_bind().dialect.name)
    if known:
        assert str(session.scalar(sa.text(known))).startswith("5")


def test_a_write_is_kept_though_the_planner_cannot_look(session, monkeypatch):
    said = []
    monkeypatch.setattr(limits, "analyzed_entries", 1)
    monkeypatch.setattr(engine_of(session), "analyze_statements", ("x",))
    monkeypatch.setattr(
        logging.getLogger("hostadmin.db.bulk_insert"),
        "warning",
        lambda *words: said.append(words),
    )

    add_groups(session, "kept")

    assert session.scalar(sa.select(Group.name)) == "kept"
    assert "table statistics were not updated" in said[0][0]


def add_groups(session, *names):
    with history.writing("tests"):
        session.add_all([Group(name=name) for name in names])


def test_a_connection_is_watched_once_however_many_savepoints(session):
    connection = session.connection()
    watchers = len(connection.dispatch.before_execute)

    for _ in range(3):
        with session.begin_nested():
            assert session.connection() is connection

    assert len(connection.dispatch.before_execute) == watchers
    with (
        session.begin_nested(),
        pytest.raises(RuntimeError, match="would leave no history"),
    ):
        session.connection().execute(sa.delete(Host.__table__))
