"""The forms for many hosts; a field that is left empty changes nothing."""

from collections.abc import Sequence
from typing import Any, ClassVar

from wtforms import BooleanField, Form, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from ...bulk_edit import (
    ADD_GROUPS,
    REMOVE_GROUPS,
    SETTABLE,
    BulkEdit,
    MissingGroups,
    read_edit,
    read_rename,
)
from ...db.session import db
from ...errors import InvalidInput, after_field
from ...inventory import vocabulary
from ...validation.host_fields import HOST_FIELDS, VOCABULARY_FIELDS
from ...validation.values import STATUSES, quoted
from ..generated.form_fields import NamesField, NotesField, TextField, VarsField

NO_CHANGE = "Enter at least one change. Empty fields are left unchanged."
# A status is never empty.
CLEARABLE = SETTABLE[1:]
MONO = {"data-kind": "mono", "autocomplete": "off"}
GROUPS = {"data-kind": "names", "data-suggest": "groups.suggestions"}


def _label(name: str) -> str:
    return next(field.label for field in HOST_FIELDS if field.name == name)


def _input(name: str) -> Any:
    label = _label(name)
    if name == "status":
        choices = [("", "(unchanged)"), *((text, text) for text in STATUSES)]
        # The rules say better what is wrong.
        return SelectField(label, choices=choices, validate_choice=False)
    if name == "notes":
        return NotesField(label, render_kw={"rows": 4})
    if name == "port":
        return TextField(label, render_kw={**MONO, "inputmode": "numeric"})
    return TextField(label)


class Checkboxes(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class BulkForm(Form):
    """A form that reads as an edit; what is wrong is at its fields."""

    # What an error says it is about → the field of the form.
    places: ClassVar[dict[str, str]] = {}
    layout: ClassVar[dict[str, str]] = {}
    form_errors: list[str]

    def read(self) -> BulkEdit | None:
        """Return the edit, or None where the fields say what is wrong."""
        if not self.validate():
            return None
        try:
            edit = self.edit()
        except InvalidInput as error:
            self.tell(error)
            return None
        if not edit:
            self.form_errors = [NO_CHANGE]
            return None
        return edit

    def edit(self) -> BulkEdit:
        raise NotImplementedError

    def tell(self, error: InvalidInput) -> None:
        """Put errors at their fields."""
        for one in error.errors:
            name = (
                one.field if one.field in self._fields else self.places.get(one.field)
            )
            if one.field.startswith("var."):
                name = name or "variables"
            whole = f"{one.field}{after_field(one.message)}"
            if name is None or name not in self._fields:
                self.form_errors = [*self.form_errors, whole]
                continue
            field = self._fields[name]
            said = whole if one.field.startswith("var.") else one.message
            field.errors = [*field.errors, said]


class FieldsForm(BulkForm):
    """What can be set of hosts, field by field."""


for _name in SETTABLE:
    setattr(FieldsForm, _name, _input(_name))


class EditForm(FieldsForm):
    """Fields and variables."""

    places: ClassVar[dict[str, str]] = {}
    layout: ClassVar[dict[str, str]] = {
        "clear": "full",
        "variables": "wide",
        "notes": "wide",
    }

    variables = VarsField(
        "Set variables (YAML or JSON)",
        description="name: value, one per line. “net.mtu: 9000” sets one key inside "
        "“net”.",
        render_kw={**MONO, "rows": 4, "spellcheck": "false"},
    )
    unset = NamesField(
        "Remove variables",
        description="Comma-separated",
        render_kw=MONO,
    )
    clear = Checkboxes("Clear", choices=[(name, _label(name)) for name in CLEARABLE])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in VOCABULARY_FIELDS:
            self._fields[name].suggestions = vocabulary.spellings(db.session(), name)

    def edit(self) -> BulkEdit:
        typed = [(name, self._fields[name].data) for name in SETTABLE]
        assignments = [(name, text) for name, text in typed if text]
        assignments += [(name, "") for name in self.clear.data or ()]
        assignments += [(f"var.{name.strip()}", "") for name in self.unset.data or ()]
        return read_edit(assignments, variables=self.variables.data)


class GroupsForm(BulkForm):
    """Groups to join and to leave; missing ones can be made."""

    places: ClassVar[dict[str, str]] = {
        ADD_GROUPS: "add_groups",
        REMOVE_GROUPS: "remove_groups",
    }
    add_groups = NamesField(
        "Add to groups", description="Comma-separated", render_kw=GROUPS
    )
    remove_groups = NamesField(
        "Remove from groups", description="Comma-separated", render_kw=GROUPS
    )
    make_groups = BooleanField("Create missing groups")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.make_groups.data:
            del self.make_groups

    def edit(self) -> BulkEdit:
        return read_edit(
            add_groups=self.add_groups.data or (),
            remove_groups=self.remove_groups.data or (),
            make_groups="make_groups" in self._fields and self.make_groups.data,
        )

    def tell(self, error: InvalidInput) -> None:
        super().tell(error)
        if isinstance(error, MissingGroups):
            self.offer(error.names)

    def offer(self, names: Sequence[str]) -> None:
        """Let the person have groups made that are not there."""
        words = ", ".join(quoted(name) for name in names)
        noun = "group" if len(names) == 1 else "groups"
        offered = BooleanField(f"Create {noun} {words}", name="make_groups")
        self._fields["make_groups"] = offered.bind(
            form=self, name="make_groups", prefix=self._prefix
        )
        self._fields["make_groups"].process(None)


class RenameForm(BulkForm):
    """A value that is to be written in another way, on all hosts."""

    field = SelectField(
        "Field", choices=[(name, _label(name)) for name in VOCABULARY_FIELDS]
    )
    old = TextField("Current value")
    new = TextField("New value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.field.data in VOCABULARY_FIELDS:
            found = vocabulary.spellings(db.session(), self.field.data)
            self.old.suggestions = self.new.suggestions = found

    @property
    def places(self) -> dict[str, str]:  # type: ignore[override]
        """Errors are about the new spelling, whichever field it is of."""
        return dict.fromkeys(VOCABULARY_FIELDS, "new")

    def edit(self) -> BulkEdit:
        return read_rename(
            self.field.data or "", self.old.data or "", self.new.data or ""
        )
