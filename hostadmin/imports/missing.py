"""Hosts that a file no longer lists, and what becomes of them."""

from collections.abc import Iterator

from sqlalchemy import orm

from ..errors import InvalidFile
from ..formatting import counted
from ..history import CHANGED, DELETED
from ..inventory.edits import Change, Edit
from ..inventory.write_edits import write_edits
from ..models import Host
from ..query import ast
from ..query.ast import Node
from ..query.sql.compiler import select_ids
from ..validation.values import HostStatus
from .staged_table import BATCH
from .staging import Missing, Staging

REPORT, RETIRE, DELETE = "report", "retire", "delete"
ACTIONS = (REPORT, RETIRE, DELETE)


def list_missing(
    session: orm.Session, staging: Staging, action: str, node: Node = ast.EVERYTHING
) -> None:
    """Stage the hosts of a query that the file does not list.

    A bad row lists its host, too. Retired hosts are not retired again. Raises
    ``QueryError``, and ``InvalidFile`` where nobody can know what is missing.
    """
    if action != REPORT:
        _check(staging)
    bad = set(staging.bad_keys("host"))
    last = 0
    while True:
        rows = session.execute(
            select_ids(session, node)
            .add_columns(Host.version, Host.hostname, Host.hostname_key, Host.status)
            .where(Host.id > last)
            .order_by(Host.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        held = staging.hosts.held([row.hostname_key for row in rows])
        staging.add_missing(
            (row.id, row.version, row.hostname, row.hostname_key, row.status.value)
            for row in rows
            if row.hostname_key not in held
            and row.hostname_key not in bad
            and not (action == RETIRE and row.status is HostStatus.RETIRED)
        )


def _check(staging: Staging) -> None:
    if staging.observed is not None and not staging.observed.is_complete:
        raise InvalidFile(
            "The file is incomplete, so hosts that it does not list do not count as "
            "missing. Report missing hosts instead of changing them."
        )
    if nameless := staging.count_nameless_errors():
        verb = "has" if nameless == 1 else "have"
        raise InvalidFile(
            f"{counted(nameless, 'row')} with errors {verb} no name, so it is not "
            "known which hosts are missing. Correct the file before you retire or "
            "delete any."
        )


def write_missing(session: orm.Session, staging: Staging, action: str) -> None:
    """Retire or delete what was staged, in the transaction that is open.

    Raises ``Conflict`` where one changed since.
    """
    if action != REPORT:
        write_edits(session, _edits(staging, action))


def _edits(staging: Staging, action: str) -> Iterator[Edit]:
    last = 0
    while page := staging.missing_page("", last, BATCH):
        last = page[-1].id
        for host in page:
            yield _edit(host, action)


def _edit(host: Missing, action: str) -> Edit:
    if action == DELETE:
        return Edit("host", host.id, host.version, host.name, action=DELETED)
    change = Change(host.status, HostStatus.RETIRED.value)
    return Edit(
        "host", host.id, host.version, host.name, {"status": change}, action=CHANGED
    )
