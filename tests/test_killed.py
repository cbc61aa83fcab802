"""Killed while it saves: all that was acknowledged is there, and nothing half."""

import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from hostadmin.inventory import hosts
from hostadmin.models import ChangeEntry, Host

ACKNOWLEDGED = 30
# Writes host after host, and tells each as soon as it is saved.
WRITER = """
import sys
from hostadmin import create_app, history
from hostadmin.config import Settings
from hostadmin.history import Act
from hostadmin.inventory import hosts
app = create_app(
    Settings(_env_file=None, database_uri=sys.argv[1], secret_key="x" * 40)
)
with app.app_context():
    for n in range(100_000):
        given = {"hostname": f"h{n}", "aliases": [f"a{n}"], "vars": {"n": n}}
        history.write(Act("ann", "web"), lambda: hosts.add_host(given))
        print(n, flush=True)
"""


@pytest.mark.parametrize("_time", range(3))
def test_all_that_was_acknowledged_is_there_and_nothing_half(
    app, database, session, _time
):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, database], stdout=subprocess.PIPE, text=True
    )
    with writer:
        told = [int(writer.stdout.readline()) for _ in range(ACKNOWLEDGED)]
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout if line.endswith("\n")]

    names = set(session.scalars(sa.select(Host.hostname)))
    # The last one may have been saved without having been told.
    assert {f"h{n}" for n in told} <= names <= {f"h{n}" for n in range(len(told) + 1)}
    recorded = session.scalars(sa.select(ChangeEntry)).all()
    assert sorted(entry.subject_name for entry in recorded) == sorted(names)
    for name in names:
        assert [str(alias) for alias in hosts.find_host(name).aliases] == [
            f"a{name[1:]}"
        ]
