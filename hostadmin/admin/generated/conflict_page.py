"""Two people edited the same: what the second one saw, what is there, what they typed.

Only the number of the version comes from the form; what it held is taken from the
history. They choose field by field; what they did not touch stays as it is now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from ... import history
from ...db.session import db
from ...errors import InvalidValue
from ...formatting import calm
from ...history import recorder
from ...inventory.edits import same_value
from ...models import ChangeEntry, Group
from ...undo.earlier_version import Earlier, earlier
from ...validation.host_fields import VOCABULARY_FIELDS
from ...validation.values import fold
from .change_entries import ShownEntry, shown_entry
from .form_fields import seen_version

THEIRS, MINE = "theirs", "mine"
PREFIX = "choice-"
REFERENCES = ("groups", "children")


@dataclass(frozen=True)
class Resolution:
    """What somebody chose on the page of a conflict."""

    # The version of which the page said what they saw.
    seen: int
    choices: Mapping[str, str]

    @property
    def mine(self) -> set[str]:
        return {name for name, chosen in self.choices.items() if chosen == MINE}

    @property
    def is_complete(self) -> bool:
        return all(chosen in (THEIRS, MINE) for chosen in self.choices.values())


def read_resolution(
    args: MultiDict[str, str], names: Sequence[str]
) -> Resolution | None:
    """Return the choices that were sent; None where the form is an ordinary one."""
    seen = args.get("seen_version", "")
    if not seen:
        return None
    offered = args.getlist("offered")
    return Resolution(
        seen_version(seen),
        {name: args.get(PREFIX + name, "") for name in names if name in offered},
    )


@dataclass(frozen=True)
class Row:
    """A field that one of the two changed, or both. ``by`` is who changed it last."""

    name: str
    label: str
    base: str | None
    theirs: str
    by: ShownEntry | None
    # The form field with what was typed; None where they did not touch it.
    mine: Any = None
    chosen: str = ""
    both: bool = False


@dataclass
class ConflictView:
    """Everything that the page of a conflict shows."""

    choices: list[Row] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    newest: ShownEntry | None = None
    knows_base: bool = True
    seen: int = 0


def find_conflict(
    view: Any, form: Any, model: Any, seen: int, resolution: Resolution | None = None
) -> ConflictView:
    """Return what each of the fields was, is, and was typed as."""
    then = _earlier(model, seen)
    found = ConflictView(seen=seen, knows_base=then.fields is not None)
    touched = set(resolution.choices) if resolution else set(view.form_columns)
    values = _Values(view, form, model, then)
    entries = _by_field(then.newer)
    found.newest = _shown(then.newer[0]) if then.newer else None

    def has_moved(name: str, side: str) -> bool:
        return not found.knows_base or not values.same(name, "base", side)

    for name in view.form_columns:
        theirs_moved = has_moved(name, "theirs")
        row = Row(
            name=name,
            label=form[name].label.text,
            base=values.text(name, "base") if found.knows_base else None,
            theirs=values.text(name, "theirs"),
            by=_shown(entries[name]) if name in entries else None,
            both=theirs_moved,
            chosen="" if theirs_moved else MINE,
            mine=form[name],
        )
        mine_moved = name in touched and has_moved(name, "mine")
        if mine_moved and not values.same(name, "theirs", "mine"):
            found.choices.append(_with_choice(row, resolution))
        elif theirs_moved and found.knows_base:
            found.others.append(row)
    return found


def _with_choice(row: Row, resolution: Resolution | None) -> Row:
    chosen = resolution.choices.get(row.name, "") if resolution else ""
    if chosen not in (THEIRS, MINE):
        return row
    return Row(**{**vars(row), "chosen": chosen})


def newer_entries(model: Any, seen: int) -> list[ShownEntry]:
    """Return what happened to an object since a version, newest first."""
    return [_shown(entry) for entry in _earlier(model, seen).newer]


def _earlier(model: Any, seen: int) -> Earlier:
    version = getattr(model, "version", None)
    if not isinstance(model, history.Recorded) or version is None:
        return Earlier(None)
    subject, versions = model.__subject__, (seen, version)
    found = earlier(db.session(), subject, model.id, recorder.snapshot(model), versions)
    if not found.fields and subject != "inventory":
        # Nobody opened what was not there.
        return Earlier(None, found.newer if seen else [])
    return found


def _by_field(newer: Sequence[ChangeEntry]) -> dict[str, ChangeEntry]:
    """Return field → the newest entry that says something of it."""
    found: dict[str, ChangeEntry] = {}
    for entry in newer:
        for name in entry.changes:
            found.setdefault(name, entry)
    return found


def _shown(entry: ChangeEntry) -> ShownEntry:
    return shown_entry(entry, {(entry.subject, entry.subject_id)})


class _Values:
    """The three states of an object: as values to compare, and as texts of a form."""

    def __init__(self, view: Any, form: Any, model: Any, then: Earlier) -> None:
        self._rules, self._recorded = view.rules, hasattr(model, "__recorded__")
        fields = view.get_edit_form()
        self._forms = {"mine": form, "theirs": fields(obj=model)}
        self._values: dict[str, dict[str, Any]] = {}
        if self._recorded:
            self._values["theirs"] = _named(recorder.snapshot(model))
        if then.fields is not None:
            base = _named(then.fields)
            self._values["base"] = base
            empty = dict.fromkeys(view.form_columns)
            self._forms["base"] = fields(obj=SimpleNamespace(**{**empty, **base}))

    def text(self, name: str, whose: str) -> str:
        field = self._forms[whose][name]
        value = field._value() if hasattr(field, "_value") else field.data
        return calm("" if value is None else str(value))

    def same(self, name: str, one: str, other: str) -> bool:
        if not self._recorded:
            return self.text(name, one) == self.text(name, other)
        try:
            pair = [self._value(name, whose) for whose in (one, other)]
        except InvalidValue:
            # What breaks a rule is not what was saved.
            return False
        if name in VOCABULARY_FIELDS or name == "notes":
            pair = [_folded(name, value) for value in pair]
        return same_value(name, *pair)

    def _value(self, name: str, whose: str) -> Any:
        if whose != "mine":
            return self._values[whose].get(name)
        field = self._forms["mine"][name]
        if field.errors:
            raise InvalidValue("could not be read.")
        rule = self._rules.get(name)
        return recorder.json_value(rule(field.data) if rule else field.data)


def _folded(name: str, value: Any) -> Any:
    """Return a text as it is compared: terms without case, notes by their lines."""
    if value is None:
        return None
    return value.replace("\r\n", "\n") if name == "notes" else fold(value)


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with groups by the names that they have today."""
    ids = {item["id"] for name in REFERENCES for item in fields.get(name) or ()}
    rows = db.session.execute(sa.select(Group.id, Group.name).where(Group.id.in_(ids)))
    names = {row.id: row.name for row in rows} if ids else {}
    return {
        name: sorted(names.get(item["id"], item["name"]) for item in value)
        if name in REFERENCES
        else value
        for name, value in fields.items()
    }
