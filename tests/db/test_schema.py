"""The schema: one by migrations and by ``create_all``, on every engine."""

import itertools
import logging
import re
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from hostadmin import create_app, history, saved_views
from hostadmin.config import Settings, render_uri
from hostadmin.db import schema
from hostadmin.db.schema import MIGRATIONS, State
from hostadmin.db.session import Base, db
from hostadmin.errors import ConfigError
from hostadmin.inventory import groups, host_sets, hosts, inventory_vars, list_hosts
from hostadmin.models import (
    Account,
    AccountAddress,
    AccountSession,
    ApiToken,
    Host,
    LoginAttempt,
    SetupLink,
)
from hostadmin.query.fields import SORTABLE
from hostadmin.query.url_filters import parse_filters
from hostadmin.stats import counts
from hostadmin.validation.accounts import Role

HEAD = "first"
NEXT = """
from hostadmin.migrations.tables import index, op

revision, down_revision = "next", "first"

def upgrade():
    index("hosts", "version")

def downgrade():
    op.drop_index("ix_hosts_version", "hosts")
"""
ACCOUNT = {"username": "ann", "password_hash": "a" * 97, "role": Role.ADMIN}
_numbers = itertools.count(1)


@pytest.fixture
def new_database(database, tmp_path):
    """Make an empty database beside the others; all are dropped in the end."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/{next(_numbers)}.sqlite"
        return
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    made = []

    def make():
        made.append(f"schema_{next(_numbers)}")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {made[-1]}")
        return render_uri(url.set(database=made[-1]))

    yield make
    with server.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
    server.dispose()


@pytest.fixture
def new_app(new_database):
    """Make an app on an empty database; nothing of it stays open."""
    apps = []

    def make():
        app = create_app(
            Settings(_env_file=None, database_uri=new_database(), secret_key="x" * 40)
        )
        apps.append(app)
        return app

    yield make
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(autouse=True)
def quiet_alembic(caplog):
    """Alembic tells each step at INFO."""
    caplog.set_level(logging.WARNING, "alembic")


def migrated(app):
    with app.app_context():
        upgrade(directory=str(schema.MIGRATIONS))
    return app


def lowered(app, to):
    with app.app_context():
        downgrade(directory=str(schema.MIGRATIONS), revision=to)


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Be a version of the program that has one more revision."""

    def begin():
        directory = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, directory)
        (directory / "versions" / "0002_next.py").write_text(NEXT)
        monkeypatch.setattr(schema, "MIGRATIONS", directory)

    return begin


def revision_of(app):
    with app.app_context(), db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


# ---- one schema


def reflected(app):
    """Return all that the database says about our tables."""
    with app.app_context(), db.engine.connect() as connection:
        inspector = sa.inspect(connection)
        sql, triggers = {}, {}
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")
            sql = {name: "AUTOINCREMENT" in (text or "") for name, text in rows}
            triggers = triggers_of(connection)
        return {
            table: {
                "columns": {
                    column["name"]: {**column, "type": repr(column["type"])}
                    for column in inspector.get_columns(table)
                },
                "primary key": inspector.get_pk_constraint(table),
                "foreign keys": by_name(inspector.get_foreign_keys(table)),
                "unique": by_name(inspector.get_unique_constraints(table)),
                "indexes": by_name(inspector.get_indexes(table)),
                "triggers": triggers.get(table),
                "checks": by_name(inspector.get_check_constraints(table)),
                "options": inspector.get_table_options(table),
                "autoincrement": sql.get(table),
            }
            for table in inspector.get_table_names()
            if table != "alembic_version" and "_trigrams" not in table
        }


def triggers_of(connection):
    """Return the SQL of what keeps the index over letters of names, by table."""
    rows = connection.exec_driver_sql(
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE name LIKE '%trigrams%'"
    )
    found = {}
    for table, name, text in rows:
        found.setdefault(table, {})[name] = text
    for virtual in [table for table in found if table.endswith("_trigrams")]:
        found[virtual.removesuffix("_trigrams")]["index"] = found[virtual]
    return found


def by_name(items):
    return {item["name"]: item for item in items}


def test_create_all_and_migrations_give_the_same_schema(new_app):
    by_migrations, by_models = migrated(new_app()), new_app()
    with by_models.app_context():
        Base.metadata.create_all(db.engine)

    found = reflected(by_migrations)

    assert found.keys() == set(Base.metadata.tables)
    for table, wanted in reflected(by_models).items():
        assert found[table] == wanted, table


def test_every_constraint_has_its_name(new_app):
    for table, found in reflected(migrated(new_app())).items():
        names = [
            *found["foreign keys"],
            *found["unique"],
            *found["indexes"],
            *found["checks"],
        ]
        for name in names:
            assert re.match(rf"(fk|uq|ix|ck)_{table}_", name), name


