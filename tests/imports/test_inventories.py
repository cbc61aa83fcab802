"""Inventories with groups and variables: planned and written on every database."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.errors import Conflict
from hostadmin.formats.read_options import ReadOptions
from hostadmin.history import ActorContext, recorder
from hostadmin.imports import importer
from hostadmin.imports.importer import Plan
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.inventory.groups import effective_variables
from hostadmin.models import ChangeEntry, ChangeSet, Group, Host
from hostadmin.undo import plan_undo, undo

from ..helpers.dumps import dump

ANSIBLE_INVENTORY = Path(sys.executable).parent / "ansible-inventory"
ACT = ActorContext("tests", "import", "file")

INI = """\
[all:vars]
domain=example.net

[web]
web[01:02] ansible_host=10.0.0.1 rack=7
db-1 ansible_port=2222

[web:vars]
tier='front'

[eu:children]
web
empty

[empty]
"""


@pytest.fixture
def plan_text(session, tmp_path):
    def plan(text: str, format: str = "auto") -> Any:
        path = tmp_path / "file"
        path.write_text(text, newline="")
        return importer.staged(str(path), ReadOptions(format=format))

    return plan


@pytest.fixture
def import_text(session, plan_text) -> Callable[..., list[str]]:
    """Import a text and return its plan as lines."""

    def run(text: str, *, replace: bool = False, format: str = "auto") -> list[str]:
        with plan_text(text, format) as plan:
            importer.make_plan(db.session(), plan, replace=replace)
            assert [str(error) for error in plan.errors()] == []
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))
            db.session.rollback()
            return lines(plan)

    return run


def lines(plan: Plan) -> list[str]:
    """Return what is new or changes: web-1 port 22 → 2222."""
    found = []
    for row in (*plan.group_rows(), *plan.rows()):
        if row.action == "new":
            found.append(f"new {row.subject} {row.name}")
        found += [
            f"{row.subject} {row.name} {field} {_short(pair[0])} → {_short(pair[1])}"
            for field, pair in row.changes.items()
            if row.action == "changed"
        ]
    return found


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(i["name"] if isinstance(i, dict) else i for i in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


def find(name: str) -> Host:
    db.session.rollback()
    host = hosts.find_host(name)
    assert host is not None
    return host


def group(name: str) -> Group:
    return db.session.scalars(sa.select(Group).where(Group.name == name)).one()


# ---- what is written


def test_hosts_groups_and_variables_of_all_are_written(import_text, session):
    assert import_text(INI) == [
        "inventory all vars None → " + '{"domain": "example.net"}',
        *("new group web", "new group eu", "new group empty"),
        *("new host web01", "new host web02", "new host db-1"),
    ]

    web = find("web01")
    assert (web.ip_addr, web.port, web.vars) == ("10.0.0.1", None, {"rack": 7})
    assert [item.name for item in web.groups] == ["web"]
    assert find("db-1").port == 2222
    assert group("web").vars == {"tier": "front"}
    assert [child.name for child in group("eu").children] == ["empty", "web"]
    assert inventory_vars.inventory_vars(session) == {"domain": "example.net"}
    effective = {v.name: v.value for v in effective_variables(web)}
    assert effective == {"domain": "example.net", "tier": "front", "rack": 7}


def test_the_history_is_as_if_each_was_written_by_hand(import_text, session):
    import_text(INI)
    import_text("[eu:children]\nweb\nx\n[x:vars]\na=1\n[x]\n[web]\n[web:vars]\nb=2\n")

    [*_, last] = session.scalars(sa.select(ChangeSet).order_by(ChangeSet.id))
    for entry in session.scalars(
        sa.select(ChangeEntry).where(ChangeEntry.change_set_id == last.id)
    ):
        now = recorder.snapshot(session.get(Group, entry.subject_id))
        for field, (_, after) in entry.changes.items():
            assert now[field] == after
    assert session.scalar(sa.select(sa.func.count(ChangeSet.id))) == 2
    assert (group("web").version, group("x").version) == (2, 1)


def test_the_same_file_again_changes_nothing(import_text, session):
    import_text(INI)
    before = dump(session)

    assert import_text(INI) == []
    assert dump(session) == before


def test_a_changed_file_gives_exactly_the_changes(import_text):
    import_text(INI)
    text = INI.replace("rack=7", "rack=8").replace("'front'", "'back'")
    text = text.replace("[empty]\n", "new\n[empty]\n[new]\ndb-1\n")
    text = text.replace("=2222", "=2022").replace("domain=", "zone=")

    assert import_text(text) == [
        'inventory all vars {"domain": "example.net"} → '
        '{"domain": "example.net", "zone": "example.net"}',
        'group web vars {"tier": "front"} → {"tier": "back"}',
        "group eu children empty,web → empty,new,web",
        "new group new",
        'host web01 vars {"rack": 7} → {"rack": 8}',
        'host web02 vars {"rack": 7} → {"rack": 8}',
        "host db-1 port 2222 → 2022",
        "host db-1 groups web → new,web",
    ]


def test_an_import_is_undone_as_one_step(import_text, session, make_host, make_group):
    make_group(name="web", vars={"tier": "old"})
    make_host(hostname="DB-1", port=22, groups=["web"])
    before = dump(session)
    import_text(INI)
    change_set = session.scalar(sa.select(sa.func.max(ChangeSet.id)))
    with plan_undo(session, change_set) as plan:
        digest = plan.digest

    done, _ = history.write(ACT, lambda: undo(db.session(), change_set, None, digest))
    with done:
        assert done.kept_objects == 0
    assert dump(session) == before


OWN = {
    "hostadmin": 1,
    "vars": {"ntp": "10.0.0.9"},
    "groups": [
        {"name": "web", "description": "Fronts", "children": ["inner"]},
        {"name": "inner", "vars": {"n": 1}},
    ],
    "hosts": [{"hostname": "web-1", "status": "staged", "groups": ["inner", "x"]}],
}


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_json_on_one_line_and_json_lines(import_text, session, format):
    text = json.dumps(OWN)
    if format == "jsonl":
        records = [{"hostadmin": 1, "vars": OWN["vars"]}, *OWN["groups"], *OWN["hosts"]]
        text = "\n".join(map(json.dumps, records))

    assert len(import_text(text)) == 5
    assert import_text(text, format=format) == []
    assert group("web").description == "Fronts"
    assert [item.name for item in find("web-1").groups] == ["inner", "x"]
    assert inventory_vars.inventory_vars(session) == {"ntp": "10.0.0.9"}


def test_a_group_of_a_table_is_made_once_and_shown(import_text, plan_text, session):
    with plan_text('name,groups\nweb-1,"a,b"\nweb-2,b\n') as plan:
        importer.make_plan(db.session(), plan)
        assert (plan.groups.new, plan.groups.unchanged) == (2, 0)
    assert import_text("name,groups\nweb-1,a\n") == ["new group a", "new host web-1"]
    with plan_text("name,groups\nweb-2,a\n") as plan:
        importer.make_plan(db.session(), plan)
        assert plan.groups.total == 0


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("[web]\nweb-1\n", ["ansible"]),
        ("web-1\n", ["ansible"]),
        ("all:\n  hosts:\n    web-1:\n", ["ansible", "ansible-yaml"]),
        ('{"all": {"hosts": ["web-1"]}, "_meta": {"hostvars": {}}}', ["ansible"]),
        ('{"hosts": [{"hostname": "web-1"}]}', ["json"]),
        ('{"hostname": "web-1"}\n{"hostname": "web-2"}', ["json", "jsonl"]),
        ("name\nweb-1\n", ["csv"]),
    ],
)
def test_the_format_shows_or_is_shown(plan_text, text, formats):
    for format in ["auto", *formats]:
        with plan_text(text, format) as plan:
            assert next(plan.staging.hosts.batches())[0].fields["hostname"] == "web-1"


# ---- what is refused


def test_a_group_inside_itself_is_refused(errors_of, import_text):
    import_text("[a]\n[b]\n[c]\n[a:children]\nb\n[b:children]\nc\n")

    assert errors_of("[a]\n[c:children]\na\n[c:vars]\nx=1\n") == [
        "line 2 (group c): children: “a” would be inside itself: c > a > b > c."
    ]
    text = json.dumps({"groups": [{"name": "d", "children": ["d"]}]})
    assert errors_of(text) == [
        "line 1 (group d): children: “d” would be inside itself: d > d."
    ]


def test_with_replace_the_old_nesting_counts_no_more(import_text):
    import_text("[a]\n[b]\n[a:children]\nb\n")
    text = "[a]\n[b]\n[b:children]\na\n"

    assert import_text(text, replace=True) == [
        "group a children b → None",
        "group b children None → a",
    ]


def test_what_is_there_twice_is_refused(errors_of):
    text = json.dumps(
        {
            "groups": [{"name": "a"}, {"name": "a"}, {"name": "A"}],
            "hosts": [{"hostname": "web-1"}, {"hostname": "WEB-1."}],
        },
        indent=1,
    )

    assert errors_of(text) == [
        "line 3 (group a): name is a duplicate of line 6; use one per group.",
        "line 6 (group a): name is a duplicate of line 3; use one per group.",
        "line 14 (web-1): hostname is a duplicate of line 17; use one row per host.",
        "line 17 (WEB-1.): hostname is a duplicate of line 14; use one row per host.",
    ]


def test_variables_of_all_are_there_once(errors_of):
    text = '{"hostadmin": 1, "vars": {"a": 1}}\n{"hostadmin": 1, "vars": {"a": 2}}\n'

    assert errors_of(text) == [
        "line 1 (all): name is a duplicate of line 2; use one per inventory.",
        "line 2 (all): name is a duplicate of line 1; use one per inventory.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[a]\n[a:vars]\nx=1\nx",
            "line 1 (group a): vars: line 4: “x” is not a variable",
        ),
        ("[all:vars]\nx=1e999", "line 1 (all): vars: “x” is inf"),
        ("[a]\nweb-1 x=1e999", "line 2 (web-1): vars: “x” is inf"),
        ("[a,b]\nweb-1", "has a comma"),
        ('{"groups": [{"name": "all"}]}', "“all” is a reserved group name"),
        ('{"groups": [{"name": "a", "port": 22}]}', "port is not a field"),
        ('{"groups": [{"description": "x"}]}', "line 1: name is missing"),
    ],
)
def test_the_rules_hold_for_groups_and_variables(errors_of, text, message):
    assert message in " ".join(errors_of(text))


def test_a_bad_group_is_only_a_name(plan_text, session):
    text = "[a:vars]\nx\n[a]\nweb-1\n[b:vars]\ny\n[b]\n"
    with plan_text(text) as plan:
        importer.make_plan(db.session(), plan)
        assert plan.bad_rows == 2
        history.write(ACT, lambda: importer.apply_plan(db.session(), plan))

    assert list(session.scalars(sa.select(Group.name))) == ["a"]


def test_the_limits_hold_for_what_a_group_has_afterwards(
    plan_text, make_group, session
):
    make_group(name="a", vars={"old": "x" * 40_000})
    text = json.dumps({"groups": [{"name": "a", "vars": {"new": "x" * 40_000}}]})
    with plan_text(text) as plan:
        for _ in range(2):
            importer.make_plan(db.session(), plan)
            [error] = plan.errors()

    assert "with the existing variables, they must have at most" in str(error)


# ---- meanwhile


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda: groups.add_group({"name": "new"}),
        lambda: groups.change_group(group("old").id, {"vars": {"x": 2}}),
        lambda: groups.change_group(group("old").id, {"name": "older"}),
        lambda: groups.delete_group(group("old").id),
        lambda: inventory_vars.change_inventory({"vars": {"x": 1}}),
        lambda: hosts.change_host(find("same").id, {"notes": "x"}),
        lambda: hosts.delete_host(find("same").id),
    ],
)
def test_what_changed_since_the_plan_is_a_conflict(
    session, plan_text, import_text, meanwhile
):
    import_text("[all:vars]\na=1\n[old]\nsame\n")
    text = "[all:vars]\na=1\nb=2\n[old]\nsame\n[old:vars]\nx=1\n[new]\n"
    with plan_text(text) as plan:
        importer.make_plan(db.session(), plan)
        history.write(ACT, lambda: meanwhile() and None)
        before = dump(session)
        with pytest.raises(Conflict):
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))

        assert dump(session) == before
        importer.make_plan(db.session(), plan)
        history.write(ACT, lambda: importer.apply_plan(db.session(), plan))
        importer.make_plan(db.session(), plan)
        assert lines(plan) == []


def test_two_halves_of_a_ring_do_not_meet(session, plan_text, import_text):
    import_text("[a]\n[b]\n[c]\n")
    with plan_text("[a]\n[b:children]\na\n") as plan:
        importer.make_plan(db.session(), plan)
        import_text("[c]\n[b]\n[c:children]\nb\n")
        import_text("[a]\n[a:children]\nc\n[c]\n")
        with pytest.raises(Conflict):
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))


# ---- variables that say the same as a field


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        # An address that is stated wins over a variable that was there.
        (
            {"vars": {"ansible_host": "gw.example.net", "a": 1}},
            "[g]\nweb-1 ansible_host=10.0.0.1\n",
            ("10.0.0.1", 22, {"a": 1}),
        ),
        (
            {"ip_addr": "10.0.0.1", "vars": {"ansible_host": "010.0.0.1"}},
            "name,ip\nweb-1,10.0.0.1\n",
            ("10.0.0.1", 22, {}),
        ),
        # A name beside an address is true, too.
        (
            {"ip_addr": "10.0.0.1"},
            "[g]\nweb-1 ansible_host=gw.example.net\n",
            ("10.0.0.1", 22, {"ansible_host": "gw.example.net"}),
        ),
        # The same address in other words stays as it was written.
        (
            {"vars": {"ansible_host": "2001:DB8::1"}},
            "name,ip\nweb-1,2001:db8::1\n",
            ("2001:db8::1", 22, {"ansible_host": "2001:DB8::1"}),
        ),
        (
            {"vars": {"ansible_port": "{{ port }}"}},
            "name,port\nweb-1,2222\n",
            (None, 2222, {}),
        ),
        (
            {},
            "[g]\nweb-1 ansible_port='{{ p }}'\n",
            (None, None, {"ansible_port": "{{ p }}"}),
        ),
        # A row may state both.
        (
            {},
            '{"hostname": "web-1", "port": 22, "vars": {"ansible_port": "x"}}',
            (None, 22, {"ansible_port": "x"}),
        ),
    ],
)
def test_fields_and_variables_do_not_contradict(
    import_text, make_host, before, text, after
):
    make_host(hostname="web-1", **before)
    import_text(text)

    host = find("web-1")
    assert (host.ip_addr, host.port, host.vars) == after
    assert import_text(text) == []


def test_the_main_address_is_no_further_one(import_text, make_host):
    make_host(hostname="web-1", ip_addr="10.0.0.1", addresses=["10.0.0.2", "10.0.0.3"])

    assert import_text("name,ip\nweb-1,10.0.0.2\n") == [
        "host web-1 ip_addr 10.0.0.1 → 10.0.0.2",
        "host web-1 addresses 10.0.0.2,10.0.0.3 → 10.0.0.3",
    ]
    assert import_text("name,ip\nweb-1,10.0.0.2\n") == []


def test_hosts_that_yaml_folds_into_one_are_shown(plan_text, session):
    text = "web:\n  hosts:\n    10.0.0.10\n    10.0.0.20\n    10.0.0.30\n"
    with plan_text(text) as plan:
        assert "“10.0.0.10 10.0.0.20 10.0.0.30”" in " ".join(plan.notes)
        assert "with a colon after it" in " ".join(plan.notes)


def test_names_that_are_no_text_are_shown_as_written(errors_of):
    text = "all:\n  hosts:\n    0750: {a: 1}\n    yes:\n    1e3: {}\n    {0x10: {}}\n"
    message = " ".join(errors_of(text.replace("    {0x10: {}}\n", "")))

    assert "(0750): " in message
    assert "“0750” is not text. Put it in quotes." in message
    assert "“yes” is not text. Put it in quotes." in message
    assert "488" not in message
