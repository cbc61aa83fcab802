"""One object, field by field: what goes back, what is so already, what has to stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..inventory.edits import LISTS, Change, identity, in_order, same_value
from ..validation.json_values import same_json

CHANGED_SINCE = "has since been changed"
DELETED_SINCE = "has since been deleted"
# Of these, a plan says by whom.
SINCE = (CHANGED_SINCE, DELETED_SINCE)


@dataclass(frozen=True)
class Kept:
    """A field, or an item of one, that stays as it is now, and why."""

    field: str
    now: Any
    wanted: Any
    reason: str


@dataclass
class Merged:
    """What becomes of an object's fields.

    ``back`` is field → [from, to]; ``same`` names what is already as it was.
    """

    back: dict[str, Change] = field(default_factory=dict)
    same: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def keep(self, name: str, reason: str) -> None:
        """Leave a field alone that would have gone back."""
        now, wanted = self.back.pop(name)
        self.kept.append(Kept(name, now, wanted, reason))


def merge(changes: Mapping[str, Any], now: Mapping[str, Any]) -> Merged:
    """Take [from, to] of each field back, as far as it still is what it became."""
    merged = Merged()
    for name, (before, after) in changes.items():
        if same_value(name, before, after):
            continue
        current = now.get(name)
        if name in LISTS:
            # Each item by itself, so that what was added later stays.
            _merge_list(merged, name, before, after, current)
        elif name == "vars":
            _merge_vars(merged, before or {}, after or {}, current or {})
        elif same_json(current, after):
            merged.back[name] = Change(current, before)
        elif same_json(current, before):
            merged.same.append(name)
        else:
            merged.kept.append(Kept(name, current, before, CHANGED_SINCE))
    return merged


def _merge_list(
    merged: Merged, name: str, before: Any, after: Any, current: Any
) -> None:
    old = {identity(name, item): item for item in before or ()}
    new = {identity(name, item): item for item in after or ()}
    result = {identity(name, item): item for item in current or ()}
    changed = False
    for key in new.keys() - old.keys():
        changed |= result.pop(key, None) is not None
    for key in old.keys() - new.keys():
        changed |= key not in result
        result.setdefault(key, old[key])
    if changed:
        merged.back[name] = Change(current or None, in_order(result.values()))
    else:
        merged.same.append(name)


def _merge_vars(
    merged: Merged,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    current: Mapping[str, Any],
) -> None:
    result = dict(current)
    changed = same = False
    for key in dict.fromkeys([*before, *after]):
        old, new, now = (_of(values, key) for values in (before, after, current))
        if same_json(old, new):
            continue
        if same_json(now, new):
            changed = True
            _put_back(result, key, old)
        elif same_json(now, old):
            same = True
        else:
            is_now, wanted = (found[0] if found else None for found in (now, old))
            merged.kept.append(Kept(f"vars.{key}", is_now, wanted, CHANGED_SINCE))
    if changed:
        merged.back["vars"] = Change(dict(current) or None, result or None)
    elif same:
        merged.same.append("vars")


def _put_back(result: dict[str, Any], key: str, old: Sequence[Any]) -> None:
    if old:
        result[key] = old[0]
    else:
        del result[key]


def _of(values: Mapping[str, Any], key: str) -> list[Any]:
    """Return the value in a list, or an empty one: None is a value, too."""
    return [values[key]] if key in values else []
