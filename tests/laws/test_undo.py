"""Whatever was done: undone in reverse order, all is as it was. On every database."""

import contextlib
import json

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.errors import InvalidFile, InvalidInput
from hostadmin.formats.read_options import ReadOptions
from hostadmin.history import ActorContext
from hostadmin.imports import importer
from hostadmin.inventory import bulk_delete, groups, hosts, inventory_vars
from hostadmin.inventory.check_counts import wrong_counts
from hostadmin.models import ChangeSet, Group, Host
from hostadmin.undo import undo

from ..helpers.apps import empty_tables
from ..helpers.dumps import dump
from ..helpers.examples import EXAMPLES

NAMES = st.sampled_from(["a", "b", "c", "d", "WEB-1", "web-2"])
GROUPS = st.sampled_from(["g", "h", "i", "j"])
VALUES = st.sampled_from([1, True, 1.0, "x", None, [1], {"y": 0}])
VARS = st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3)
PICK = st.integers(0, 5)
ADDRESS = st.sampled_from([None, "10.0.0.1", "10.0.0.2", "::1"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "hostname": NAMES,
        "aliases": st.lists(NAMES, max_size=3),
        "ip_addr": ADDRESS,
        "addresses": st.lists(ADDRESS.filter(bool), max_size=2),
        "port": st.sampled_from([None, 22, 80]),
        "status": st.sampled_from(["active", "retired"]),
        "environment": st.sampled_from([None, "prod", "Prod", "dev"]),
        "groups": st.lists(GROUPS, max_size=2),
        "vars": VARS,
        "notes": st.sampled_from([None, "n\n"]),
    },
)
GROUP_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": GROUPS,
        "description": st.sampled_from([None, "d"]),
        "vars": VARS,
        "children": st.lists(GROUPS, max_size=2),
    },
)
STEPS = st.one_of(
    st.tuples(st.just("add host"), NAMES, FIELDS),
    st.tuples(st.just("change host"), PICK, FIELDS),
    st.tuples(st.just("delete host"), PICK),
    st.tuples(st.just("delete hosts")),
    st.tuples(st.just("add group"), GROUPS, GROUP_FIELDS),
    st.tuples(st.just("change group"), PICK, GROUP_FIELDS),
    st.tuples(st.just("delete group"), PICK),
    st.tuples(st.just("whole"), VARS),
    st.tuples(st.just("import"), st.lists(st.tuples(NAMES, GROUPS), max_size=4)),
    st.tuples(
        st.just("import inventory"),
        st.dictionaries(GROUPS, st.tuples(VARS, st.lists(GROUPS), st.lists(NAMES))),
        VARS,
        st.booleans(),
    ),
    st.tuples(st.just("undo"), PICK),
)


def known(names):
    there = set(db.session.scalars(sa.select(Group.name)))
    return [name for name in names if name in there]


def picked(model, number):
    ids = db.session.scalars(sa.select(model.id).order_by(model.id)).all()
    return ids[number % len(ids)] if ids else None


def clean(fields):
    return fields | {
        name: known(fields[name]) for name in ("groups", "children") if name in fields
    }


def change(function, model, number, *rest):
    found = picked(model, number)
    if found is not None:
        function(found, *rest)


def import_csv(path, rows):
    path.write_text(
        "hostname,groups,rack\n"
        + "".join(f"{name},{group},r1\n" for name, group in rows)
    )
    with importer.staged(str(path)) as plan:
        importer.make_plan(db.session(), plan)
        if not plan.bad_rows:
            importer.apply_plan(db.session(), plan)


def import_inventory(path, given, whole_vars, replace):
    """Import groups that nest, with variables, as Ansible's YAML has them."""
    children = {
        name: {
            "vars": variables,
            "children": {child: {} for child in nested},
            "hosts": {host: {"rack": 1} for host in members},
        }
        for name, (variables, nested, members) in given.items()
    }
    path = path.with_suffix(".yaml")
    path.write_text(json.dumps({"all": {"vars": whole_vars, "children": children}}))
    with importer.staged(str(path), ReadOptions(format="ansible")) as plan:
        importer.make_plan(db.session(), plan, replace=replace)
        if not plan.bad_rows:
            importer.apply_plan(db.session(), plan)


