"""Into another database and into a file: all of it comes back, or it is refused."""

import gzip
import re
from difflib import unified_diff
from urllib.parse import unquote, urlsplit

import pytest
import sqlalchemy as sa

from hostadmin import backups
from hostadmin.auth import accounts, tokens
from hostadmin.auth.keys import hash_of, new_key
from hostadmin.db import schema
from hostadmin.db.foreign_keys import find_orphans
from hostadmin.db.session import Base, db, is_transient
from hostadmin.errors import Conflict, InvalidFile
from hostadmin.exports.exporter import FORMATS
from hostadmin.history import ActorContext, write
from hostadmin.inventory import hosts
from hostadmin.limits import limits
from hostadmin.models import Account, AccountSession, ChangeSet
from hostadmin.saved_views.read import Viewer
from hostadmin.saved_views.write import View, add_view
from hostadmin.undo import undo

from ..helpers.accounts import add_person, cookie_of
from ..helpers.apps import build_app, connected
from ..helpers.dumps import dump, dump_tables

# How many pages each looks at: the same ones, and what only they may see.
PAGES = {"viewer": 30, "editor": 8, "admin": 12}
FILLED = {
    *("accounts", "api_tokens", "change_entries", "former_names", "host_aliases"),
    *("host_group_children", "host_set_members", "saved_views", "vocabulary"),
}
HOSTILE = {
    "hostname": "ünï-\"'\\%_{{x}}",
    "notes": "line\r\n\ttab  \n\U0001f600 <b>&amp;",
    "aliases": ["Ǆ", "10.0.0.300"],
    "vars": {
        "number": 123456789012345678901234567890,
        "float": 1e22,
        "tiny": 1.10,
        "b": {"z": [None, True, 1, 1.0, "1"], "a": "\U0001f600\\u0000"},
        "a": "' OR 1=1 --",
    },
}
# What a page says of now, or of this one browser session.
PASSING = re.compile(
    r'name="csrf_token" value="[^"]*"|\d+ (second|minute)s? ago|just now'
    r'|<details class="[^"]*statement[^"]*".*?</details>',
    re.S,
)


def act(work, *given):
    return write(ActorContext("ann", "web"), lambda: work(*given))


def nothing(_table, _rows):
    """Tell nobody how far it is."""


@pytest.fixture
def filled(app, rows, make_host, session):
    """Everything that can be kept, written as it always is; and something deleted."""
    for role in PAGES:
        add_person(app, role, f"{role}-ann")
    make_host(**HOSTILE)
    last = make_host(hostname="deleted")
    act(hosts.delete_host, last, 1)
    owner = session.scalar(sa.select(Account).where(Account.username == "editor-ann"))
    act(tokens.add_token, "tool", "viewer")
    act(accounts.set_theme, owner.id, "dark")
    viewer = Viewer(owner.id)
    given = View("Mine", "hosts", "set:7002", [("sort", "-ip")], shared=True)
    act(add_view, db.session(), viewer, given)
    session.rollback()
    return last


