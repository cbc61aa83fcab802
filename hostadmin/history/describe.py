"""Changes in words, for pages and commands. Plain text; markup is made elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..formatting import counted, one_line
from ..models import ChangeEntry, ChangeSet
from ..validation.json_values import json_text, same_json
from ..validation.yaml_vars import print_vars

NOT_SET = "(not set)"
WHOLE = "all hosts"
# What one line shows of a value, and how many fields of an entry.
SHORT, FIELDS_SHOWN = 40, 4
NOUNS = {"inventory": "variables of all hosts"}
ORDER = ("created", "changed", "deleted")


@dataclass(frozen=True)
class FieldChange:
    """One field, or one variable, from → to, as the history keeps values."""

    name: str
    before: Any
    after: Any

    @property
    def line(self) -> str:
        name = one_line(self.name, 2 * SHORT)
        return f"{name}: {shown(self.before)} → {shown(self.after)}"


def value_text(value: object) -> str:
    """Return a value of a variable or of the history as people read it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and (names := _names(value)) is not None:
        return ", ".join(names)
    if isinstance(value, dict) and value:
        return print_vars(value).rstrip("\n")
    return json_text(value)


def _names(values: list[Any]) -> list[str] | None:
    """Return the texts of a list of texts, or the names of a list of references."""
    if all(isinstance(item, str) for item in values):
        return values
    if all(map(_is_reference, values)):
        return [item["name"] for item in values]
    return None


def _is_reference(item: object) -> bool:
    return isinstance(item, dict) and item.keys() == {"id", "name"}


def shown(value: object, limit: int = SHORT) -> str:
    """Return a value on one line, shortened."""
    return one_line(value_text(value), limit) or NOT_SET


def field_changes(changes: Mapping[str, Sequence[Any]]) -> Iterator[FieldChange]:
    """Yield what an entry says, variables one by one."""
    for name, (before, after) in changes.items():
        if name == "created_at":
            # Kept to bring the object back; nobody changed it.
            continue
        if name != "vars":
            yield FieldChange(name, before, after)
            continue
        old, new = before or {}, after or {}
        for key in sorted({**old, **new}):
            if key not in old or key not in new or not same_json(old[key], new[key]):
                yield FieldChange(f"vars.{key}", old.get(key), new.get(key))


def object_text(subject: str, name: str) -> str:
    """Return "host web-1"."""
    return NOUNS.get(subject) or f"{subject} {one_line(name, 255)}"


def entry_text(entry: ChangeEntry) -> str:
    """Return what happened to one object: "changed host a: owner: me → you"."""
    what = object_text(entry.subject, entry.subject_name)
    if entry.action not in ORDER:
        # What an account did, such as to log in.
        return f"{what}: {entry.action}"
    text = f"{entry.action} {what}"
    if entry.action != "changed":
        return text
    fields = list(field_changes(entry.changes))
    parts = [change.line for change in fields[:FIELDS_SHOWN]]
    if len(fields) > FIELDS_SHOWN:
        parts.append(f"{len(fields) - FIELDS_SHOWN:,} more")
    return f"{text}: {'; '.join(parts)}"


def counts_text(counts: Mapping[tuple[str, str], int]) -> str:
    """Return (subject, action) → number in words: "created 3 hosts and 1 group"."""
    parts = []
    for action in (*ORDER, *sorted({a for _, a in counts} - set(ORDER))):
        found = [
            _counted(subject, number)
            for (subject, done), number in sorted(counts.items())
            if done == action
        ]
        if found:
            parts.append(f"{action} {' and '.join(found)}")
    return ", ".join(parts)


def _counted(subject: str, number: int) -> str:
    if subject in NOUNS:
        return NOUNS[subject]
    return counted(number, subject)


def summary(
    change: ChangeSet,
    counts: Mapping[tuple[str, str], int],
    entries: Iterable[ChangeEntry],
) -> str:
    """Return a change set on one line, without its message.

    ``entries`` are all of it where they are few, else none.
    """
    parts = [entry_text(entry) for entry in entries]
    if not parts and counts:
        parts = [counts_text(counts)]
    if change.confirmed_count:
        hosts = "host" if change.confirmed_count == 1 else "hosts"
        parts.append(f"confirmed {change.confirmed_count:,} {hosts}")
    return "; ".join(parts) or "changed nothing"
