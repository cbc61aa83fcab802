"""Exactly what a plan says, in the transaction that is open."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy import orm

from ..db.bulk_insert import batched
from ..errors import Conflict
from ..history import DELETED, current_change_set_id
from ..inventory import vocabulary
from ..inventory.bulk_read import read_hosts_by_id
from ..inventory.bulk_write import BATCH
from ..inventory.edits import CONFIRMED, Edit, changed_meanwhile
from ..inventory.groups import add_group
from ..inventory.write_edits import write_edits
from ..models import COUNTED_COLUMNS, Group
from ..validation.host_fields import VOCABULARY_FIELDS
from .diff import decide
from .edit import CHANGE, CONFIRM, DELETE, BulkEdit
from .plan import ChangePlan, is_new_spelling, plan_change
from .selection import Selection

NOT_AS_SEEN = "Hosts or groups changed since the preview. Nothing was saved."
# What is done to hosts as a whole, and the same as an edit.
_WHOLE = {CONFIRM: CONFIRMED, DELETE: DELETED}


def change(
    session: orm.Session,
    selection: Selection,
    edit: BulkEdit,
    digest: str | None = None,
    look: Callable[[ChangePlan], None] | None = None,
) -> tuple[ChangePlan, int | None]:
    """Do what the edit says; return the plan and the change set, None for none.

    ``digest`` is that of the plan that was shown. Raises ``Conflict`` when something
    else, or something to other hosts or versions, would be done by now, and what
    ``plan_change`` raises. ``look`` gets the plan before anything is written and may
    raise, too.
    """
    if edit.add_groups or edit.remove_groups:
        # None of them goes, or is made by somebody else, between plan and apply.
        names = [*edit.add_groups, *edit.remove_groups]
        rows = sa.select(Group.id).where(Group.name.in_(names)).order_by(Group.id)
        session.execute(rows.with_for_update())
    plan = plan_change(session, selection, edit)
    if digest is not None and digest != plan.digest:
        raise Conflict(NOT_AS_SEEN)
    if look is not None:
        look(plan)
    if not plan.written:
        return plan, None
    if edit.action == CHANGE:
        for name in plan.new_groups:
            add_group({"name": name})
        _spell(session, plan.edit)
    write_edits(session, _edits(session, plan))
    return plan, current_change_set_id(session)


def _edits(session: orm.Session, plan: ChangePlan) -> Iterator[Edit]:
    """Yield what becomes of each host: what it was is read again, batch by batch."""
    if action := _WHOLE.get(plan.edit.action):
        for host_id, version in plan.written:
            yield Edit("host", host_id, version, action=action)
        return
    fields = ("hostname", *plan.edit.touched)
    counted = not plan.edit.fields.keys().isdisjoint(COUNTED_COLUMNS)
    for some in batched(plan.written, BATCH):
        ids = [host_id for host_id, _ in some]
        found = read_hosts_by_id(session, ids, fields, counted=counted)
        if len(found) != len(some):
            raise changed_meanwhile("host")
        for host_id, version in some:
            host = found[host_id]
            changes = decide(host, plan.edit).changes
            name = host.fields["hostname"]
            yield Edit(
                *("host", host_id, version, name, changes), counted_by=host.counted_by
            )


def _spell(session: orm.Session, edit: BulkEdit) -> None:
    for name in VOCABULARY_FIELDS:
        text = edit.fields.get(name)
        if text is None:
            continue
        if is_new_spelling(edit, text):
            vocabulary.rename_value(session, name, text)
        elif vocabulary.canonical_value(session, name, text) != text:
            raise Conflict(NOT_AS_SEEN)