def test_text_that_is_sorted_compares_by_code_point(new_app):
    app = migrated(new_app())
    values = ["b", "a", "B", "ä", "_", "1", "~", "😀", "a b", "a-b", "ab"]
    with app.app_context():
        with history.writing("ann"):
            for number, value in enumerate(values):
                hosts.add_host({"hostname": f"h{number}", "owner": value})

        found = db.session.scalars(sa.select(Host.owner).order_by(Host.owner)).all()

        # The vocabulary knows one spelling of b.
        assert found == sorted("b" if value == "B" else value for value in values)


def test_autogenerate_finds_no_difference(new_app):
    app = migrated(new_app())
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, *_: (
                    name != "alembic_version" and "_trigrams" not in (name or "")
                ),
                # One index is for SQLite alone.
                "include_object": lambda item, name, *_: (
                    name != "ix_hosts_counted" or db.engine.dialect.name == "sqlite"
                ),
            },
        )

        assert compare_metadata(context, Base.metadata) == []


def test_revisions_are_one_line():
    assert schema._script().get_heads() == [HEAD]


def test_the_sql_can_be_had_without_running_it(new_app, capsys):
    app = new_app()
    with app.app_context():
        upgrade(directory=str(MIGRATIONS), sql=True)

    sql = capsys.readouterr().out
    for table in Base.metadata.tables:
        assert f"CREATE TABLE {table} (" in sql
    assert revision_of(app) is None


# ---- which schema is there, and what is done about it


def test_an_empty_database_gets_the_schema(new_app):
    app = new_app()
    with app.app_context():
        assert schema.state(db.engine) is State.EMPTY
        with pytest.raises(ConfigError, match="run: flask db upgrade"):
            schema.check(db.engine)

    assert schema.prepare(app) == []
    assert revision_of(app) == HEAD
    assert schema.prepare(app) == []
    with app.app_context():
        assert schema.state(db.engine) is State.CURRENT
        schema.check(db.engine)


def test_tables_that_create_all_made_are_good_to_work_with(new_app):
    app = new_app()
    with app.app_context():
        Base.metadata.create_all(db.engine)

        assert schema.state(db.engine) is State.CURRENT
    assert schema.prepare(app) == []
    assert revision_of(app) is None


def test_foreign_tables_are_no_obstacle_but_ours_without_a_revision_are(new_app):
    app = new_app()
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    with app.app_context():
        assert schema.state(db.engine) is State.EMPTY
        with db.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE hosts (id INTEGER)")
        assert schema.state(db.engine) is State.UNMANAGED

    with pytest.raises(ConfigError, match="use another database"):
        schema.prepare(app)


def test_a_newer_schema_is_left_alone(new_app):
    app = migrated(new_app())
    fill(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = content(app)

    with pytest.raises(ConfigError, match="newer than this version"):
        schema.prepare(app)

    assert content(app) == before
    assert revision_of(app) == "9999"


def test_an_older_schema_is_upgraded_only_where_a_copy_can_be_made(
    new_app, next_version, tmp_path
):
    app = migrated(new_app())
    fill(app)
    before = content(app)
    next_version()
    with app.app_context():
        assert schema.state(db.engine) is State.OLDER
        is_file = db.engine.dialect.name == "sqlite"

    if not is_file:
        with pytest.raises(ConfigError, match="back up the database, then run: flask"):
            schema.prepare(app)
        assert revision_of(app) == HEAD
        return

    file = Path(make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database)
    file.chmod(0o600)

    (line,) = schema.prepare(app)

    copy = re.fullmatch(r"The database was copied to (.+) and upgraded\.", line)[1]
    assert copy.startswith(f"{tmp_path}/")
    assert revision_of(app) == "next"
    assert content(app) == before
    copied = sa.create_engine(f"sqlite:///{copy}")
    with copied.connect() as connection:
        assert content_of(connection) == before
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    copied.dispose()
    assert Path(copy).stat().st_mode == file.stat().st_mode


def test_too_little_room_for_a_copy_is_told_before_anything_changes(
    new_app, next_version, monkeypatch
):
    app = migrated(new_app())
    next_version()
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
    monkeypatch.setattr(
        schema.shutil, "disk_usage", lambda _: type("", (), {"free": 1})
    )

    with pytest.raises(ConfigError, match="Too little room in"):
        schema.prepare(app)
    assert revision_of(app) == HEAD


# ---- databases of the time before the first release


@pytest.fixture(params=["0001", "0011"])
def development(new_app, request):
    """Return an app on a database of an earlier development version."""
    app = migrated(new_app())
    with app.app_context(), history.writing("ann"):
        hosts.add_host({"hostname": "web1"})
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :old"),
            {"old": request.param},
        )
    before = (revision_of(app), content(app))
    yield app
    assert (revision_of(app), content(app)) == before


