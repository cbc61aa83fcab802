"""Groups through the functions that every way in calls, on every database."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.errors import Conflict, InvalidInput, NotFound
from hostadmin.inventory import bulk_delete, groups, hosts
from hostadmin.inventory.groups import EffectiveVariable, effective_variables
from hostadmin.models import Group, Host, group_children, group_members

from ..helpers.races import run_at_once

ON_A_CLUSTER = True


@pytest.fixture
def writing(session):
    return lambda: history.writing("ann", "web")


def children_of(group_id):
    return [child.name for child in groups.get_group(group_id).children]


def refused(error):
    return {one.field: one.message for one in error.value.errors}


def test_every_field_is_kept(session, writing, make_group):
    make_group(name="b")
    make_group(name="a")

    with writing():
        group_id = groups.add_group(
            {
                "name": " Web servers ",
                "description": "what answers",
                "vars": {"ansible_user": "root", "x": [1, 1.0, True]},
                "children": ["b", "a"],
            }
        ).id
    session.expire_all()
    group = groups.get_group(group_id)

    assert (group.name, group.description) == ("Web servers", "what answers")
    assert repr(group.vars["x"]) == "[1, 1.0, True]"
    assert children_of(group_id) == ["a", "b"]
    assert group.version == 1


def test_the_case_of_a_name_counts(session, writing):
    with writing():
        for name in ("web", "WEB", "wéb", "web "):
            if name == "web ":
                with pytest.raises(InvalidInput, match="already exists"):
                    groups.add_group({"name": name})
            else:
                groups.add_group({"name": name})

    names = session.scalars(sa.select(Group.name)).all()
    assert sorted(names) == ["WEB", "web", "wéb"]


@pytest.mark.parametrize("name", ["", None, "a,b", "all", "ungrouped", "a\nb"])
def test_what_is_no_name_is_refused(session, writing, name):
    with pytest.raises(InvalidInput) as error, writing():
        groups.add_group({"name": name})

    assert list(refused(error)) == ["name"]


def test_the_loser_at_the_constraint_is_refused_like_one_who_came_later(
    session, writing, make_group, monkeypatch
):
    make_group(name="web")
    other = make_group(name="db")
    monkeypatch.setattr(groups, "_check_name_free", lambda *_: None)

    with pytest.raises(InvalidInput) as error, writing():
        groups.add_group({"name": "web"})
    assert refused(error) == {"name": "“web” has just been taken."}

    with pytest.raises(InvalidInput) as error, writing():
        groups.change_group(other, {"name": "web"})
    assert refused(error) == {"name": "“web” has just been taken."}


def test_of_many_who_add_one_name_at_once_one_wins(app, session):
    outcomes = run_at_once(app, *[lambda: groups.add_group({"name": "web"}).id] * 4)

    assert sum(isinstance(one, InvalidInput) for one in outcomes) == 3, outcomes
    assert session.scalars(sa.select(Group.name)).all() == ["web"]


def test_only_the_given_fields_change(session, writing, make_group):
    make_group(name="a")
    group_id = make_group(name="web", description="x", vars={"y": 1}, children=["a"])

    with writing():
        groups.change_group(group_id, {"name": "Web"})
    session.expire_all()
    group = groups.get_group(group_id)

    assert (group.name, group.description, group.vars) == ("Web", "x", {"y": 1})
    assert children_of(group_id) == ["a"]
    assert group.version == 2


def test_a_stale_version_is_a_conflict(session, writing, make_group):
    group_id = make_group(name="web")
    with writing():
        groups.change_group(group_id, {"description": "x"}, version=1)

    for change in (
        lambda: groups.change_group(group_id, {"description": "y"}, version=1),
        lambda: groups.delete_group(group_id, version=1),
    ):
        with pytest.raises(Conflict, match="web was changed by someone"), writing():
            change()
    assert groups.get_group(group_id).description == "x"


def test_what_is_gone_cannot_be_changed_or_deleted(session, writing, make_group):
    group_id = make_group()
    with writing():
        groups.delete_group(group_id)

    for change in (groups.delete_group, lambda id_: groups.change_group(id_, {})):
        with pytest.raises(NotFound, match="does not exist"), writing():
            change(group_id)


# ---- nesting


def test_an_unknown_child_is_refused_with_the_nearest(session, writing, make_group):
    make_group(name="eu-west")

    with pytest.raises(InvalidInput) as error, writing():
        groups.add_group({"name": "eu", "children": ["eu-wst", "zzz"]})

    assert [one.message for one in error.value.errors] == [
        "Group “eu-wst” does not exist. Did you mean “eu-west”?",
        "Group “zzz” does not exist.",
    ]
    assert {one.field for one in error.value.errors} == {"children"}


def test_a_group_cannot_hold_itself(session, writing, make_group):
    group_id = make_group(name="a")

    with pytest.raises(InvalidInput, match="“a” cannot be its own child"), writing():
        groups.change_group(group_id, {"children": ["a"]})
    with pytest.raises(InvalidInput, match="Group “new” does not exist"), writing():
        groups.add_group({"name": "new", "children": ["new"]})


@pytest.mark.parametrize("steps", [2, 3, 30])
def test_a_cycle_is_refused_however_long(session, writing, make_group, steps):
    ids = [make_group(name=f"g{steps - 1}")]
    for number in reversed(range(steps - 1)):
        ids.append(make_group(name=f"g{number}", children=[f"g{number + 1}"]))

    with pytest.raises(InvalidInput) as error, writing():
        groups.change_group(ids[0], {"children": ["g0"], "description": "x"})

    assert refused(error) == {
        "children": f"“g0” cannot be a child of “g{steps - 1}”: "
        f"“g{steps - 1}” is already inside it."
    }
    assert groups.get_group(ids[0]).description is None
    assert children_of(ids[0]) == []


def test_a_cycle_of_two_steps_in_one_transaction_is_refused(
    session, writing, make_group
):
    one, other = make_group(name="a"), make_group(name="b")

    def close():
        groups.change_group(one, {"children": ["b"]})
        groups.change_group(other, {"children": ["a"]})

    with pytest.raises(InvalidInput, match="already inside it"), writing():
        close()

    assert children_of(one) == children_of(other) == []


def test_of_two_halves_of_a_cycle_at_once_one_is_refused(app, session, make_group):
    one, other = make_group(name="a"), make_group(name="b")

    outcomes = run_at_once(
        app,
        lambda: groups.change_group(one, {"children": ["b"]}).id,
        lambda: groups.change_group(other, {"children": ["a"]}).id,
    )

    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["InvalidInput", "int"], outcomes
    assert len(children_of(one)) + len(children_of(other)) == 1


def test_a_group_may_be_in_two_groups(session, writing, make_group):
    make_group(name="leaf")
    left = make_group(name="left", children=["leaf"])
    right = make_group(name="right", children=["leaf"])
    top = make_group(name="top", children=["left", "right", "leaf"])

    tree = groups.load_tree(session)
    leaf = session.scalar(sa.select(Group.id).where(Group.name == "leaf"))
    assert tree.descendants([top]) == {top, left, right, leaf}
    assert tree.ancestors([leaf]) == {top, left, right, leaf}
    assert [tree.depth(id_) for id_ in (top, left, leaf)] == [1, 2, 3]


def test_the_tree_is_read_with_two_statements(session, statements, make_group):
    for number in range(10):
        children = [f"g{number - 1}"] if number else []
        make_group(name=f"g{number}", children=children)

    with statements() as seen:
        groups.load_tree(session)

    assert len(seen) == 2


# ---- deleting


def test_a_deleted_group_leaves_members_and_children(
    session, writing, make_group, make_host
):
    child = make_group(name="child")
    group_id = make_group(name="web", children=["child"])
    parent = make_group(name="parent", children=["web", "child"])
    host_id = make_host(groups=["web", "child"])

    with writing():
        groups.delete_group(group_id)
    session.expire_all()

    host = hosts.get_host(host_id)
    assert [group.name for group in host.groups] == ["child"]
    assert host.version == 2
    assert children_of(parent) == ["child"]
    assert groups.get_group(child).version == 1
    assert session.scalars(sa.select(group_members.c.group_id)).all() == [child]
    assert session.execute(sa.select(group_children)).all() == [(parent, child)]


def test_a_group_that_vanishes_while_a_host_joins_is_shown(
    session, writing, make_group, make_host, monkeypatch
):
    make_group(name="web")
    host_id = make_host(hostname="web1")
    real = hosts.find_groups

    def find_and_be_overtaken(names):
        found = real(names)
        with history.recording(session) as connection:
            connection.execute(sa.delete(Group.__table__))
        return found

    monkeypatch.setattr(hosts, "find_groups", find_and_be_overtaken)

    with pytest.raises(Conflict, match="A group of web1 has just"), writing():
        hosts.change_host(host_id, {"groups": ["web"]})


def test_a_group_that_lost_a_member_meanwhile_is_shown(
    session, writing, make_group, make_host, monkeypatch
):
    group_id = make_group(name="web")
    make_host(groups=["web"])
    real = bulk_delete.read_hosts_by_id

    def read_and_be_overtaken(session, ids):
        found = real(session, ids)
        with history.recording(session) as connection:
            connection.execute(sa.update(Host.__table__).values(version=7))
        return found

    monkeypatch.setattr(bulk_delete, "read_hosts_by_id", read_and_be_overtaken)

    with pytest.raises(Conflict), writing():
        groups.delete_group(group_id)


# ---- finding


def test_suggestions_start_with_what_starts_with_the_text(session, make_group):
    for name in ("web", "Web-2", "old web", "db", "100%", "a_b", "axb"):
        make_group(name=name)

    assert groups.suggest(session, "WEB") == ["Web-2", "web", "old web"]
    assert groups.suggest(session, "web", limit=1) == ["Web-2"]
    assert groups.suggest(session, "%") == ["100%"]
    assert groups.suggest(session, "a_") == ["a_b"]
    assert groups.suggest(session, "zzz") == []
    assert len(groups.suggest(session, "")) == 7


def test_direct_members_are_counted(session, make_group, make_host):
    ids = [make_group(name=name) for name in "abc"]
    make_host(groups=["a", "b"])
    make_host(groups=["a"])

    assert groups.direct_counts(session, ids) == {ids[0]: 2, ids[1]: 1}
    assert groups.direct_counts(session, []) == {}


# ---- variables


def names_and_origins(host_id):
    return [
        (one.name, one.value, one.origin)
        for one in effective_variables(hosts.get_host(host_id))
    ]


def test_a_child_wins_over_its_parent_and_the_host_over_all(
    session, make_group, make_host
):
    make_group(name="child", vars={"a": "child", "b": "child", "c": "child"})
    make_group(name="parent", vars={"a": "parent", "d": 1}, children=["child"])
    make_group(name="top", vars={"d": 2, "e": None}, children=["parent"])
    make_group(name="other", vars={"z": 1})
    host_id = make_host(groups=["child"], vars={"b": "host", "f": {"x": [1]}})

    assert names_and_origins(host_id) == [
        ("a", "child", "child"),
        ("b", "host", None),
        ("c", "child", "child"),
        ("d", 1, "parent"),
        ("e", None, "top"),
        ("f", {"x": [1]}, None),
    ]


def test_among_equals_priority_wins_and_then_the_last_name(
    session, make_group, make_host
):
    make_group(name="a", vars={"x": "a", "y": "a", "ansible_group_priority": 10})
    make_group(name="b", vars={"x": "b", "y": "b", "z": "b"})
    make_group(name="c", vars={"x": "c", "z": "c"})
    host_id = make_host(groups=["a", "b", "c"])

    assert names_and_origins(host_id) == [
        ("x", "a", "a"),
        ("y", "a", "a"),
        ("z", "c", "c"),
    ]


def test_depth_counts_more_than_priority(session, make_group, make_host):
    make_group(name="child", vars={"x": "child"})
    make_group(
        name="parent",
        vars={"x": "parent", "ansible_group_priority": 99},
        children=["child"],
    )

    assert names_and_origins(make_host(groups=["child", "parent"])) == [
        ("x", "child", "child")
    ]


@pytest.mark.parametrize("priority", [None, "high", [], {}, "1.5", True])
def test_a_priority_that_is_no_number_counts_as_one(
    session, make_group, make_host, priority
):
    make_group(name="a", vars={"x": "a", "ansible_group_priority": priority})
    make_group(name="b", vars={"x": "b"})

    assert names_and_origins(make_host(groups=["a", "b"])) == [("x", "b", "b")]


def test_variables_are_not_merged_into_each_other(session, make_group, make_host):
    make_group(name="a", vars={"x": {"one": 1}})
    host_id = make_host(groups=["a"], vars={"x": {"two": 2}})

    assert effective_variables(hosts.get_host(host_id)) == [
        EffectiveVariable("x", {"two": 2}, None)
    ]


def test_variables_cost_the_same_statements_for_many_groups(
    session, statements, make_group, make_host
):
    def cost(number):
        names = [f"{number}-{index}" for index in range(number)]
        for name in names:
            make_group(name=name, vars={"x": name})
        host_id = make_host(groups=names)
        session.rollback()
        host = hosts.get_host(host_id)
        with statements() as seen:
            effective_variables(host)
        return len(seen)

    assert cost(2) == cost(20)


def test_only_the_first_unknown_groups_get_a_suggestion(app, make_group):
    make_group(name="web")

    with app.app_context(), pytest.raises(InvalidInput) as refused:
        groups.find_groups([f"web{number}" for number in range(2_000)])

    messages = [error.message for error in refused.value.errors]
    assert len(messages) == 2_000
    assert sum("Did you mean" in message for message in messages) == 5
