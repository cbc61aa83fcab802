"""Every way to write: what the history says is what changed. On every database."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.inventory import bulk_delete, hosts
from hostadmin.models import ChangeEntry, Group, Host
from hostadmin.validation.addresses import ip_key
from hostadmin.validation.host_fields import VOCABULARY_FIELDS
from hostadmin.validation.values import name_key

from ..helpers.dumps import dump
from ..helpers.pages import csrf, parse

DERIVED = {
    *("hostname_key", "hostname_sort", "ip_key", "created_at"),
    *(f"{name}_sort" for name in VOCABULARY_FIELDS),
}


@pytest.fixture
def complete(session):
    """Run a write, and compare its entries with what it did."""

    def check(work):
        before = dump(session)
        last = session.scalar(sa.select(sa.func.max(ChangeEntry.id))) or 0
        session.rollback()
        work()
        after = dump(session)
        entries = session.scalars(
            sa.select(ChangeEntry).where(ChangeEntry.id > last).order_by(ChangeEntry.id)
        ).all()
        assert replay(before, entries) == without_derived(after)
        changed = {
            key for key in before.keys() | after.keys() if differs(key, before, after)
        }
        assert {(e.subject, e.subject_id) for e in entries} == changed

    return check


def differs(key, before, after):
    return before.get(key) != after.get(key)


def without_derived(found):
    return {
        key: {name: value for name, value in fields.items() if name not in DERIVED}
        for key, fields in found.items()
    }


def replay(before, entries):
    """Return the state that follows from the one before and the entries."""
    state = without_derived(before)
    for entry in entries:
        key = (entry.subject, entry.subject_id)
        if entry.action == "deleted":
            del state[key]
            continue
        if entry.action == "created":
            state[key] = dict(EMPTY[entry.subject])
        for name, (old, new) in entry.changes.items():
            assert state[key][name] == stored(name, old), (key, name)
            state[key][name] = stored(name, new)
    return {k: v for k, v in state.items() if k[0] != "inventory" or v["vars"] != "[]"}


def stored(name, value):
    if name == "vars":
        return repr(sorted((value or {}).items()))
    if name in ("groups", "children"):
        return sorted(item["id"] for item in value or ())
    if name == "aliases":
        return sorted((text, name_key(text)) for text in value or ())
    if name == "addresses":
        return sorted((ip_key(text), text) for text in value or ())
    return value


LISTS = {"aliases": [], "addresses": [], "groups": []}
TEXTS = (
    "hostname",
    "ip_addr",
    "port",
    "environment",
    "os",
    "location",
    "role",
    "owner",
)
EMPTY = {
    "host": {**dict.fromkeys((*TEXTS, "notes", "status")), "vars": "[]", **LISTS},
    "group": {"name": None, "description": None, "vars": "[]", "children": []},
    "inventory": {"vars": "[]"},
}


INVENTORY = """
all:
  vars: {y: [1, true]}
  children:
    outer:
      vars: {z: 1}
      children: {new: {hosts: {web2: {rack: 9}, web3: {}}}}
