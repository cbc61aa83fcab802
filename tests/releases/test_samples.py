"""What a release left is used by this version: its backup, and its database."""

import gzip
import json

import pytest
import sqlalchemy as sa

from hostadmin import backups
from hostadmin.auth import accounts, passwords
from hostadmin.backups.archive import read_archive
from hostadmin.backups.target import fill_as_it_was
from hostadmin.db import schema
from hostadmin.db.foreign_keys import find_orphans
from hostadmin.db.session import db
from hostadmin.history import ActorContext, write
from hostadmin.history.completeness import find_gaps
from hostadmin.inventory import hosts
from hostadmin.inventory.check_counts import wrong_counts
from hostadmin.models import ChangeSet, Host
from hostadmin.undo import undo

from ..helpers.apps import build_app
from .make_sample import FOLDER, PASSWORD, VARS

SAMPLES = sorted(FOLDER.glob(f"*{backups.SUFFIX}"))
of_each_release = pytest.mark.parametrize(
    "sample", SAMPLES, ids=lambda path: path.name.removesuffix(backups.SUFFIX)
)


def act(work):
    return write(ActorContext("ann", "web"), work)


def nothing(_table, _rows):
    """Tell nobody how far it is."""


@pytest.fixture
def app(empty_database):
    """This version, on a database without tables."""
    app = build_app(empty_database, create=False)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def check_all():
    """Everything is sound, people log in, and what they did can be undone."""
    assert schema.state(db.engine) is schema.State.CURRENT
    with db.engine.connect() as connection:
        assert list(find_orphans(connection)) == []
    assert list(find_gaps(db.session())) == []
    assert wrong_counts(db.engine) == []
    db.session.rollback()

    assert passwords.is_right(PASSWORD, accounts.named_account("ann").password_hash)
    host = hosts.find_host("renamed")
    assert (host.vars, list(host.vars)) == (VARS, list(VARS))
    assert (host.location, host.notes) == ("fra1", "line\r\n\ttab  \n<b>&amp;")
    newest = db.session.scalar(sa.select(sa.func.max(ChangeSet.id)))
    highest = db.session.scalar(sa.select(sa.func.max(Host.id)))
    act(lambda: undo(db.session(), newest))[0].close()
    db.session.expire_all()
    assert hosts.find_host("renamed").location is None
    # Another one was deleted after it, whose id stays its own.
    assert act(lambda: hosts.add_host({"hostname": "new"}).id) == highest + 2
    db.session.rollback()


def test_there_is_a_sample_of_this_release():
    assert SAMPLES


@of_each_release
def test_a_backup_of_a_release_comes_back(app, sample):
    done = backups.restore(sample, db.engine, nothing)
    last = json.loads(gzip.decompress(sample.read_bytes()).splitlines()[-1])
    assert (done.rows, done.digest) == (last["rows"], last["digest"])
    check_all()


@of_each_release
def test_the_database_of_a_release_is_upgraded_with_what_it_holds(app, sample):
    contents = backups.check_archive(sample)
    parts = read_archive(sample, contents)
    fill_as_it_was(db.engine, contents.schema, parts, nothing)
    is_newest = contents.schema == schema.newest_revision()
    before = schema.State.CURRENT if is_newest else schema.State.OLDER
    assert schema.state(db.engine) is before
    result = app.test_cli_runner().invoke(args=["database", "upgrade"])
    assert result.exit_code == 0, result.output
    check_all()
