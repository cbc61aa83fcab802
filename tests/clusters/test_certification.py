"""Any kind of write: what a cluster refuses at the commit is run again, done once."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hostadmin import bulk_edit, history
from hostadmin.auth import accounts, tokens
from hostadmin.bulk_edit import Selection, read_edit
from hostadmin.db.session import db
from hostadmin.formats.read_options import ReadOptions
from hostadmin.history import ActorContext
from hostadmin.imports import importer
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.models import ChangeSet
from hostadmin.query.parser import parse
from hostadmin.saved_views import write as views
from hostadmin.saved_views.read import Viewer
from hostadmin.saved_views.write import View
from hostadmin.undo import undo
from hostadmin.validation.accounts import Role

pytestmark = pytest.mark.xdist_group("galera")

# What another node does meanwhile: it touches all rows, and says no more of them.
LATER = "updated_at = updated_at + INTERVAL 1 MICROSECOND"
TABLES = ("hosts", "host_groups", "accounts", "api_tokens", "inventory", "saved_views")
MEANWHILE = (
    *(f"UPDATE {table} SET {LATER}" for table in TABLES),  # noqa: S608
    "UPDATE guards SET turn = turn + 1 WHERE name <> 'secret key'",
)


@dataclass
class Ids:
    """What there is to write to, made anew for each kind of write."""

    host: int
    group: int
    change: int
    account: int
    token: int
    view: int
    number: int


def make(number):
    """Add one of each; return the ids."""
    hosts.add_host({"hostname": f"c{number}", "owner": "first", "role": f"c{number}"})
    host = hosts.find_host(f"c{number}").id
    group = groups.add_group({"name": f"c{number}"}).id
    # A row that is not there yet cannot be touched by the other node.
    inventory_vars.change_inventory({"vars": {"a": 1}})
    account = accounts.add_account(f"c{number}", "none", Role.ADMIN)
    token = tokens.add_token(f"c{number}", "viewer", owner=account)[0].id
    viewer = Viewer(account.id)
    view = views.add_view(
        db.session(), viewer, View(f"c{number}", "hosts", shared=True)
    ).id
    return Ids(host, group, 0, account.id, token, view, number)


def import_file(ids, folder):
    path = folder / "a.csv"
    path.write_text(f"hostname,owner\nc{ids.number},file\nd{ids.number},file\n")
    with importer.staged(str(path), ReadOptions()) as plan:
        importer.make_plan(db.session(), plan)
        importer.apply_plan(db.session(), plan)


def bulk(ids, *texts, **more):
    selection = Selection(node=parse(f"role:c{ids.number}"))
    bulk_edit.change(db.session(), selection, read_edit(texts, **more))


def change_view(ids):
    account = accounts.get_account(ids.account)
    viewer = Viewer(account.id)
    given = View(f"new{ids.number}", "hosts", shared=True)
    views.change_view(db.session(), viewer, ids.view, given, None)


KINDS = {
    "edit": lambda ids, _: hosts.change_host(ids.host, {"owner": "second"}),
    "membership": lambda ids, _: hosts.change_host(
        ids.host, {"groups": [f"c{ids.number}"]}
    ),
    "delete": lambda ids, _: hosts.delete_host(ids.host),
    "group": lambda ids, _: groups.change_group(ids.group, {"vars": {"a": 2}}),
    "delete group": lambda ids, _: groups.delete_group(ids.group),
    "variables of all": lambda ids, _: inventory_vars.change_inventory(
        {"vars": {"a": ids.number + 2}}
    ),
    "bulk edit": lambda ids, _: bulk(ids, ("owner", "third")),
    "bulk groups": lambda ids, _: bulk(
        ids, add_groups=[f"m{ids.number}"], make_groups=True
    ),
    "undo": lambda ids, _: undo(db.session(), ids.change),
    "import": import_file,
    "role": lambda ids, _: accounts.change_role(ids.account, Role.VIEWER),
    "password": lambda ids, _: accounts.set_password(ids.account, "other"),
    "token": lambda ids, _: tokens.revoke(ids.token),
    "view": lambda ids, _: change_view(ids),
}


@pytest.fixture
def ids(node_apps, request):
    number = list(KINDS).index(request.node.callspec.params["kind"])
    with node_apps[1].app_context():
        found = history.write(ActorContext("tests", "web"), lambda: make(number))
        history.write(
            ActorContext("tests", "web"),
            lambda: hosts.change_host(found.host, {"owner": "changed"}),
        )
        found.change = history.written_change_set_id(db.session())
    return found


@pytest.fixture
def refused(node_apps):
    """Let the cluster refuse the next commit of the first node; return the codes."""
    commits, codes = [], []
    with node_apps[1].app_context():
        other = db.engine

    def meddle(_connection):
        commits.append(1)
        if len(commits) == 1:
            for statement in MEANWHILE:
                with other.begin() as connection:
                    connection.exec_driver_sql(statement)

    def note(context):
        codes.append(context.original_exception.args[0])

    with node_apps[0].app_context():
        engine = db.engine
        event.listen(engine, "commit", meddle)
        event.listen(engine, "handle_error", note)
        yield codes
        event.remove(engine, "commit", meddle)
        event.remove(engine, "handle_error", note)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_run_again_and_done_once(node_apps, ids, tmp_path, refused, kind):
    actor = f"by {kind}"
    act = ActorContext(actor, "web")
    with node_apps[0].app_context():
        history.write(act, lambda: KINDS[kind](ids, tmp_path) and None)

    assert refused[0] in (1213, 1205)
    with node_apps[2].app_context():
        own = sa.select(ChangeSet).where(ChangeSet.actor == actor)
        changes = db.session.scalars(own).all()
        assert len(changes) == 1
        assert changes[0].entries
