"""Hosts: lists of them, and one at a time."""

import hashlib

from flask import Response, url_for

from .. import models
from ..db.session import db
from ..errors import Conflict, NotFound, QueryError
from ..etags import inventory_tag, not_modified
from ..exports.exporter import FORMATS
from ..exports.layout import LayoutOptions, read_layout
from ..formats.json_own import chosen
from ..formats.rows import EVERY_VARIABLE, Column
from ..history import write
from ..inventory.edits import CONFIRMED, Edit
from ..inventory.flush import check_version
from ..inventory.hosts import (
    add_host,
    change_host,
    delete_host,
    find_hosts,
    get_host,
)
from ..inventory.list_hosts import list_host_ids
from ..inventory.write_edits import write_edits
from ..query.ast import Node
from ..query.parser import parse
from ..query.to_text import to_text
from ..validation.numbers import MAX_ID
from ..validation.values import quoted
from .blueprint import NO_OPTIONS, answer, bp, next_address, tagged
from .callers import api_act, api_viewer
from .documented import documented
from .merge_patch import given, with_vars
from .preconditions import seen_version, stale_refused, version_tag
from .records import host_records
from .repeats import write_once
from .shapes import (
    Host,
    HostChange,
    HostPage,
    HostQuery,
    MaybeSeen,
    NewHost,
    Repeatable,
    Seen,
    Why,
)

TAG = "Hosts"
ID = f"/hosts/<int(min=1,max={MAX_ID}):host_id>"
# So many names are shown where several hosts answer to one.
NAMED = 5
_ALL_VARS = Column("vars", "", ("vars",))


@bp.get("/hosts")
@documented(HostPage, tag=TAG)
def list_hosts(query: HostQuery) -> Response:
    """List hosts

    The same hosts in the same order as the page, the exports and the command. A search
    that takes too long is refused, not truncated.
    """
    session = db.session()
    wanted = LayoutOptions(query.view, query.cols, query.sort)
    asked = parse(query.q)
    node, layout = read_layout(session, api_viewer(), FORMATS["json"], asked, wanted)
    columns = layout.columns
    headers = [column.header for column in columns or ()]
    what = (layout.sort.text, *headers, query.cursor, query.limit)
    tag = inventory_tag(session, node, *what)
    if (unchanged := not_modified(tag)) is not None:
        return unchanged
    cursor = _read_cursor(node, query.cursor)
    page = list_host_ids(session, node, layout.sort, cursor, query.limit)
    if page.stopped_after and not page.rows:
        raise QueryError(
            f"The search stopped after {page.stopped_after:.0f} s because this query "
            "is slow.",
            "Add a condition such as env:prod or web*.",
        )
    records = host_records(session, page.rows)
    if columns is not None:
        # JSON needs no column for each variable.
        shown = [_ALL_VARS if c == EVERY_VARIABLE else c for c in columns]
        records = [chosen(record, shown) for record in records]
    following = _write_cursor(node, page.next_cursor)
    data = {
        "items": records,
        "next": following,
        "count": None if page.stopped_after else page.count.value,
        "is_capped": page.count.capped,
        "sort": page.sort.text,
    }
    response = tagged(data, tag)
    response.headers.update(next_address(following))
    return response


def _query_mark(node: Node) -> str:
    return hashlib.sha256(to_text(node).encode(errors="replace")).hexdigest()[:8]


def _write_cursor(node: Node, cursor: str | None) -> str | None:
    """Return a cursor that says which query it is of."""
    return cursor and f"{_query_mark(node)}.{cursor}"


def _read_cursor(node: Node, text: str) -> str | None:
    if not text:
        return None
    mark, _, cursor = text.partition(".")
    if mark != _query_mark(node) or not cursor:
        raise QueryError("This cursor belongs to another query.", "Start without one.")
    return cursor


@bp.get(ID)
@documented(Host, tag=TAG, path={"host_id": "ID of the host."})
def show_host(host_id: int) -> Response:
    """Show a host

    To change it, send its ETag as If-Match.
    """
    return host_answer(host_id)


@bp.get("/hosts/by-name/<name:name>", merge_slashes=False)
@documented(Host, tag=TAG, path={"name": "Name, alias or address, percent-encoded."})
def show_named_host(name: str) -> Response:
    """Show the host with a name

    By name, ignoring case; else by alias; else by an address that only one host has.
    """
    found = find_hosts(name)
    if not found:
        raise NotFound(f"Host {quoted(name)} does not exist.")
    if len(found) > 1:
        names = ", ".join(host.hostname for host in found[:NAMED])
        more = ", …" if len(found) > NAMED else ""
        raise Conflict(
            f"{len(found)} hosts match {quoted(name)}: {names}{more}. "
            "Use one of these names."
        )
    return host_answer(found[0].id)


def host_answer(host_id: int, status: int = 200) -> Response:
    """Return a host as it is. Raises ``NotFound``."""
    records = host_records(db.session(), [host_id])
    if not records:
        raise NotFound(f"Host {host_id} does not exist.")
    return answer(records[0], status, version_tag(records[0]["version"]))


# ---- changes


@bp.post("/hosts", **NO_OPTIONS)
@documented(Host, status=201, tag=TAG, headers=Repeatable)
def add_one(query: Why, json: NewHost) -> Response:
    """Add a host

    Groups must exist. To add many hosts at once, use an import.
    """

    def work() -> Response:
        host = add_host(given(json))
        response = host_answer(host.id, 201)
        response.headers["Location"] = url_for("api.show_host", host_id=host.id)
        return response

    return write_once(work, query.message)


@bp.patch(ID, **NO_OPTIONS)
@documented(Host, tag=TAG, headers=Seen, path={"host_id": "ID of the host."})
def change_one(host_id: int, query: Why, json: HostChange) -> Response:
    """Change a host

    A JSON Merge Patch: missing fields stay; null clears; `vars` are merged.
    """
    version = seen_version()

    def work() -> Response:
        fields = with_vars(given(json), get_host(host_id).vars)
        with stale_refused():
            change_host(host_id, fields, version)
        return host_answer(host_id)

    return write(api_act(query.message), work)


@bp.delete(ID, **NO_OPTIONS)
@documented(status=204, tag=TAG, headers=Seen, path={"host_id": "ID of the host."})
def delete_one(host_id: int, query: Why) -> Response:
    """Delete a host

    The history keeps its data; an undo restores it.
    """
    version = seen_version()

    def work() -> Response:
        with stale_refused():
            delete_host(host_id, version)
        return Response(status=204)

    return write(api_act(query.message), work)


@bp.post(f"{ID}/confirm")
@documented(Host, tag=TAG, headers=MaybeSeen, path={"host_id": "ID of the host."})
def confirm_one(host_id: int, query: Why) -> Response:
    """Confirm that a host exists

    This is not a change, so If-Match is optional.
    """
    version = seen_version(is_required=False)

    def work() -> Response:
        session = db.session()
        # Nobody changes it between this look and the next statement.
        host = session.get(models.Host, host_id, with_for_update=True)
        host = host or get_host(host_id)
        with stale_refused():
            check_version(host, version)
        edit = Edit("host", host.id, host.version, action=CONFIRMED)
        write_edits(session, [edit])
        return host_answer(host_id)

    return write(api_act(query.message), work)