WAY_OUT = (
    "an earlier development version and cannot be upgraded. With that version, run: "
    "flask hosts export --format json > hosts.json; with this version and a new "
    "database, run: flask db upgrade, then: flask hosts import hosts.json"
)


def test_a_development_version_is_not_prepared_nor_copied(development, tmp_path):
    files = set(tmp_path.iterdir())
    with pytest.raises(ConfigError, match=re.escape(WAY_OUT)):
        schema.prepare(development)

    assert set(tmp_path.iterdir()) == files


COMMANDS = ["upgrade", "downgrade", "current", "stamp", "stamp --purge", "check"]


def test_no_migration_touches_a_development_version(development, caplog):
    for command in COMMANDS:
        caplog.clear()
        result = development.test_cli_runner().invoke(args=["db", *command.split()])

        assert result.exit_code == 1, command
        assert caplog.messages == [f"Error: The database was made by {WAY_OUT}"]


def test_check_and_readyz_tell_of_a_development_version(development):
    result = development.test_cli_runner().invoke(args=["check"])
    ready = development.test_client().get("/readyz")

    assert result.exit_code == 1
    assert result.output == f"H061 The database was made by {WAY_OUT}\n"
    assert ready.status_code == 503
    assert "export the hosts with that version" in ready.json["status"]


# ---- down and up with a full database


def fill(app):
    """Put rows into every table."""
    with app.app_context():
        with history.writing("ann", "web", "why"):
            groups.add_group({"name": "web", "vars": {"x": [1, 1.0, True]}})
            groups.add_group({"name": "eu", "children": ["web"], "description": "d"})
            inventory_vars.change_inventory({"vars": {"x": [1, 1.0, True]}})
            for number in range(30):
                hosts.add_host(
                    {
                        "hostname": f"host{number}.example",
                        "aliases": [f"a{number}", f"ä{number}"],
                        "ip_addr": f"10.0.0.{number}",
                        "addresses": [f"2001:db8::{number}"],
                        "port": None if number % 2 else 22,
                        "environment": "prod",
                        "owner": f"Owner 😀 {number % 3}",
                        "groups": ["web", "eu"],
                        "vars": {"n": number, "big": 1e22, "t": "two\nlines"},
                        "notes": "é" * 1000,
                    }
                )
            view = saved_views.View(
                "Ä", "hosts", "env:prod", [("sort", "-ip")], shared=True
            )
            viewer = saved_views.Viewer(7)
            kept = saved_views.add_view(db.session(), viewer, view)
            saved_views.set_default(db.session(), viewer, kept.id)
            host_sets.keep_set(db.session(), range(1, 20))
        with history.writing("bob", "import"):
            hosts.delete_host(hosts.find_host("host3.example").id)
        with history.writing("ann"):
            db.session.add(account := Account(**ACCOUNT))
            db.session.flush()
            db.session.add_all(
                [
                    AccountSession(key_hash="b" * 64, account_id=account.id),
                    ApiToken(name="t", key_hash="c" * 64, role=Role.VIEWER),
                    LoginAttempt(name_hash="d" * 64, address="::1"),
                    AccountAddress(account_id=account.id, address="::1"),
                    SetupLink(id=1, key_hash="e" * 64),
                ]
            )
        db.session.remove()
    assert all(rows for rows in content(app).values()), "a table was left empty"


def content_of(connection):
    """Return what is set in every row of every table of ours that is there."""
    found = {}
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name in there:
            known = {column["name"] for column in inspector.get_columns(table.name)}
            columns = [column for column in table.columns if column.name in known]
            rows = connection.execute(sa.select(*columns).order_by(*table.primary_key))
            found[table.name] = [
                repr({k: v for k, v in row._mapping.items() if v is not None})
                for row in rows
            ]
    return found


def content(app):
    with app.app_context(), db.engine.connect() as connection:
        return content_of(connection)


def test_a_step_down_and_up_keeps_every_row(new_app, next_version):
    next_version()
    app = migrated(new_app())
    fill(app)
    before = content(app)

    lowered(app, "-1")
    assert revision_of(app) == HEAD
    assert content(app) == before

    migrated(app)
    assert revision_of(app) == "next"
    assert content(app) == before


def test_down_to_nothing_and_up_leaves_the_schema_as_it_was(new_app):
    app = migrated(new_app())
    before = reflected(app)

    lowered(app, "base")
    assert reflected(app) == {}
    migrated(app)
    assert reflected(app) == before


