"""Make the sample of a release: ``python -m tests.releases.make_sample 1.0.0``.

A backup with something of everything that is kept, all of it made up. It is made once,
by the version that is released, and never again.
"""

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from argon2 import PasswordHasher

from hostadmin import backups, demo
from hostadmin.auth import accounts, tokens
from hostadmin.db.session import db
from hostadmin.history import ActorContext, write
from hostadmin.inventory import hosts, inventory_vars
from hostadmin.models import ChangeSet
from hostadmin.saved_views.read import Viewer
from hostadmin.saved_views.write import View, add_view
from hostadmin.undo import undo

from ..helpers.apps import build_app

FOLDER = Path(__file__).parent
# Of ann, who is an admin.
PASSWORD = "a sample of a release"
VARS = {
    "long": 123456789012345678901234567890,
    "float": 1e22,
    "z": {"b": [None, True, 1, 1.0, "1"], "a": "\U0001f600"},
    "a": "' OR 1=1 --",
}


def act(work, *given):
    return write(ActorContext("ann", "web"), lambda: work(*given))


def fill() -> None:
    """Write as people do: hosts, people, a view, a deletion, an undo."""
    demo.fill_if_empty(60)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    owner = act(lambda: accounts.add_account("ann", hasher.hash(PASSWORD), "admin").id)
    act(tokens.add_token, "tool", "viewer")
    act(accounts.set_theme, owner, "dark")
    given = View("Mine", "hosts", "env:prod", [("sort", "-ip")], shared=True)
    act(add_view, db.session(), Viewer(owner), given)
    first = act(
        lambda: (
            hosts.add_host(
                {
                    "hostname": "ünï-\"'\\%_{{x}}",
                    "notes": "line\r\n\ttab  \n<b>&amp;",
                    "aliases": ["Ǆ"],
                    "vars": VARS,
                }
            ).id
        )
    )
    act(lambda: hosts.change_host(first, {"hostname": "renamed"}).id)
    gone = act(lambda: hosts.add_host({"hostname": "gone"}).id)
    act(hosts.delete_host, gone)
    act(inventory_vars.change_inventory, {"vars": {"ntp": ["a.example.net"]}})
    act(lambda: hosts.change_host(first, {"notes": "by mistake"}).id)
    plan, _ = act(undo, db.session(), newest())
    plan.close()
    act(lambda: hosts.change_host(first, {"location": "fra1"}).id)


def newest() -> int:
    return db.session.scalar(sa.select(sa.func.max(ChangeSet.id))) or 0


def main() -> None:
    file = FOLDER / f"{sys.argv[1]}{backups.SUFFIX}"
    if file.exists():
        raise SystemExit(f"{file} is there already, and stays as it is.")
    with tempfile.TemporaryDirectory() as folder:
        app = build_app(f"sqlite:///{folder}/sample.sqlite")
        with app.app_context():
            fill()
            db.session.rollback()
            file.write_bytes(b"".join(backups.write_archive(db.engine)))
            db.engine.dispose()


if __name__ == "__main__":
    main()
