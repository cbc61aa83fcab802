"""What an import would do with groups, and with the variables of all hosts."""

import graphlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import InvalidFile
from ..formats.rows import GROUP, INVENTORY, RowError
from ..inventory.bulk_read_groups import StoredGroup, children_by_name, read_groups
from ..inventory.inventory_vars import NAME
from ..models import Inventory
from ..validation.values import quoted
from .merge import Merged, Unfit, merge_references, merge_vars
from .staged_table import CHANGED, NEW, SAME, Staged
from .staging import Staging

# Groups that are inside of themselves are shown up to here, then all of them refused.
MAX_RINGS = 20


def check(session: orm.Session, staging: Staging, *, replace: bool) -> None:
    """Refuse groups that are there twice, or that would be inside themselves."""
    staging.groups.drop_implied()
    staging.groups.refuse_doubles()
    staging.inventory.refuse_doubles()
    _refuse_rings(session, staging, replace)


def decide(session: orm.Session, staging: Staging, *, replace: bool) -> None:
    """Decide what becomes of each group and of the variables of all hosts."""
    for batch in staging.groups.stated():
        children = {
            name: row.line for row in batch for name in row.fields.get("children", ())
        }
        staging.groups.add_implied(children)
    for batch in staging.groups.batches():
        known = read_groups(session, [row.key for row in batch])
        decided = []
        for row in batch:
            try:
                _decide(row, known.get(row.key), replace)
            except Unfit as unfit:
                error = RowError(row.line, row.name, unfit.field, str(unfit), GROUP)
                staging.groups.reject(row, [error])
                # It may have members in the file: then it is only named by them.
                staging.groups.add_implied({row.name: row.line})
            else:
                decided.append(row)
        staging.groups.decide(decided)
    _decide_inventory(session, staging, replace)


def _decide(row: Staged, known: StoredGroup | None, replace: bool) -> None:
    row.changes = row.kept = None
    if known is None:
        row.action = NEW
        return
    row.object_id, row.version = known.id, known.version
    row.action = SAME
    # A group that is only named says nothing of what it is.
    if row.fields:
        merged = merge_group(row.fields, known.fields, replace=replace)
        row.changes, row.kept = merged.changes, merged.unstated
        row.action = CHANGED if row.changes else SAME


def _decide_inventory(session: orm.Session, staging: Staging, replace: bool) -> None:
    there = session.execute(sa.select(Inventory.version, Inventory.vars)).first()
    for batch in staging.inventory.batches():
        row = batch[0]
        row.name, row.version = NAME, there.version if there else 0
        merged = Merged()
        try:
            merge_vars(merged, row.fields, {"vars": there and there.vars}, replace)
        except Unfit as unfit:
            error = RowError(row.line, NAME, unfit.field, str(unfit), INVENTORY)
            staging.inventory.reject(row, [error])
            continue
        row.changes, row.kept = merged.changes, merged.unstated
        row.action = CHANGED if row.changes else SAME
        staging.inventory.decide([row])


def merge_group(
    given: Mapping[str, Any], known: Mapping[str, Any], *, replace: bool
) -> Merged:
    """Compare what is stated of a group with what is there. Raises ``Unfit``."""
    merged = Merged()
    text = given.get("description")
    if text is not None and text != known.get("description"):
        merged.changes["description"] = [known.get("description"), text]
    merge_vars(merged, given, known, replace)
    merge_references(merged, "children", given, known, replace)
    return merged


# ---- groups inside of themselves


def _refuse_rings(session: orm.Session, staging: Staging, replace: bool) -> None:
    by_name, emptied = _stated_children(staging, replace)
    if not by_name:
        return
    known = {
        parent: set(children)
        for parent, children in children_by_name(session).items()
        if parent not in emptied
    }
    graph = {parent: set(children) for parent, children in known.items()}
    for name, row in by_name.items():
        graph.setdefault(name, set()).update(row.fields["children"])
    for number, ring in enumerate(find_rings(graph)):
        if number >= MAX_RINGS:
            raise InvalidFile(
                f"Over {MAX_RINGS} groups would be inside themselves, such as "
                f"{quoted(ring[0])}."
            )
        # One of the steps is new, since the inventory has no rings.
        parent, child = next(
            (parent, child)
            for parent, child in itertools.pairwise(ring)
            if child not in known.get(parent, ())
        )
        row = by_name.pop(parent)
        staging.groups.reject(row, [_ring_error(row, child, ring)])
        graph[parent] = known.get(parent, set())


def _stated_children(
    staging: Staging, replace: bool
) -> tuple[dict[str, Staged], set[str]]:
    """Return the groups that state children, and those that lose all others."""
    by_name: dict[str, Staged] = {}
    emptied: set[str] = set()
    for batch in staging.groups.stated():
        for row in batch:
            if "children" in row.fields:
                # The variables of all groups at once would be too much.
                row.fields = {"children": row.fields["children"]}
                by_name[row.name] = row
        emptied |= {row.name for row in batch if replace}
    return by_name, emptied


def find_rings(graph: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Yield names that lead down to the first again; break each up at once."""
    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            # It goes from child to parent.
            yield error.args[1][::-1]
        else:
            return


def _ring_error(row: Staged, child: str, ring: list[str]) -> RowError:
    at = ring.index(row.name)
    steps = [*ring[at:-1], *ring[:at], row.name]
    if len(steps) > 8:
        steps = [*steps[:4], "…", *steps[-3:]]
    message = f"{quoted(child)} would be inside itself: {' > '.join(steps)}."
    return RowError(row.line, row.name, "children", message, GROUP)
