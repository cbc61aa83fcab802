"""Groups: lists of them, and one at a time."""

import sqlalchemy as sa
from flask import Response, url_for
from sqlalchemy import orm

from ..db.session import db
from ..errors import NotFound
from ..etags import inventory_tag, not_modified
from ..history import write
from ..inventory import groups
from ..inventory.groups import get_group, no_group
from ..keyset.cursors import Sort
from ..keyset.pages import fetch_page
from ..models import Group
from ..query.ast import EVERYTHING
from ..validation.numbers import MAX_ID
from . import shapes
from .blueprint import NO_OPTIONS, answer, bp, next_address, tagged
from .callers import api_act
from .documented import documented
from .merge_patch import given, with_vars
from .preconditions import seen_version, stale_refused, version_tag
from .records import group_record
from .repeats import write_once

TAG = "Groups"
ID = f"/groups/<int(min=1,max={MAX_ID}):group_id>"
PATH = {"group_id": "ID of the group."}
BY_NAME = Sort("name", Group.name, Group.id, unique=True)
_WITH_CHILDREN = sa.select(Group).options(
    orm.selectinload(Group.children).load_only(Group.name)
)


@bp.get("/groups")
@documented(shapes.GroupPage, tag=TAG)
def list_groups(query: shapes.Paged) -> Response:
    """List groups by name"""
    session = db.session()
    tag = inventory_tag(session, EVERYTHING, query.cursor, query.limit)
    if (unchanged := not_modified(tag)) is not None:
        return unchanged
    cursor = query.cursor or None
    page = fetch_page(session, _WITH_CHILDREN, None, BY_NAME, cursor, query.limit)
    items = [group_record(group) for group in page.rows]
    response = tagged({"items": items, "next": page.next_cursor}, tag)
    response.headers.update(next_address(page.next_cursor))
    return response


@bp.get(ID)
@documented(shapes.Group, tag=TAG, path=PATH)
def show_group(group_id: int) -> Response:
    """Show a group

    To change it, send its ETag as If-Match.
    """
    return group_answer(get_group(group_id))


@bp.get("/groups/by-name/<name:name>", merge_slashes=False)
@documented(shapes.Group, tag=TAG, path={"name": "Name, percent-encoded."})
def show_named_group(name: str) -> Response:
    """Show the group with a name

    Names of groups are case-sensitive, as in Ansible.
    """
    session = db.session()
    group = session.scalar(sa.select(Group).where(Group.name == name))
    if group is None:
        raise NotFound(no_group(name, session.scalars(sa.select(Group.name))))
    return group_answer(group)


def group_answer(group: Group, status: int = 200) -> Response:
    return answer(group_record(group), status, version_tag(group.version))


# ---- changes


@bp.post("/groups", **NO_OPTIONS)
@documented(shapes.Group, status=201, tag=TAG, headers=shapes.Repeatable)
def add_group(query: shapes.Why, json: shapes.NewGroup) -> Response:
    """Add a group"""

    def work() -> Response:
        group = groups.add_group(given(json))
        response = group_answer(group, 201)
        response.headers["Location"] = url_for("api.show_group", group_id=group.id)
        return response

    return write_once(work, query.message)


@bp.patch(ID, **NO_OPTIONS)
@documented(shapes.Group, tag=TAG, headers=shapes.Seen, path=PATH)
def change_group(
    group_id: int, query: shapes.Why, json: shapes.GroupChange
) -> Response:
    """Change a group

    A JSON Merge Patch: missing fields stay; null clears; `vars` are merged.
    """
    version = seen_version()

    def work() -> Response:
        fields = with_vars(given(json), get_group(group_id).vars)
        with stale_refused():
            return group_answer(groups.change_group(group_id, fields, version))

    return write(api_act(query.message), work)


@bp.delete(ID, **NO_OPTIONS)
@documented(status=204, tag=TAG, headers=shapes.Seen, path=PATH)
def delete_group(group_id: int, query: shapes.Why) -> Response:
    """Delete a group; its hosts and child groups are kept"""
    version = seen_version()

    def work() -> Response:
        with stale_refused():
            groups.delete_group(group_id, version)
        return Response(status=204)

    return write(api_act(query.message), work)
