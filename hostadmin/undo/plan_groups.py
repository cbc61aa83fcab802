"""What becomes of groups. All are held at once: the table is small."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import InvalidValue
from ..formatting import counted
from ..inventory.edits import Change, in_order, same_value
from ..inventory.groups import direct_counts
from ..models import Group, group_children
from ..query.sql.group_tree import with_descendants
from ..validation.rules import GROUP_RULES
from ..validation.values import quoted
from .merge import CHANGED_SINCE, DELETED_SINCE, Kept, merge
from .net_changes import NetChange, entry_counts
from .plan import CHANGE, DELETE, RESTORE, STAY, Step


class GroupPlanner:
    """Decides about groups, and knows which there will be."""

    def __init__(self, session: orm.Session) -> None:
        self._session = session
        self.names: dict[int, str] = {
            row.id: row.name for row in session.execute(sa.select(Group.id, Group.name))
        }
        edges = sa.select(group_children.c.parent_id, group_children.c.child_id)
        self._edges: set[tuple[int, int]] = {
            (parent, child) for parent, child in session.execute(edges)
        }
        self._there = frozenset(self._edges)
        self.steps: list[Step] = []

    def decide(self, nets: Sequence[NetChange]) -> None:
        """Take in what the change set did to all its groups."""
        groups: dict[int, dict[str, Any]] = {}
        versions: dict[int, int] = {}
        for start in range(0, len(nets), 500):
            ids = [net.id for net in nets[start : start + 500]]
            for row in self._session.execute(
                sa.select(
                    Group.id, Group.name, Group.description, Group.vars, Group.version
                ).where(Group.id.in_(ids))
            ):
                groups[row.id] = self._fields(row)
                versions[row.id] = row.version
        for net in nets:
            if net.existed or net.exists:
                step = _decide(net, groups.get(net.id))
                step.version = versions.get(net.id, 0)
                self.steps.append(step)
        self._check_names()
        self._check_children()
        for step in self.steps:
            if step.action == CHANGE and "vars" in step.back:
                _check_vars(step)
            if step.action == CHANGE and not step.back:
                step.action = STAY
        self._number()

    def _fields(self, row: Any) -> dict[str, Any]:
        children = [
            {"id": child, "name": self.names[child]}
            for parent, child in self._edges
            if parent == row.id
        ]
        fields = {
            "name": row.name,
            "description": row.description,
            "vars": row.vars,
            "children": in_order(children),
        }
        return {name: value for name, value in fields.items() if value}

    def _check_names(self) -> None:
        going = {step.id for step in self.steps if step.action == DELETE}
        holders = {n: id_ for id_, n in self.names.items() if id_ not in going}
        for step in self.steps:
            if step.action not in (CHANGE, RESTORE) or "name" not in step.back:
                continue
            wanted = step.back["name"][1]
            holder = holders.get(wanted, step.id)
            if holder != step.id:
                reason = f"another group (ID {holder}) now has this name"
                if step.action == RESTORE:
                    step.stay(reason, "name", wanted)
                else:
                    now, _ = step.back.pop("name")
                    step.kept.append(Kept("name", now, wanted, reason))
            else:
                self.names[step.id] = wanted

    def _check_children(self) -> None:
        """Put edges back that close no circle, after the others are taken out."""
        moving = [step for step in self.steps if "children" in step.back]
        for step in moving:
            kept = {child["id"] for child in step.back["children"][1] or ()}
            self._edges = {
                (parent, child)
                for parent, child in self._edges
                if parent != step.id or child in kept
            }
        for step in moving:
            if step.action in (CHANGE, RESTORE):
                self._put_children_back(step)

    def _put_children_back(self, step: Step) -> None:
        now, wanted = step.back["children"]
        fitting = [child for child in wanted or () if self._fits(step, child)]
        self._edges |= {(step.id, child["id"]) for child in fitting}
        if same_value("children", now, fitting):
            del step.back["children"]
            return
        named = [{"id": c["id"], "name": self.names[c["id"]]} for c in fitting]
        step.back["children"] = Change(now, in_order(named))

    def _fits(self, step: Step, child: dict[str, Any]) -> bool:
        name = quoted(child["name"])
        if child["id"] not in self.names:
            reason = f"the group {name} no longer exists"
        elif step.id in with_descendants([child["id"]], self._children()):
            reason = f"{name} now contains this group"
        else:
            return True
        step.kept.append(Kept("children", None, [child], reason))
        return False

    def _children(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for parent, child in self._edges:
            found.setdefault(parent, []).append(child)
        return found

    def _number(self) -> None:
        coming = [step for step in self.steps if step.action == RESTORE]
        counts = entry_counts(self._session, "group", [step.id for step in coming])
        for step in coming:
            step.version = counts.get(step.id, 0) + 1

    def finish(self, members: Counter[int]) -> None:
        """Keep new groups that somebody needs: members or parents by now.

        ``members`` is what the plan adds to the number of members of each.
        """
        counts = direct_counts(
            self._session, [s.id for s in self.steps if s.action == DELETE]
        )
        # One that stays may be the reason for another to stay.
        while self._keep_if_needed(counts, members):
            pass

    def _keep_if_needed(self, counts: dict[int, int], members: Counter[int]) -> bool:
        going = {step.id: step for step in self.steps if step.action == DELETE}
        parents = {
            child: parent for parent, child in self._edges if parent not in going
        }
        for id_, step in going.items():
            left = counts.get(id_, 0) + members[id_]
            if left:
                step.stay(f"it has {counted(left, 'host')}")
            elif id_ in parents:
                step.stay(f"it is a child group of {quoted(self.names[parents[id_]])}")
            if step.action == STAY:
                self._edges |= {edge for edge in self._there if edge[0] == id_}
                return True
        return False


def _decide(net: NetChange, now: Mapping[str, Any] | None) -> Step:
    changes = dict(net.changes)
    created_at = changes.pop("created_at", [None])[0]
    if not net.existed:
        return _uncreate(net, changes, now)
    if not net.exists:
        if now is not None:
            return Step.of(net, STAY)
        back = {name: Change(None, was) for name, (was, _) in changes.items() if was}
        return Step.of(net, RESTORE, back=back, created_at=created_at)
    if now is None:
        return Step.of(net, STAY).stay(DELETED_SINCE)
    merged = merge(changes, now)
    return Step.of(
        net,
        CHANGE if merged.back else STAY,
        back=merged.back,
        same=merged.same,
        kept=merged.kept,
    )


def _uncreate(
    net: NetChange, changes: Mapping[str, Any], now: Mapping[str, Any] | None
) -> Step:
    if now is None:
        return Step.of(net, STAY)
    made = {name: after for name, (_, after) in changes.items()}
    kept = [
        Kept(name, now.get(name), made.get(name), CHANGED_SINCE)
        for name in GROUP_RULES
        if not same_value(name, now.get(name), made.get(name))
    ]
    if kept:
        return Step.of(net, STAY, kept=kept)
    return Step.of(net, DELETE, back={name: Change(v, None) for name, v in now.items()})


def _check_vars(step: Step) -> None:
    try:
        GROUP_RULES["vars"](step.back["vars"][1] or {})
    except InvalidValue as error:
        now, wanted = step.back.pop("vars")
        reason = f"together with the current variables, they {error}"
        step.kept.append(Kept("vars", now, wanted, reason))