def undo_one_of_the_last(number):
    newest = db.session.scalars(
        sa.select(ChangeSet.id).order_by(ChangeSet.id.desc()).limit(6)
    ).all()
    if newest:
        undo(db.session(), newest[number % len(newest)])[0].close()


TAKEN = {
    "whole": lambda _path, given: inventory_vars.change_inventory({"vars": given}),
    "import": import_csv,
    "import inventory": import_inventory,
    "undo": lambda _path, number: undo_one_of_the_last(number),
}


def take(step, path):
    kind, *rest = step
    if kind == "add host":
        hosts.add_host({**clean(rest[1]), "hostname": rest[0]})
    elif kind == "change host":
        change(hosts.change_host, Host, rest[0], clean(rest[1]))
    elif kind == "delete host":
        change(hosts.delete_host, Host, rest[0])
    elif kind == "delete hosts":
        rows = db.session.execute(sa.select(Host.id, Host.version)).all()
        bulk_delete.delete_hosts(db.session(), {row[0]: row[1] for row in rows})
    elif kind == "add group":
        groups.add_group({**clean(rest[1]), "name": rest[0]})
    elif kind == "change group":
        change(groups.change_group, Group, rest[0], clean(rest[1]))
    elif kind == "delete group":
        change(groups.delete_group, Group, rest[0])
    else:
        TAKEN[kind](path, *rest)


def newest_change_set(session):
    session.rollback()
    return session.scalar(sa.select(sa.func.max(ChangeSet.id))) or 0


@pytest.fixture
def emptied(session):
    """Return a function that empties the tables: one test, many examples."""

    def empty():
        session.rollback()
        with db.engine.begin() as connection:
            empty_tables(connection)

    return empty


@settings(
    max_examples=max(20, EXAMPLES // 16),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=st.lists(STEPS, max_size=5), steps=st.lists(STEPS, max_size=8))
@example(
    before=[],
    steps=[
        (
            "import inventory",
            {"g": ({}, [], []), "h": ({}, ["g"], [])},
            {},
            False,
        )
    ],
)
def test_all_undone_in_reverse_order_is_as_it_was(
    session, emptied, tmp_path, before, steps
):
    emptied()
    run(before, tmp_path)
    first, start = dump(session), newest_change_set(session)

    run(steps, tmp_path)
    end = newest_change_set(session)
    middle = dump(session)
    assert wrong_counts(db.engine) == []
    undo_down_to(session, end, start)

    assert dump(session) == first
    # And the undos undone are what was done.
    undo_down_to(session, newest_change_set(session), end)
    assert dump(session) == middle
    # Whatever was done: what is kept of the hosts is what they are.
    assert wrong_counts(db.engine) == []


def run(steps, tmp_path):
    for step in steps:
        with contextlib.suppress(InvalidInput, InvalidFile):
            history.write(
                ActorContext("ann", "web"),
                lambda step=step: take(step, tmp_path / "hosts.csv"),
            )


def undo_down_to(session, end, start):
    known = sa.select(ChangeSet.id).where(ChangeSet.id.between(start + 1, end))
    session.rollback()
    # By number: what one engine counts from is not 1 where others wrote before.
    for change_set_id in session.scalars(known.order_by(ChangeSet.id.desc())).all():
        session.rollback()
        plan, _ = history.write(
            ActorContext("bob", "web"),
            lambda change_set_id=change_set_id: undo(db.session(), change_set_id),
        )
        with plan:
            assert plan.kept_objects == 0, [
                (step.name, step.reason(kept))
                for step in plan.first_kept
                for kept in step.kept
            ]
