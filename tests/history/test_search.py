"""Which changes are found, and what a line says of each. On every database."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.errors import QueryError
from hostadmin.history import ActorContext, filters, objects, search
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.limits import limits
from hostadmin.models import ChangeEntry, ChangeSet, change_counts, change_fields

from ..helpers.hosts import add_hosts


@pytest.fixture
def did(session):
    """Run a write and return its change set."""

    def run(work, actor="ann", source="web", message=None):
        history.write(ActorContext(actor, source, message), work)
        return history.written_change_set_id(session())

    return run


@pytest.fixture
def find(session):
    """Return the lines that fit, page by page, after trying the way back, too."""

    def run(size=2, **given):
        session.rollback()
        wanted = filters.read(given, utcnow())
        found = objects.find_objects(session, wanted)

        def fetch(cursor=None):
            session.rollback()
            return search.list_changes(session, wanted, found, cursor, size)

        pages = [fetch()]
        while pages[-1].older:
            pages.append(fetch(pages[-1].older))
        back = [pages[-1]]
        while back[-1].newer:
            back.append(fetch(back[-1].newer))
        assert ids(back[::-1]) == ids(pages)
        assert pages[0].newer is None
        return [line for page in pages for line in page.lines]

    return run


def ids(pages):
    return [line.change.id for page in pages for line in page.lines if page.lines]


@pytest.fixture
def story(did):
    """Return name → change set of some days in the life of an inventory."""
    made = {}
    made["groups"] = did(lambda: groups.add_group({"name": "web"}))
    made["add a"] = did(lambda: hosts.add_host({"hostname": "A", "owner": "me"}), "bob")
    a = hosts.find_host("a").id
    made["import"] = did(
        lambda: add_hosts([{"hostname": f"h{n}", "port": 9} for n in range(5)]),
        "ann",
        "import",
        "hosts.csv",
    )
    made["edit a"] = did(
        lambda: hosts.change_host(a, {"owner": "you", "vars": {"x": 1}}), "bob", "api"
    )
    made["rename"] = did(lambda: hosts.change_host(a, {"hostname": "B"}))
    made["join"] = did(lambda: hosts.change_host(a, {"groups": ["web"]}), "bob")
    made["whole"] = did(lambda: inventory_vars.change_inventory({"vars": {"y": "1"}}))
    web = groups.find_groups(["web"])[0].id
    made["leave"] = did(lambda: groups.delete_group(web))
    made["delete"] = did(lambda: hosts.delete_host(a), "bob", message="too old")
    return made | {"a": a, "web": web}


ALL = ("delete", "leave", "whole", "join", "rename", "edit a", "import", "add a")
OF_A = ("delete", "leave", "join", "rename", "edit a", "add a")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (*ALL, "groups")),
        ({"actor": "bob"}, ("delete", "join", "edit a", "add a")),
        ({"actor": "nobody"}, ()),
        ({"source": "import"}, ("import",)),
        ({"actor": "bob", "source": "api"}, ("edit a",)),
        ({"actor": "ann", "source": "api"}, ()),
        ({"field": "owner"}, ("delete", "edit a", "add a")),
        ({"field": "owner", "actor": "bob", "source": "api"}, ("edit a",)),
        ({"field": "env"}, ()),
        ({"field": "vars"}, ("delete", "whole", "edit a")),
        ({"field": "name"}, ("leave", "groups")),
        ({"kind": "group"}, ("leave", "groups")),
        ({"kind": "group", "field": "groups"}, ("leave",)),
        ({"kind": "inventory"}, ("whole",)),
        ({"object": "a"}, OF_A),
        ({"object": "b."}, OF_A),
        ({"host": "B", "actor": "bob"}, ("delete", "join", "edit a", "add a")),
        ({"host": "B", "field": "owner"}, ("delete", "edit a", "add a")),
        ({"host": "B", "field": "groups"}, ("leave", "join")),
        ({"host": "B", "source": "api", "field": "owner"}, ("edit a",)),
        ({"group": "web"}, ("leave", "groups")),
        ({"group": "WEB"}, ()),
        ({"group": "a"}, ()),
        ({"object": "web"}, ("leave", "groups")),
        ({"object": "h3"}, ("import",)),
        ({"object": "h7"}, ()),
        ({"since": "today"}, (*ALL, "groups")),
        ({"until": "today"}, (*ALL, "groups")),
        ({"since": "+1d"}, ()),
        ({"until": "yesterday"}, ()),
        ({"since": "yesterday", "until": "today", "host": "a"}, OF_A),
        ({"field": "owner", "until": "yesterday"}, ()),
        ({"actor": "bob", "since": "2030"}, ()),
    ],
    ids=str,
)
def test_each_condition_finds_what_it_says(find, story, given, expected):
    found = [line.change.id for line in find(**given)]

    assert found == [story[name] for name in expected]


def test_objects_are_found_by_number(find, story, make_host):
    a = story["a"]
    by_number = [story[name] for name in OF_A]
    assert [line.change.id for line in find(host=str(a))] == by_number
    # A host of that name goes before; the sign says that it is a number.
    make_host(hostname=str(a))
    assert len(find(host=str(a))) == 1
    assert [line.change.id for line in find(host=f"#{a}")] == by_number
    assert find(object="#999999999999") == []
    assert find(host="#-1") == []


def test_a_host_is_found_by_its_alias(find, did, make_host):
    id_ = make_host(hostname="a", aliases=["www"])
    did(lambda: hosts.change_host(id_, {"port": 1}))
    assert len(find(object="WWW")) == 2


def test_a_line_says_what_happened(find, story):
    lines = {line.change.id: line.summary for line in find()}

    assert {name: lines[story[name]] for name in (*ALL, "groups")} == {
        "groups": "created group web",
        "add a": "created host A",
        "import": "created 5 hosts",
        "edit a": "changed host A: owner: me → you; vars.x: (not set) → 1",
        "rename": "changed host B: hostname: A → B",
        "join": "changed host B: groups: (not set) → web",
        "whole": "changed variables of all hosts: vars.y: (not set) → 1"
        if "changed" in lines[story["whole"]]
        else "created variables of all hosts",
        "leave": "changed host B: groups: web → (not set); deleted group web",
        "delete": "deleted host B",
    }


def test_of_an_object_a_line_says_what_happened_to_it(find, story):
    of_h3 = find(object="h3")
    assert [line.summary for line in of_h3] == ["created host h3; and 4 more"]
    of_group = find(group="web")
    assert of_group[0].summary == "deleted group web; and 1 more"


def test_values_are_calm_and_short(find, did, make_host):
    id_ = make_host(hostname="a")
    did(lambda: hosts.change_host(id_, {"notes": "x\u202e\n\ty" * 9_000}))
    line = find(size=1)[0].summary
    assert line.startswith("changed host a: notes: (not set) → x\\u202e yx")
    assert line.isprintable()
    assert len(line) < 100


def test_even_what_could_not_be_written_is_shown_calmly(find, did):
    """No way to write lets such names in; an entry might still have one."""
    entry = {
        "subject": "host",
        "subject_id": 1,
        "subject_name": "\x1b[31m\u202e\n<b>",
        "action": "changed",
        "changes": {"owner": ["\0\x07", None], "vars": [{"\x1b": 1}, None]},
    }
    did(lambda: history.add_entries(db.session(), [entry]))
    assert find()[0].summary == (
        "changed host \\u001b[31m\\u202e <b>: "
        "owner: \\u0000\\u0007 → (not set); vars.\\u001b: 1 → (not set)"
    )


def test_a_long_list_of_fields_is_cut(find, did, make_host):
    id_ = make_host(hostname="a")
    did(lambda: hosts.change_host(id_, {"vars": {str(n): n for n in range(50)}}))
    assert find()[0].summary.endswith("; 46 more")


def test_times_decide_even_against_numbers(find, did, session, monkeypatch):
    """As when a clock was wrong by hours; small differences leave the order alone."""
    now = utcnow()
    made = []
    for hours in (0, -5, 5, 0):
        time = now + timedelta(hours=hours)
        monkeypatch.setattr(history.writer, "utcnow", lambda time=time: time)
        given = {"hostname": f"h{len(made)}"}
        made.append(did(lambda given=given: hosts.add_host(given)))

    expected = [made[2], made[3], made[0], made[1]]
    assert [line.change.id for line in find()] == expected
    assert [line.change.id for line in find(field="hostname")] == expected
    assert [line.change.id for line in find(actor="ann", size=1)] == expected


@pytest.mark.parametrize("older", [0, 5])
def test_a_search_that_finds_little_stops_and_leads_on(
    session, did, monkeypatch, older
):
    monkeypatch.setattr(limits, "history_window", 3)
    made = []
    for n in range(10):
        source = "api" if n in (older, 8) else "web"
        work = lambda n=n: hosts.add_host({"hostname": f"h{n}"})  # noqa: E731
        made.append(did(work, "ann", source))
    wanted = filters.read({"actor": "ann", "source": "api"}, utcnow())

    pages = [search.list_changes(session, wanted, None, None, 2)]
    while pages[-1].older:
        pages.append(search.list_changes(session, wanted, None, pages[-1].older, 2))

    expected = [made[8], made[older]]
    assert ids(pages) == expected
    assert len(pages) == 4
    stopped = session.get(ChangeSet, made[7]).at
    assert pages[0].looked_until == stopped
    assert pages[-1].looked_until is None
    back = [pages[-1]]
    while back[-1].newer:
        back.append(search.list_changes(session, wanted, None, back[-1].newer, 2))
    assert ids(back[::-1]) == expected
    every = search.iter_changes(session, wanted, None)
    assert [line.change.id for line in every] == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": "wbe"}, "web"),
        ({"field": "ownr"}, "owner"),
        ({"kind": "hosts"}, "host"),
        ({"since": "soon"}, "not a valid time"),
        ({"until": "2026-02-30"}, "not a valid time"),
        ({"since": "99999999999y"}, "not a valid time"),
        ({"actor": "a\0b"}, "actor"),
        ({"object": "x" * 256}, "object"),
        ({"host": "a", "object": "b"}, "not both"),
        ({"host": "a", "kind": "group"}, "not both"),
    ],
)
def test_what_makes_no_sense_is_shown(given, message):
    with pytest.raises(QueryError, match=message):
        filters.read(given, utcnow())


@pytest.mark.parametrize("cursor", ["AAAA", "x" * 9_000, "\0", "😀"])
def test_a_forged_place_is_shown(session, cursor):
    with pytest.raises(QueryError, match="not valid"):
        search.list_changes(session, filters.HistoryFilter(), None, cursor)


def test_a_place_of_another_list_is_shown(session, story):
    page = search.list_changes(session, filters.HistoryFilter(), None, None, 2)
    with pytest.raises(QueryError, match="not valid"):
        search.list_changes(
            session, filters.HistoryFilter(), [("host", 1)], page.older, 2
        )


def test_what_a_change_says_of_itself_follows_from_its_entries(session, story):
    counted = session.execute(
        sa.select(
            ChangeEntry.change_set_id,
            ChangeEntry.subject,
            ChangeEntry.action,
            sa.func.count(),
        ).group_by(ChangeEntry.change_set_id, ChangeEntry.subject, ChangeEntry.action)
    ).all()
    kept = session.execute(sa.select(change_counts)).all()
    assert sorted(map(tuple, kept)) == sorted(map(tuple, counted))

    said = {
        (name, entry.change_set_id)
        for entry in session.scalars(sa.select(ChangeEntry))
        for name in entry.changes
        if name != "created_at"
    }
    columns = change_fields.c
    rows = session.execute(sa.select(columns.field, columns.change_set_id)).all()
    assert set(map(tuple, rows)) == said


def test_a_page_asks_as_often_for_many_as_for_few(session, did, make_host, statements):
    def count():
        session.rollback()
        with statements() as seen:
            search.list_changes(session, filters.HistoryFilter(), None, None, 20)
        return len(seen)

    make_host()
    few = count()
    for _ in range(25):
        make_host()
    assert count() == few