@pytest.mark.parametrize("to", ["base", "-1", "-2"])
def test_a_downgrade_to_nothing_is_refused_while_there_are_rows(
    new_app, next_version, caplog, to
):
    if to != "-1":
        next_version()
    app = migrated(new_app())
    fill(app)
    before = content(app)

    # Flask-Migrate turns the error into a log line and an exit code.
    with pytest.raises(SystemExit, match="1"):
        lowered(app, to)

    assert "a downgrade to nothing would lose them" in caplog.text
    assert content(app) == before
    with app.app_context():
        assert schema.state(db.engine) in (State.CURRENT, State.OLDER)


def test_upgrading_twice_changes_nothing(new_app):
    app = migrated(new_app())
    fill(app)
    before = content(app)

    migrated(app)

    assert content(app) == before


# ---- engines that are not run here

ELSEWHERE = {"oracle": "oracle+oracledb://", "mysql": "mysql+pymysql://"}
# What a name may be long: MySQL 64, Oracle 128, PostgreSQL 63 bytes.
LONGEST_NAME = 63
# InnoDB: 3,072 bytes an index, and four bytes a character of utf8mb4.
LONGEST_KEY = 3072


@pytest.fixture(params=list(ELSEWHERE))
def dialect(request):
    return sa.create_mock_engine(ELSEWHERE[request.param], lambda *_: None).dialect


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_the_tables_can_be_made_elsewhere(dialect, table):
    sql = str(CreateTable(table).compile(dialect=dialect))

    assert sql.strip().startswith(f"CREATE TABLE {table.name} (")
    for index in table.indexes:
        assert str(CreateIndex(index).compile(dialect=dialect))
    if dialect.name == "mysql":
        assert "ENGINE=InnoDB" in sql
        assert "COLLATE utf8mb4_bin" in sql


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_names_and_keys_are_short_enough_for_every_engine(table):
    named = [*table.constraints, *table.indexes, *table.columns, table]
    for item in named:
        assert len(item.name) <= LONGEST_NAME
    everywhere = [index for index in table.indexes if index._ddl_if is None]
    for item in (*table.constraints, *everywhere):
        lengths = [4 * getattr(column.type, "length", None) for column in item.columns
                   if getattr(column.type, "length", None)]  # fmt: skip
        assert sum(lengths) <= LONGEST_KEY, item.name


FILTERS = [
    ("flt_hostname_contains", "100%_a\\b"),
    ("flt_hostname_starts_with", "web"),
    ("flt_alias_equals", "www"),
    ("flt_ip_in_network", "10.0.0.0/8"),
    ("flt_ip_between", "10.0.0.1 to 10.0.0.9"),
    ("flt_status_not_equal", "offline"),
    ("flt_env_in_list", "prod,dev"),
    ("flt_env_not_in_list", "prod,dev"),
    ("flt_owner_empty", "1"),
    ("flt_port_greater_than", "1024"),
    ("flt_group_equals", "web"),
    ("flt_group_not_equal", "web"),
    ("flt_updated_greater_than", "-7d"),
    ("flt_var.rack_equals", "7"),
    ("flt_notes_contains", "Bob"),
]


@pytest.fixture
def sent(session):
    """Collect the statements that are sent, as objects; only SQLite is asked."""
    found = []

    def note(_connection, statement, *_):
        found.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_execute", note)
    yield found
    event.remove(engine, "before_execute", note)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_lists_and_counts_compile_elsewhere(
    session, sent, dialect, make_host, make_group
):
    make_group(name="web")
    make_group(name="eu", children=["web"])
    for number in range(3):
        make_host(groups=["web"], ip_addr=f"10.0.0.{number}", vars={"rack": "7"})
    session.rollback()
    sent.clear()

    for name in SORTABLE:
        for sort in (name, f"-{name}"):
            first = list_hosts.list_hosts(session(), sort=sort, size=1)
            second = list_hosts.list_hosts(
                session(), sort=sort, size=1, cursor=first.next_cursor
            )
            list_hosts.list_hosts(
                session(), sort=sort, size=1, cursor=second.previous_cursor
            )
    for item in FILTERS:
        node = parse_filters([item])
        list_hosts.list_hosts(session(), node)
        counts.count_by_many(session(), node, ["env"])
    for by in (*counts.groupable_names(), "network/24", "created:month", "var.rack"):
        if "<" not in by:
            counts.count_by_many(session(), by=[by])
    counts.count_by_many(session(), by=("env", "group"))
    list(list_hosts.iter_hosts(session()))

    assert len(sent) > 100
    for statement in sent:
        if isinstance(statement, sa.sql.expression.ClauseElement):
            assert str(statement.compile(dialect=dialect))
