"""What an edit writes and records, for every subject and action, on every database."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.errors import Conflict
from hostadmin.history import CHANGED, CREATED, DELETED, changes_of
from hostadmin.inventory import groups, hosts, inventory_vars, vocabulary, write_edits
from hostadmin.inventory.edits import CONFIRMED, Change, Edit, created, gained, lost
from hostadmin.models import ChangeEntry, ChangeSet, Group, Host
from hostadmin.validation.addresses import ip_key
from hostadmin.validation.values import HostStatus, natural_key

LONG_AGO = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def write(*edits: Edit) -> None:
    with history.writing("ann", "command"):
        write_edits.write_edits(db.session(), edits)


def create(*edits: Edit) -> None:
    with history.writing("ann", "command"):
        write_edits.create_groups(db.session(), lambda: edits)


def newest(subject: str, id_: int) -> ChangeEntry:
    return changes_of(db.session(), subject, id_)[0]


def host_named(name: str) -> Host:
    found = hosts.find_host(name)
    assert found is not None
    return found


def group_named(name: str) -> Group:
    return db.session.scalars(sa.select(Group).where(Group.name == name)).one()


def texts(items: object) -> list[str]:
    return list(map(str, items))


def reference(name: str) -> dict[str, object]:
    return {"id": group_named(name).id, "name": name}


def changed(host_id: int, version: int = 1, **changes: tuple[object, object]) -> Edit:
    pairs = {name: Change(*pair) for name, pair in changes.items()}
    return Edit("host", host_id, version, "a", pairs)


# ---- hosts


def test_a_new_host_is_spelled_typed_linked_and_recorded(
    session, make_host, make_group
):
    make_host(hostname="other", os="Debian")
    for name in ("web", "db"):
        make_group(name=name)

    write(
        created(
            "host",
            {
                "hostname": "Web-10",
                "aliases": ["www", "Alt"],
                "ip_addr": "10.0.0.1",
                "addresses": ["10.0.0.2"],
                "os": "DEBIAN",
                "groups": ["web", "db"],
                "vars": {"x": [1.0]},
                "notes": None,
                "created_at": LONG_AGO,
            },
        )
    )

    host = host_named("WEB-10")
    assert (host.version, host.status, host.os) == (1, HostStatus.ACTIVE, "Debian")
    assert (host.hostname_key, host.ip_key) == ("web-10", ip_key("10.0.0.1"))
    assert host.hostname_sort == natural_key("web-10")
    assert texts(host.aliases) == ["Alt", "www"]
    assert texts(host.addresses) == ["10.0.0.2"]
    assert texts(host.groups) == ["db", "web"]
    assert host.created_at == LONG_AGO < host.updated_at == host.confirmed_at
    entry = newest("host", host.id)
    assert (entry.action, entry.subject_name) == (CREATED, "Web-10")
    assert entry.changes == {
        "hostname": [None, "Web-10"],
        "aliases": [None, ["Alt", "www"]],
        "ip_addr": [None, "10.0.0.1"],
        "addresses": [None, ["10.0.0.2"]],
        "os": [None, "Debian"],
        "groups": [None, [reference("db"), reference("web")]],
        "vars": [None, {"x": [1.0]}],
        "status": [None, "active"],
    }


def test_fields_of_each_kind_change_at_once(session, make_host, make_group):
    for name in ("db", "web", "stays"):
        make_group(name=name)
    make_host(hostname="other", os="Debian")
    host_id = make_host(
        hostname="a",
        aliases=["WWW", "old"],
        ip_addr="10.0.0.1",
        addresses=["10.0.0.2", "2001:db8::1"],
        groups=["db", "stays"],
        owner="me",
        vars={"x": 1},
    )
    stays = reference("stays")

    write(
        changed(
            host_id,
            hostname=("a", "B"),
            aliases=(["WWW", "old"], ["www", "new"]),
            ip_addr=("10.0.0.1", None),
            addresses=(["10.0.0.2", "2001:db8::1"], ["10.0.0.2"]),
            groups=([reference("db"), stays], [{"name": "web"}, stays]),
            status=("active", "retired"),
            os=(None, "debian"),
            owner=("me", None),
            vars=({"x": 1}, None),
        )
    )

    host = host_named("b")
    assert (host.id, host.version) == (host_id, 2)
    assert (host.ip_key, host.owner, host.vars) == (None, None, {})
    assert (host.status, host.os) == (HostStatus.RETIRED, "Debian")
    assert texts(host.aliases) == ["new", "www"]
    assert texts(host.addresses) == ["10.0.0.2"]
    assert texts(host.groups) == ["stays", "web"]
    assert host.created_at < host.updated_at == host.confirmed_at
    entry = newest("host", host_id)
    assert (entry.action, entry.subject_name) == (CHANGED, "B")
    assert entry.changes == {
        "hostname": ["a", "B"],
        "aliases": [["WWW", "old"], ["new", "www"]],
        "ip_addr": ["10.0.0.1", None],
        "addresses": [["10.0.0.2", "2001:db8::1"], ["10.0.0.2"]],
        "groups": [[reference("db"), stays], [stays, reference("web")]],
        "status": ["active", "retired"],
        "os": [None, "Debian"],
        "owner": ["me", None],
        "vars": [{"x": 1}, None],
    }


def test_items_of_a_list_are_distinguished_by_what_they_mean():
    addresses = Change(["::1", "10.0.0.1"], ["0:0:0:0:0:0:0:1", "10.0.0.2"])
    assert lost("addresses", addresses) == ["10.0.0.1"]
    assert gained("addresses", addresses) == ["10.0.0.2"]
    renamed = Change([{"id": 1, "name": "old"}], [{"id": 1, "name": "new"}])
    assert (lost("groups", renamed), gained("groups", renamed)) == ([], [])
    assert lost("aliases", Change(["A"], None)) == ["A"]
    assert gained("aliases", Change(["A"], ["a"])) == ["a"]


def test_one_who_writes_a_value_in_another_way_respells_it(session, make_host):
    ids = [make_host(hostname=name, os="linux") for name in "ab"]

    write(
        *(changed(id_, os=("linux", "Linux")) for id_ in ids),
        created("host", {"hostname": "c", "os": "LINUX"}),
    )

    assert [host_named(name).os for name in "abc"] == ["Linux"] * 3
    assert vocabulary.spellings(session(), "os") == ["Linux"]
    assert newest("host", host_named("c").id).changes["os"] == [None, "Linux"]


def test_a_confirmed_host_gets_a_time_and_no_version(session, make_host):
    ids = [make_host(hostname=name) for name in "ab"]
    before = host_named("a").confirmed_at

    write(*(Edit("host", id_, 1, action=CONFIRMED) for id_ in ids))

    host = host_named("a")
    assert (host.version, host.confirmed_at > before) == (1, True)
    assert newest("host", ids[0]).action == CREATED
    last = sa.select(ChangeSet).order_by(ChangeSet.id.desc()).limit(1)
    assert session.scalars(last).one().confirmed_count == 2


def test_a_deleted_host_comes_back_as_the_same(session, make_host, make_group):
    make_group(name="g")
    host_id = make_host(hostname="a", aliases=["b"], groups=["g"], notes="n")
    born = host_named("a").created_at

    write(Edit("host", host_id, 1, action=DELETED))

    assert hosts.find_host("a") is None
    last = newest("host", host_id)
    assert (last.action, last.subject_name) == (DELETED, "a")
    gone = dict(last.changes)
    assert gone.pop("created_at") == [born.isoformat(), None]
    assert gone["groups"] == [[reference("g")], None]

    back = {name: Change(None, pair[0]) for name, pair in gone.items()}
    back["created_at"] = Change(None, born)
    write(Edit("host", host_id, 5, "a", back, CREATED))

    host = host_named("a")
    assert (host.id, host.version, host.created_at) == (host_id, 5, born)
    assert (texts(host.aliases), texts(host.groups)) == (["b"], ["g"])
    assert host.updated_at > born
    back.pop("created_at")
    assert newest("host", host_id).changes == {n: list(c) for n, c in back.items()}


# ---- groups and the whole inventory


def test_new_groups_hold_others_that_come_much_later(session):
    last = write_edits.BATCH + 1
    many = [created("group", {"name": f"g{n}"}) for n in range(1, last + 1)]
    first = created("group", {"name": "g0", "children": ["g2", f"g{last}"]})

    create(first, *many)

    group = group_named("g0")
    assert texts(group.children) == [f"g{last}", "g2"]
    entry = newest("group", group.id)
    assert (entry.action, entry.subject_name) == (CREATED, "g0")
    assert entry.changes == {
        "name": [None, "g0"],
        "children": [None, [reference(f"g{last}"), reference("g2")]],
    }
    assert newest("group", group_named("g1").id).changes == {"name": [None, "g1"]}


def test_a_group_changes_its_name_vars_and_children(session, make_group):
    for name in ("x", "y", "z"):
        make_group(name=name)
    group_id = make_group(name="a", children=["x", "y"], vars={"v": 1})
    before = [reference("x"), reference("y")]
    changes = {
        "name": Change("a", "b"),
        "description": Change(None, "text"),
        "vars": Change({"v": 1}, None),
        "children": Change(before, [{"name": "z"}, before[1]]),
    }

    write(Edit("group", group_id, 1, "a", changes))

    group = group_named("b")
    assert (group.id, group.version, group.vars) == (group_id, 2, {})
    assert (group.description, texts(group.children)) == ("text", ["y", "z"])
    entry = newest("group", group_id)
    assert (entry.action, entry.subject_name) == (CHANGED, "b")
    assert entry.changes == {
        "name": ["a", "b"],
        "description": [None, "text"],
        "vars": [{"v": 1}, None],
        "children": [before, [reference("y"), reference("z")]],
    }


def test_groups_that_go_together_are_each_recorded_whole(session, make_group):
    inner = make_group(name="inner")
    outer = make_group(name="outer", children=["inner"])
    held = reference("inner")

    write(*(Edit("group", id_, 1, action=DELETED) for id_ in (inner, outer)))

    assert list(session.scalars(sa.select(Group))) == []
    assert newest("group", outer).action == DELETED
    assert newest("group", outer).changes["children"] == [[held], None]


def test_a_deleted_group_comes_back_as_the_same(session, make_group):
    make_group(name="inner")
    group_id = make_group(name="a")
    write(Edit("group", group_id, 1, action=DELETED))
    changes = {
        "name": Change(None, "a"),
        "children": Change(None, [reference("inner")]),
        "created_at": Change(None, LONG_AGO),
    }

    create(Edit("group", group_id, 4, "a", changes, CREATED))

    group = group_named("a")
    assert (group.id, group.version, group.created_at) == (group_id, 4, LONG_AGO)
    assert texts(group.children) == ["inner"]
    assert newest("group", group_id).changes.keys() == {"name", "children"}


def test_the_variables_of_all_hosts_change(session):
    for version, (before, after) in enumerate([(None, {"a": 1}), ({"a": 1}, None)]):
        changes = {"vars": Change(before, after)}
        write(Edit("inventory", 1, version, "all", changes))

        assert inventory_vars.inventory_vars(session()) == (after or {})
        assert newest("inventory", 1).changes["vars"] == [before, after]


# ---- in the order given, as many as there are


def test_a_name_is_free_once_its_host_went_before(session, make_host):
    host_id = make_host(hostname="a")
    write(Edit("host", host_id, 1, action=DELETED), created("host", {"hostname": "A"}))
    assert host_named("a").hostname == "A"


def test_edits_are_written_while_they_come_and_never_all_held(session):
    total = 2 * write_edits.BATCH + 1
    written: list[int] = []

    def coming() -> Iterator[Edit]:
        for number in range(total):
            if number % write_edits.BATCH == 0:
                query = sa.select(sa.func.count()).select_from(Host)
                written.append(db.session.scalar(query) or 0)
            yield created("host", {"hostname": f"h{number}", "os": f"v{number % 3}"})

    with history.writing("ann", "command"):
        write_edits.write_edits(db.session(), coming())

    assert written == [0, write_edits.BATCH, 2 * write_edits.BATCH]
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == total
    entries = sa.select(sa.func.count()).select_from(ChangeEntry)
    assert session.scalar(entries.where(ChangeEntry.subject == "host")) == total


def test_objects_that_were_read_before_know_what_was_written(session, make_host):
    host_id = make_host(hostname="a")
    with history.writing("ann", "command"):
        host = hosts.get_host(host_id)
        edits = [changed(host_id, port=(22, 23))]
        write_edits.write_edits(db.session(), edits)
        assert host.port == 23


# ---- refused


def stale(session: object, host_id: int, group_id: int) -> list[Edit]:
    new = {"name": Change("g", "h")}
    return [
        changed(host_id, 7, aliases=(["b"], None)),
        Edit("host", host_id, 7, action=CONFIRMED),
        Edit("host", host_id, 7, action=DELETED),
        Edit("host", host_id + 1000, 1, action=DELETED),
        Edit("group", group_id, 7, "g", new),
        Edit("group", group_id, 7, action=DELETED),
        Edit("group", group_id + 1000, 1, action=DELETED),
        Edit("inventory", 1, 7, "all", {"vars": Change(None, {"x": 1})}),
    ]


def everything() -> tuple[object, ...]:
    db.session.rollback()
    host, group = host_named("a"), group_named("g")
    count = db.session.scalar(sa.select(sa.func.count()).select_from(ChangeEntry))
    vars_ = inventory_vars.inventory_vars(db.session())
    return (host.version, host.confirmed_at, texts(host.aliases), group.version), (
        texts(host.groups),
        vars_,
        count,
    )


@pytest.mark.parametrize("number", range(8))
def test_nothing_is_written_at_another_version(session, make_host, make_group, number):
    group_id = make_group(name="g")
    host_id = make_host(hostname="a", aliases=["b"])
    edit = stale(session, host_id, group_id)[number]
    good = created("host", {"hostname": "good"})
    before = everything()

    with pytest.raises(Conflict, match=r"changed by someone else"):
        write(good, edit)

    assert everything() == before
    assert hosts.find_host("good") is None


def test_what_somebody_else_took_or_removed_is_a_conflict(
    session, make_host, make_group
):
    group_id = make_group(name="g")
    make_group(name="taken")
    host_id = make_host(hostname="a")
    before = everything()
    rename = {"name": Change("g", "taken")}
    gone = [{"name": "gone"}]

    for refused in (
        lambda: write(created("host", {"hostname": "A"})),
        lambda: write(created("host", {"hostname": "b", "groups": ["gone"]})),
        lambda: write(changed(host_id, groups=(None, gone))),
        lambda: write(Edit("group", group_id, 1, "g", rename)),
        lambda: create(created("group", {"name": "taken"})),
        lambda: create(created("group", {"name": "n", "children": ["gone"]})),
    ):
        with pytest.raises(Conflict, match="Nothing was saved"):
            refused()
        assert everything() == before

    assert groups.get_group(group_id).name == "g"
