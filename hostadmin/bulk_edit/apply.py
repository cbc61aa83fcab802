"""Exactly what a plan says, in the transaction that is open."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import Conflict
from ..history import current_change_set_id
from ..inventory import bulk_delete, bulk_write, vocabulary
from ..inventory.bulk_read import read_hosts_by_id
from ..inventory.groups import add_group
from ..models import Group
from ..validation.host_fields import VOCABULARY_FIELDS
from .diff import decide
from .edit import CONFIRM, DELETE, BulkEdit
from .plan import ChangePlan, is_new_spelling, plan_change
from .selection import Selection

NOT_AS_SEEN = "Something changed since you looked; nothing was done."


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
    if edit.action == CONFIRM:
        bulk_write.confirm_unchanged(session, dict(plan.written))
    elif edit.action == DELETE:
        for some in plan.writes():
            bulk_delete.delete_hosts(session, dict(some))
    else:
        _change(session, plan)
    # Objects that were read before do not know what Core statements wrote.
    session.flush()
    session.expire_all()
    return plan, current_change_set_id(session)


def _change(session: orm.Session, plan: ChangePlan) -> None:
    edit = plan.edit
    for name in plan.new_groups:
        add_group({"name": name})
    names = [*edit.add_groups, *edit.remove_groups]
    ids = {
        name: id_
        for id_, name in session.execute(
            sa.select(Group.id, Group.name).where(Group.name.in_(names))
        )
    }
    _spell(session, edit)
    fields = ("hostname", *edit.touched)
    for some in plan.writes():
        found = read_hosts_by_id(session, [host_id for host_id, _ in some], fields)
        if len(found) != len(some):
            raise Conflict(bulk_write.CHANGED_MEANWHILE)
        bulk_write.change_hosts(
            session,
            [
                decide(found[host_id], edit, ids).host_change(found[host_id], version)
                for host_id, version in some
            ],
            ids,
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
