"""How SQLite is used: nothing that was saved is lost with the power."""

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db.session import db


def test_each_connection_waits_for_the_disk_and_checks_references(tmp_path):
    uri = f"sqlite:///{tmp_path}/hosts.sqlite"
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key="x" * 40))

    with app.app_context(), db.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        db.engine.dispose()

    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1}
