"""The schema: one by migrations and by ``create_all``, on every engine."""

import re

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import upgrade

from hostadmin import history
from hostadmin.db import schema
from hostadmin.db.schema import MIGRATIONS
from hostadmin.db.session import Base, db
from hostadmin.inventory import hosts
from hostadmin.models import Host

from ..helpers.schemas import HEAD, migrated, reflected, revision_of


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


def test_revisions_are_one_line_and_known_without_alembic():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)

    assert script.get_heads() == [HEAD] == [schema.newest_revision()]
    walked = [item.revision for item in script.walk_revisions()]
    assert tuple(reversed(walked)) == schema.REVISIONS


def test_the_sql_can_be_had_without_running_it(new_app, capsys):
    app = new_app()
    with app.app_context():
        upgrade(directory=str(MIGRATIONS), sql=True)

    sql = capsys.readouterr().out
    for table in Base.metadata.tables:
        assert f"CREATE TABLE {table} (" in sql
    assert revision_of(app) is None
