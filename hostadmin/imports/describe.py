"""What a plan does to one host or group, field by field, as texts."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..validation.json_values import json_text, same_json


class FieldChange(NamedTuple):
    """A field, and its text before and after; None where it is not set."""

    field: str
    before: str | None
    after: str | None


def field_changes(changes: Mapping[str, Any]) -> Iterator[FieldChange]:
    """Yield what happens to each field, and to each variable by itself."""
    for field, (before, after) in changes.items():
        if field == "vars":
            yield from _variables(before or {}, after or {})
        elif field not in ("hostname", "name"):
            yield FieldChange(field, text_of(before), text_of(after))


def _variables(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[FieldChange]:
    # Of all at once nobody would see which one changes.
    for name in {**old, **new}:
        if name in old and name in new and same_json(old[name], new[name]):
            continue
        texts = [variable_text(of[name]) if name in of else None for of in (old, new)]
        yield FieldChange(f"vars.{name}", *texts)


def variable_text(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def text_of(value: Any) -> str | None:
    """Return the text of a field as the history keeps it."""
    if value is None:
        return None
    if isinstance(value, list):
        names = [i["name"] if isinstance(i, dict) else str(i) for i in value]
        return ", ".join(names)
    return str(value)
