"""Databases by migrations: made, filled, and what is in them."""

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from flask_migrate import downgrade, upgrade

from hostadmin import history, saved_views
from hostadmin.db import schema
from hostadmin.db.session import Base, db
from hostadmin.history.undone import note_undo
from hostadmin.inventory import groups, host_sets, hosts, inventory_vars
from hostadmin.models import (
    Account,
    AccountAddress,
    AccountSession,
    ApiToken,
    FileImport,
    ImportMapping,
    Job,
    KeptAnswer,
    LoginAttempt,
    SetupLink,
    file_import_pieces,
)
from hostadmin.validation.accounts import Role

HEAD = "first_release"
ACCOUNT = {"username": "ann", "password_hash": "a" * 97, "role": Role.ADMIN}


def migrated(app):
    with app.app_context():
        upgrade(directory=str(schema.MIGRATIONS))
    return app


def lowered(app, to):
    with app.app_context():
        downgrade(directory=str(schema.MIGRATIONS), revision=to)


def revision_of(app):
    with app.app_context(), db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


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
            gone = history.current_change_set_id(db.session())
        with history.writing("bob"):
            note_undo(db.session(), gone)
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
                    Job(kind="prepare", subject_id=1, state="done"),
                    ImportMapping(headings="f", columns={}, meanings={}, actor="ann"),
                    FileImport(owner="account 1", actor="ann", name="a", step="plan"),
                ]
            )
            db.session.flush()
            token_id = db.session.scalar(sa.select(ApiToken.id))
            answer = {"request_key": "k", "request_hash": "f" * 64, "body": "{}"}
            db.session.add(KeptAnswer(token_id=token_id, status=201, **answer))
            piece = {"import_id": 1, "kind": "file", "number": 0, "content": b"\xff"}
            db.session.execute(sa.insert(file_import_pieces), piece)
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
