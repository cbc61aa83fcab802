"""Several hosts in the URI of MariaDB, as the nodes of a Galera cluster.

They are written as for PostgreSQL: ``mariadb://user@/name?host=a:3306&host=b:3306``.
"""

from typing import Any

from . import waits

PORT = 3306
# What a node says that does not take part in its cluster.
NOT_READY = 1047
# What one node saved, another has a moment later. A transaction waits for that before
# it reads (1), changes (2), inserts (4) or looks at tables (8).
_WAIT_FOR_OTHERS = 15
# A large transaction goes to the other nodes piece by piece; as a whole it would keep
# them from others' changes while they apply it, and at 2 GiB it would be refused.
_FRAGMENT_BYTES = 16 * 1024 * 1024
_NODE_SETTINGS = (
    f"SET SESSION wsrep_sync_wait = {_WAIT_FOR_OTHERS}, "
    "SESSION wsrep_trx_fragment_unit = 'bytes', "
    f"SESSION wsrep_trx_fragment_size = {_FRAGMENT_BYTES}"
)


class Hosts:
    """Connects to the first host that serves; PyMySQL itself takes only one.

    One that takes no changes serves only where no other one does.

    It stays with the one that served last, so that all connections of a process write
    through the same node, and see what they wrote.
    """

    def __init__(self) -> None:
        self._last = ""

    def __call__(
        self, dialect: Any, _record: object, args: Any, parameters: dict[str, Any]
    ) -> Any:
        places = sorted(_places(parameters), key=lambda place: place != self._last)
        # A page waits no longer for three that are gone than for one.
        seconds = waits.left(waits.CONNECT_SECONDS) / len(places)
        bounds = dict.fromkeys(("connect_timeout", "read_timeout"), seconds)
        error: Exception | None = None
        readable: Any = None
        for place in places:
            host, port = split_place(place)
            one = {**parameters, **bounds, "host": host, "port": port}
            try:
                with waits.counting_silence():
                    connection = dialect.connect(*args, **one)
            except dialect.loaded_dbapi.OperationalError as failed:
                error = error or failed
                continue
            is_ready = set_up_node(connection)
            if is_ready and (len(places) == 1 or _takes_changes(connection)):
                self._last = place
                _close(readable)
                return connection
            if is_ready and readable is None:
                # Better than none; another may take changes.
                readable = connection
            else:
                connection.close()
        if readable is not None:
            return readable
        raise error or dialect.loaded_dbapi.OperationalError(
            NOT_READY, "no node is ready for use"
        )


def _places(parameters: dict[str, Any]) -> list[str]:
    given = parameters.get("host") or "localhost"
    if not isinstance(given, str):
        return list(given)
    return [f"[{given}]:{parameters['port']}" if "port" in parameters else given]


def _close(connection: Any) -> None:
    if connection is not None:
        connection.close()


def split_place(place: str) -> tuple[str, int]:
    """Return host and port of ``host:port``, ``host`` or ``[v6]:port``."""
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]") or (":" in host and "[" not in host):
        host, port = place, ""
    return host.strip("[]"), int(port or PORT)


def set_up_node(connection: Any) -> bool:
    """Return whether a server takes part in its cluster, if it is in one.

    What was saved through one node is then seen through another at once.
    """
    if _value(connection, "SHOW VARIABLES LIKE 'wsrep_on'") != "ON":
        return True
    if _value(connection, "SHOW STATUS LIKE 'wsrep_ready'") != "ON":
        return False
    with connection.cursor() as cursor:
        cursor.execute(_NODE_SETTINGS)
    return True


def _takes_changes(connection: Any) -> bool:
    return _value(connection, "SHOW VARIABLES LIKE 'read_only'") == "OFF"


def _value(connection: Any, statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[1] if row else ""