"""


def test_each_way_to_write_is_recorded_in_full(
    app, client, runner, session, complete, tmp_path
):
    def post(url, **fields):
        page = parse(client.get(url))
        hidden = {
            i["name"]: i.get("value", "") for i in page.select("main form input[name]")
        }
        action = page.select_one("main form").get("action", url)
        answer = client.post(action, data={**hidden, **fields})
        assert answer.status_code == 302, answer.text
        assert "/bulk/" not in answer.location

    def command(*args):
        result = runner.invoke(args=list(args))
        assert result.exit_code == 0, result.output

    def in_code(work):
        with app.app_context():
            history.write(ActorContext("ann", "web"), work)

    def id_of(name):
        session.rollback()
        return hosts.find_host(name).id

    def undo_last():
        session.rollback()
        last = session.scalar(sa.select(sa.func.max(ChangeEntry.change_set_id)))
        return f"/changes/{last}/undo"

    def delete_all():
        rows = db.session.execute(sa.select(Host.id, Host.version)).all()
        bulk_delete.delete_hosts(db.session(), {row[0]: row[1] for row in rows})

    file, yaml = tmp_path / "hosts.csv", tmp_path / "hosts.yaml"
    file.write_text("hostname,groups,owner,rack\nweb1,new,x,7\nweb2,new,y,8\n")
    full = {"status": "active", "port": "22"}

    complete(lambda: post("/groups/new/", name="g", description="d", vars="x: 1"))
    complete(lambda: post("/groups/new/", name="top", children="g"))
    complete(
        lambda: post(
            "/hosts/new/",
            **full,
            hostname="web1",
            groups="g",
            aliases="www\nw",
            addresses="::1 ::2",
            ip_addr="10.0.0.1",
            vars="a: [1, true, 1.0]",
            notes="n",
            environment="prod",
        )
    )
    web1 = id_of("web1")
    complete(
        lambda: post(f"/hosts/edit/?id={web1}", **full, hostname="WEB1", aliases="")
    )
    complete(lambda: command("hosts", "import", str(file)))
    complete(lambda: command("hosts", "import", str(file)))
    yaml.write_text(INVENTORY)
    complete(lambda: command("hosts", "import", str(yaml)))
    file.write_text("hostname,groups,owner\nweb1,new,x\n")
    complete(lambda: command("hosts", "import", str(file), "--replace"))
    complete(lambda: command("hosts", "set", "web*", "owner=z", "port=", "--yes"))
    complete(lambda: command("hosts", "add-group", "web*", "outer", "--yes"))
    complete(lambda: command("hosts", "confirm", "web*", "--yes"))
    complete(lambda: post("/inventory/edit/?id=1", vars="x: 1"))
    complete(lambda: post(f"/groups/edit/?id={group_id(session, 'new')}", name="neu"))
    complete(lambda: post(f"/groups/delete/?id={group_id(session, 'neu')}"))
    complete(lambda: post(undo_last()))
    complete(lambda: post(f"/hosts/delete/?id={web1}"))
    complete(lambda: command("changes", "undo", undo_last().split("/")[2], "--yes"))
    sets = ("owner=Z", "port=", "notes=n", "var.a.b=1", "status=retired")
    complete(lambda: command("hosts", "set", "web*", *sets, "--yes"))
    complete(lambda: command("hosts", "rename-value", "owner", "Z", "z", "--yes"))
    complete(lambda: post(undo_last()))
    complete(lambda: command("hosts", "add-group", "*", "x", "--create", "--yes"))
    complete(lambda: command("hosts", "remove-group", "web1", "x", "g", "--yes"))
    complete(lambda: post("/hosts/bulk/edit?all=1&step=plan&clear=owner", step="do"))
    complete(lambda: post("/hosts/bulk/groups?all=1&step=plan&add_groups=g", step="do"))
    complete(lambda: post("/hosts/bulk/confirm?all=1", step="do"))
    complete(lambda: post("/hosts/bulk/delete?all=1", step="do"))
    complete(lambda: post(undo_last()))
    complete(lambda: command("hosts", "delete", "*", "--yes"))
    complete(lambda: post(undo_last()))
    complete(lambda: in_code(delete_all))
    complete(lambda: post(undo_last()))
    complete(lambda: post(undo_last()))


def group_id(session, name):
    session.rollback()
    return session.scalar(sa.select(Group.id).where(Group.name == name))


def test_what_is_refused_leaves_no_entry(session, client, complete, make_host):
    make_host(hostname="a")
    id_ = make_host(hostname="b")
    for url, fields in (
        ("/hosts/new/", {"hostname": "A"}),
        (f"/hosts/edit/?id={id_}", {"hostname": "a", "row_version": "1"}),
        (f"/hosts/edit/?id={id_}", {"hostname": "c", "row_version": "9"}),
    ):

        def post(url=url, fields=fields):
            token = csrf(client, url)
            answer = client.post(
                url,
                data={"csrf_token": token, "status": "active", "port": "22", **fields},
            )
            assert answer.status_code in (400, 409)

        complete(post)
