"""Several servers that are one database: Galera, and PostgreSQL with a standby.

On loopback, like the single ones, and thrown away afterwards.
"""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pymysql
import sqlalchemy as sa
from sqlalchemy import event

from .servers import (
    START_SECONDS,
    MariaDB,
    PostgreSQL,
    Unavailable,
    free_port,
    mariadb_programs,
    postgresql_programs,
)

PROVIDERS = (
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
    "/usr/lib/galera-4/libgalera_smm.so",
)
# A node that says nothing is given up after a third of the time that is usual.
PATIENCE = {
    "evs.keepalive_period": "PT0.5S",
    "evs.suspect_timeout": "PT2S",
    "evs.inactive_timeout": "PT4S",
    "evs.inactive_check_period": "PT0.5S",
}


def wait_for(what: Callable[[], object], seconds: float = START_SECONDS) -> None:
    """Wait until something holds; fail where it does not in time."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "This did not come true in time."
        time.sleep(0.05)


class Node(MariaDB):
    """One node of a Galera cluster, which starts with the data of another."""

    def __init__(self, provider: str, members: list[int], number: int) -> None:
        self.provider = provider
        self.members = members
        self.number = number
        # Of whom the data come; the first one makes them.
        self.seed: Path | None = None
        self.is_first = number == 0

    def build(self, seed: "Node | None") -> None:
        self.seed = seed and seed.data
        super().__init__(*mariadb_programs(), durable=True, start=False)
        self.port = free_port()

    def status(self, name: str) -> str:
        """Return a number or word of the node about itself; empty without an answer."""
        try:
            with (
                pymysql.connect(
                    host="127.0.0.1", port=self.port, user="root", connect_timeout=2
                ) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute("SHOW STATUS LIKE %s", (f"wsrep_{name}",))
                row = cursor.fetchone()
        except pymysql.err.OperationalError:
            return ""
        return str(row[1]) if row else ""

    def start(self) -> None:
        self._start()
        # A second start joins those that are there.
        self.is_first = False

    def _answers(self) -> bool:
        return self.status("local_state_comment") == "Synced"

    def _initialise_command(self) -> list[str]:
        if self.seed is None:
            return super()._initialise_command()
        return ["cp", "--archive", str(self.seed), str(self.data)]

    def _server_command(self) -> list[str]:
        # The ports beside it are looked at by nobody until a node needs them.
        port = self.members[self.number]
        own, transfer, copy = (f"127.0.0.1:{port + step}" for step in range(3))
        options = {
            "gmcast.listen_addr": f"tcp://{own}",
            "ist.recv_addr": transfer,
            "gcache.size": "32M",
            **PATIENCE,
        }
        all_of_them = ",".join(f"127.0.0.1:{member}" for member in self.members)
        command = [
            *super()._server_command(),
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            # A commit is as safe as the other nodes, as in most clusters.
            "--innodb-flush-log-at-trx-commit=2",
            "--wsrep-on=ON",
            f"--wsrep-provider={self.provider}",
            "--wsrep-cluster-name=tests",
            f"--wsrep-node-name=node{self.number}",
            f"--wsrep-node-address={own}",
            f"--wsrep-cluster-address=gcomm://{all_of_them}",
            "--wsrep-provider-options="
            + ";".join(f"{name}={value}" for name, value in options.items()),
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address={copy}",
        ]
        return [*command, "--wsrep-new-cluster"] if self.is_first else command


class Galera:
    """Three nodes of MariaDB, each of which takes every change."""

    engine = "mariadb"

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    def uri(self, database: str) -> str:
        """Return the URI that names all nodes."""
        hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in self.nodes)
        return f"mariadb+pymysql://root@/{database}?charset=utf8mb4&{hosts}"

    def uris(self, database: str) -> list[str]:
        """Return the URI of each node by itself."""
        return [node.uri(database) for node in self.nodes]

    def create_database(self, name: str) -> None:
        self.nodes[0].create_database(name)

    def drop_database(self, name: str) -> None:
        self.nodes[0].drop_database(name)

    def wait_until_whole(self) -> None:
        """Wait until each node has all that the others have, and they it.

        One that was frozen says at first that it is in step, as it knows no better; the
        others, which went on without it, do not.
        """
        wait_for(
            lambda: all(
                node.status("local_state_comment") == "Synced"
                and node.status("cluster_size") == str(len(self.nodes))
                for node in self.nodes
            )
        )

    def stop(self) -> None:
        for node in reversed(self.nodes):
            node.kill9()


def galera(size: int = 3) -> Galera:
    """Start a cluster; once more, where somebody else took one of its many ports."""
    try:
        return _galera(size)
    except RuntimeError:
        return _galera(size)


def _galera(size: int) -> Galera:
    # All nodes begin with the same data, so that none is copied.
    provider = next((path for path in PROVIDERS if Path(path).exists()), None)
    if provider is None:
        raise Unavailable("Galera is not installed: apt install galera-4")
    members = [free_port() for _ in range(size)]
    nodes = [Node(provider, members, number) for number in range(size)]
    first = nodes[0]
    first.build(None)
    # Until it has been one by itself, a node has no place in a history to join at.
    first.start()
    first.stop()
    for node in nodes[1:]:
        node.build(first)
    first.is_first = True
    first.start()
    for node in nodes[1:]:
        node.begin()
    for node in nodes[1:]:
        try:
            node.wait()
        except RuntimeError:
            # Two that join at once on a busy machine may each shut the other out.
            node.begin()
            node.wait()
    return Galera(nodes)


def spread(engine: sa.Engine, cluster: Galera) -> None:
    """Let each new connection of an engine lead to another node."""
    ports = itertools.cycle([node.port for node in cluster.nodes])
    # It is emptied by turns, so that each use may be of another node.
    engine.pool.dispose()

    def choose(_dialect: object, _record: object, _args: object, parameters: object):
        parameters.update(host="127.0.0.1", port=next(ports))

    event.listen(engine, "do_connect", choose, insert=True)


class Standby(PostgreSQL):
    """A copy of a primary, which it follows until it is promoted."""

    def __init__(self, programs: Path, primary: PostgreSQL) -> None:
        self.primary = primary
        super().__init__(programs, durable=True)

    def promote(self) -> None:
        self._run([f"{self.programs}/pg_ctl", "promote", "-w", "-D", str(self.data)])

    def _initialise_command(self) -> list[str]:
        return [
            f"{self.programs}/pg_basebackup",
            f"--dbname=host=127.0.0.1 port={self.primary.port} user=tests",
            f"--pgdata={self.data}",
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ]


class Pair:
    """A PostgreSQL and its standby, without which nothing is acknowledged."""

    engine = "postgresql"

    def __init__(self, primary: PostgreSQL, standby: Standby) -> None:
        self.primary = primary
        self.standby = standby

    def uri(self, database: str) -> str:
        """Return the URI that names both, and wants the one that takes changes."""
        hosts = "&".join(
            f"host=127.0.0.1:{server.port}" for server in (self.primary, self.standby)
        )
        return (
            f"postgresql+psycopg://tests@/{database}?{hosts}"
            "&target_session_attrs=read-write"
        )

    def stop(self) -> None:
        for server in (self.standby, self.primary):
            server.kill9()


def pair() -> Pair:
    """Start both, and let the primary wait for the standby at each commit."""
    programs = postgresql_programs()
    primary = PostgreSQL(programs, durable=True)
    standby = Standby(programs, primary)
    primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.execute("SELECT pg_reload_conf()")
    return Pair(primary, standby)