@pytest.fixture
def target(empty_database):
    engine = connected(empty_database)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_target(tmp_path):
    engine = connected(f"sqlite:///{tmp_path}/target.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def copied(filled, session, target, empty_database):
    """The app on a copy of the database."""
    with small_batches():
        backups.copy(db.engine, target, nothing)
    session.rollback()
    target.dispose()
    app = build_app(empty_database)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class small_batches:
    def __enter__(self):
        self.before, limits.backup_batch = limits.backup_batch, 7

    def __exit__(self, *_):
        limits.backup_batch = self.before


def kept(app):
    return {
        name: sorted(rows, key=repr)
        for name, rows in dump_tables(app).items()
        if not is_transient(Base.metadata.tables[name])
    }


def logged_in(app, role):
    """Log in as an account that is there already."""
    key = new_key()
    with app.app_context(), db.engine.begin() as connection:
        name = sa.select(Account.id).where(Account.username == f"{role}-ann")
        now = sa.select(Account.created_at).where(Account.username == f"{role}-ann")
        session = {"key_hash": hash_of(key), "account_id": connection.scalar(name)}
        session |= dict.fromkeys(("created_at", "seen_at"), connection.scalar(now))
        connection.execute(sa.insert(AccountSession.__table__).values(session))
    client = app.test_client()
    client.set_cookie(*cookie_of(app, key))
    return client


def crawl(client, pages):
    """Return address → page of what links lead to, without what says when it is."""
    found, waiting = {}, ["/hosts/", "/stats/?by=env", "/changes/", "/data-quality/"]
    while waiting and len(found) < pages:
        url = waiting.pop(0)
        if url in found:
            continue
        response = client.get(url)
        page = PASSING.sub("", response.text)
        found[url] = [response.status, *page.splitlines()]
        links = re.findall(r'href="(/[^"#]*)', response.text)
        waiting += [link.replace("&amp;", "&") for link in links if is_page(link)]
    return found


def is_page(link):
    path = urlsplit(link).path
    # A query such as updated>-7d is answered with the minute that it means now.
    is_of_now = re.search(r"[<>]-\d+[dhw]", unquote(link))
    elsewhere = path.startswith(("/static/", "/export/", "/account", "/help"))
    return not is_of_now and not elsewhere


def test_the_copy_has_every_row_and_every_page(app, filled, copied, monkeypatch):
    # On a busy machine what is counted beside would take longer than it may.
    for name in ("facet", "more_facets", "count", "count_page"):
        monkeypatch.setattr(limits, f"{name}_seconds", 60)
    assert kept(copied) == kept(app)
    assert {name for name, rows in kept(app).items() if rows} >= FILLED
    for role, pages in PAGES.items():
        there, here = (crawl(logged_in(one, role), pages) for one in (copied, app))
        assert len(here) == pages
        assert list(there) == list(here)
        for url, page in here.items():
            assert list(unified_diff(page, there[url], lineterm="", n=1)) == [], url
    # A workbook says when it was written.
    for name in FORMATS.keys() - {"xlsx"}:
        url = f"/export/{name}?q=-os:nothing"
        there, here = (logged_in(one, "viewer").get(url) for one in (copied, app))
        assert (there.status_code, there.data) == (here.status_code, here.data)
    with copied.app_context():
        assert schema.state(db.engine) is schema.State.CURRENT
        with db.engine.connect() as connection:
            assert list(find_orphans(connection)) == []


def test_the_copy_goes_on_where_the_first_one_stopped(filled, copied):
    """New ids are new, so that what was deleted can come back under its own."""
    with copied.app_context():
        before = dump(db.session())
        added = act(lambda: hosts.add_host({"hostname": "new"}).id)
        assert added > filled
        deletion = db.session.scalar(
            sa.select(sa.func.max(ChangeSet.id)).where(ChangeSet.actor == "ann")
        )
        assert deletion
        db.session.rollback()
        newest = db.session.scalars(
            sa.select(ChangeSet.id).order_by(ChangeSet.at.desc(), ChangeSet.id.desc())
        ).first()
        plan, _ = act(undo, db.session(), newest)
        plan.close()
        assert dump(db.session()) == before


def test_nothing_that_is_kept_refers_to_what_is_not():
    tables = Base.metadata.sorted_tables
    left_out = {table.name for table in tables if is_transient(table)}
    assert left_out == {
        *("account_sessions", "login_attempts", "setup_link", "guards"),
        *("jobs", "file_imports", "file_import_pieces", "kept_answers"),
    }
    for table in tables:
        if table.name not in left_out:
            named = {key.column.table.name for key in table.foreign_keys}
            assert not named & left_out, table.name


# ---- a file


def written(path):
    path.write_bytes(b"".join(backups.write_archive(db.engine)))
    return path


@pytest.fixture
def file(make_host, session, tmp_path):
    make_host(**HOSTILE)
    make_host(hostname="a", groups=[])
    return written(tmp_path / f"all{backups.SUFFIX}")


def test_a_backup_comes_back_as_it_was_on_any_engine(
    app, filled, session, target, empty_database, tmp_path
):
    file = written(tmp_path / "file")
    with small_batches():
        done = backups.restore(file, target, nothing)
        again = b"".join(backups.write_archive(target))
    target.dispose()
    restored = build_app(empty_database)

    assert kept(restored) == kept(app)
    with restored.app_context():
        db.engine.dispose()
    lines, before = (
        gzip.decompress(d).splitlines() for d in (again, file.read_bytes())
    )
    assert lines[1:] == before[1:]
    assert done.digest.encode() in lines[-1]


def test_a_damaged_backup_is_refused_before_anything_is_written(
    app, file, sqlite_target
):
    whole = file.read_bytes()
    places = range(0, len(whole), max(1, len(whole) // 50))
    damaged = [whole[:-1], whole[: len(whole) // 2], whole + b"x", whole * 2, b""]
    for place in (*places, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        damaged.append(bytes(changed))
    with app.app_context():
        for data in damaged:
            file.write_bytes(data)
            with pytest.raises(InvalidFile):
                backups.restore(file, sqlite_target, nothing)
        assert schema.state(sqlite_target) is schema.State.EMPTY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"hostadmin_backup":1', b'"hostadmin_backup":2'),
        (b'"schema":"first_release"', b'"schema":"later"'),
        (b'["hosts",[[', b'["hosts; DROP TABLE x",[['),
        (b'["hostname","text"]', b'["hostname","other"]'),
        (b'["hostname","text"],', b""),
    ],
)
def test_a_backup_of_another_program_or_version_is_refused(
    app, file, sqlite_target, old, new
):
    text = gzip.decompress(file.read_bytes())
    assert text.count(old) == 1
    file.write_bytes(gzip.compress(text.replace(old, new), 4, mtime=0))
    with app.app_context(), pytest.raises(InvalidFile):
        backups.restore(file, sqlite_target, nothing)


def test_a_target_that_holds_anything_is_left_alone(app, file, sqlite_target):
    with sqlite_target.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER)")
    with app.app_context():
        with pytest.raises(Conflict, match="not empty"):
            backups.restore(file, sqlite_target, nothing)
        with sqlite_target.begin() as connection:
            assert sa.inspect(connection).get_table_names() == ["other"]
            connection.exec_driver_sql("DROP TABLE other")
        backups.restore(file, sqlite_target, nothing)
        with pytest.raises(Conflict, match="not empty"):
            backups.restore(file, sqlite_target, nothing)
        with pytest.raises(Conflict, match="not empty"):
            backups.copy(db.engine, sqlite_target, nothing)


def test_what_broke_off_is_not_used_and_begins_anew(app, file, sqlite_target):
    def full(_table, _rows):
        raise OSError("full")

    with app.app_context(), small_batches():
        with pytest.raises(OSError, match="full"):
            backups.restore(file, sqlite_target, full)
        assert schema.state(sqlite_target) is schema.State.INCOMPLETE
        with pytest.raises(Exception, match="has not finished"):
            schema.check(sqlite_target)
        backups.restore(file, sqlite_target, nothing)
        assert schema.state(sqlite_target) is schema.State.CURRENT
