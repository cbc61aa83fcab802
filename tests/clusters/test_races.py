"""One writer on each node, at the same moment: the rules that span rows hold.

HOSTADMIN_TEST_ROUNDS=200 looks longer.
"""

import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.auth import accounts, first_account
from hostadmin.db.session import db
from hostadmin.errors import Busy, Conflict, HostadminError
from hostadmin.formats.read_options import ReadOptions
from hostadmin.history import ActorContext
from hostadmin.imports import importer
from hostadmin.inventory import groups, hosts
from hostadmin.models import Account, ChangeEntry, ChangeSet, Host, group_children
from hostadmin.undo import undo
from hostadmin.validation.accounts import Role

from ..helpers.accounts import add_person
from ..helpers.races import run_on_each

pytestmark = pytest.mark.xdist_group("galera")

ROUNDS = range(int(os.environ.get("HOSTADMIN_TEST_ROUNDS", "15")))


def on(app, work):
    with app.app_context():
        return history.write(ActorContext("ann", "web"), work)


def read(app, *queries):
    with app.app_context():
        found = [db.session.scalars(query).all() for query in queries]
        db.session.expunge_all()
        return found


def refused(outcomes):
    """Return those that were refused; anything but words for people is a fault."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(error, HostadminError) for error in errors), errors
    return errors


def test_ids_step_by_three_and_every_node_reads_what_another_saved(node_apps):
    made = [
        on(app, lambda n=n: hosts.add_host({"hostname": f"step{n}"}).id)
        for n, app in enumerate(node_apps * 2)
    ]

    assert len({id_ % 3 for id_ in made}) == 3
    own = sa.select(Host.id).where(Host.id.in_(made))
    for app in node_apps:
        assert sorted(read(app, own)[0]) == sorted(made)


def test_what_one_node_saved_is_read_at_once_through_another(node_apps):
    one, other = node_apps[:2]
    names = sa.select(Host.hostname)
    for number in ROUNDS:
        on(one, lambda n=number: hosts.add_host({"hostname": f"fresh{n}"}).id)
        assert f"fresh{number}" in read(other, names)[0]


def test_an_admin_is_left(node_apps):
    admins = sa.select(Account.username).where(
        Account.role == Role.ADMIN, Account.active == sa.true()
    )
    for number in ROUNDS:
        ids = []
        for name in ("a", "b", "c"):
            add_person(node_apps[0], "admin", f"{name}{number}")
            account = sa.select(Account.id).filter_by(username=f"{name}{number}")
            ids += read(node_apps[0], account)[0]
        outcomes = run_on_each(
            node_apps,
            lambda ids=ids: accounts.change_role(ids[0], Role.VIEWER).id,
            lambda ids=ids: accounts.set_active(ids[1], False).id,
            lambda ids=ids: accounts.change_role(ids[2], Role.EDITOR).id,
        )

        left = read(node_apps[2], admins)[0]
        assert left
        refusals = refused(outcomes)
        assert len(left) == len(refusals) or not number
        assert any(isinstance(error, (Conflict, Busy)) for error in refusals)
        # So that each round begins with its own three.
        with node_apps[0].app_context(), db.engine.begin() as connection:
            connection.execute(sa.update(Account.__table__).values(active=False))


def test_the_first_account_is_made_once(node_apps):
    def use(key):
        if not first_account.is_valid(key, lock=True):
            raise Conflict("void")
        return accounts.add_account(f"first{key[:6]}", "none", Role.ADMIN).username

    for _ in ROUNDS:
        with node_apps[0].app_context(), db.engine.begin() as connection:
            for name in ("account_sessions", "api_tokens", "accounts"):
                connection.execute(sa.delete(db.metadata.tables[name]))
        with node_apps[1].app_context():
            key = first_account.new_link()
        outcomes = run_on_each(node_apps, *[lambda key=key: use(key)] * 3)

        refused(outcomes)
        assert len([o for o in outcomes if isinstance(o, str)]) == 1


def test_several_servers_may_start_at_once(node_apps):
    def start(app):
        with app.app_context():
            return first_account.new_link()

    for _ in ROUNDS:
        with node_apps[0].app_context(), db.engine.begin() as connection:
            for name in ("account_sessions", "api_tokens", "accounts"):
                connection.execute(sa.delete(db.metadata.tables[name]))
        with ThreadPoolExecutor() as pool:
            keys = list(pool.map(start, node_apps))
        with node_apps[1].app_context():
            assert [first_account.is_valid(key) for key in keys].count(True) == 1


def rings(app):
    """Return the groups that are inside of themselves."""
    with app.app_context():
        inside = {tuple(row) for row in db.session.execute(sa.select(group_children))}
    while more := {(a, d) for a, b in inside for c, d in inside if b == c} - inside:
        inside |= more
    return [one for one, other in inside if one == other]


def test_no_group_is_inside_of_itself(node_apps):
    for number in ROUNDS:
        names = [f"{letter}{number}" for letter in "abc"]
        ids = [
            on(node_apps[0], lambda name=name: groups.add_group({"name": name}).id)
            for name in names
        ]
        following = names[1:] + names[:1]
        outcomes = run_on_each(
            node_apps,
            *[
                lambda id_=id_, child=child: (
                    groups.change_group(id_, {"children": [child]}, 1).id
                )
                for id_, child in zip(ids, following, strict=True)
            ],
        )

        assert refused(outcomes)
        assert rings(node_apps[number % 3]) == []


def import_half(folder, parent, child):
    path = folder / f"{parent}.ini"
    path.write_text(f"[{child}]\n[{parent}:children]\n{child}\n")
    with importer.staged(str(path), ReadOptions(format="ansible")) as plan:
        importer.make_plan(db.session(), plan)
        if list(plan.errors()):
            raise Conflict("The file would close a ring.")
        importer.apply_plan(db.session(), plan)


def test_no_ring_comes_of_files(node_apps, tmp_path):
    for number in ROUNDS:
        names = [f"f{letter}{number}" for letter in "abc"]
        for name in names:
            on(node_apps[0], lambda name=name: groups.add_group({"name": name}).id)
        following = names[1:] + names[:1]
        outcomes = run_on_each(
            node_apps,
            *[
                lambda name=name, child=child: import_half(tmp_path, name, child)
                for name, child in zip(names, following, strict=True)
            ],
        )

        assert rings(node_apps[number % 3]) == []
        assert refused(outcomes)


def test_a_name_is_taken_once(node_apps):
    for number in ROUNDS:
        names = [f"name{number}", f"NAME{number}", f"Name{number}."]
        outcomes = run_on_each(
            node_apps,
            *[
                lambda name=name: hosts.add_host({"hostname": name}).id
                for name in names
            ],
        )

        assert len(refused(outcomes)) == 2
        found = sa.select(Host.id).where(Host.hostname_key == f"name{number}")
        assert len(read(node_apps[number % 3], found)[0]) == 1


def test_undo_knows_what_is_newer(node_apps):
    """Whatever came first: each change says what was there before it."""
    for number in ROUNDS:
        id_ = on(
            node_apps[0],
            lambda n=number: (
                hosts.add_host(
                    {"hostname": f"undo{n}", "owner": "first", "role": "r"}
                ).id
            ),
        )
        on(node_apps[0], lambda i=id_: hosts.change_host(i, {"owner": "second"}).id)
        own = (
            sa.select(ChangeEntry)
            .join(ChangeEntry.change_set)
            .where(ChangeEntry.subject == "host", ChangeEntry.subject_id == id_)
            .order_by(ChangeSet.at, ChangeEntry.id)
        )
        change = read(node_apps[1], own)[0][-1].change_set_id
        outcomes = run_on_each(
            node_apps,
            lambda c=change: undo(db.session(), c)[1],
            lambda i=id_: hosts.change_host(i, {"owner": "third"}).id,
            lambda i=id_: hosts.change_host(i, {"role": "s"}).id,
        )

        assert len(refused(outcomes)) < len(outcomes)
        [host], entries = read(node_apps[2], sa.select(Host).where(Host.id == id_), own)
        owners = [e.changes["owner"] for e in entries if "owner" in e.changes]
        for before, after in itertools.pairwise(owners):
            assert before[-1] == after[0]
        assert owners[-1][-1] == host.owner
