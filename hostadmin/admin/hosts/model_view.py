"""The pages of hosts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.helpers import is_form_submitted

from ...bulk_edit import CONFIRM, BulkEdit, Selection, change
from ...db.session import db
from ...errors import QueryError
from ...history import write
from ...history.provenance import find_provenance
from ...inventory import groups, hosts, ssh, vocabulary
from ...inventory.columns import DEFAULT
from ...inventory.neighbours import find_neighbours
from ...models import Host
from ...query.fields import FIELDS, SORTABLE
from ...validation.host_fields import HOST_FIELDS, VOCABULARY_FIELDS
from ...validation.rules import HOST_RULES
from ...validation.values import DEFAULT_PORT, quoted
from ..current_user import web_act
from ..generated import formatters
from ..generated.form_fields import (
    LinesField,
    NamesField,
    NotesField,
    StatusField,
    TextField,
    VarsField,
    WordsField,
)
from ..new_values import ask, open_questions, take_choices
from ..query_filters import FieldFilter
from . import details
from .panels import HostPanels


def field_name(name: str) -> str:
    """Return the field of the form that a column of the list shows."""
    known = {field.query: field.name for field in HOST_FIELDS if field.query}
    return known.get(name, name)


class HostAdmin(HostPanels):
    """Hosts: list, filters, form and details are declared, Flask-Admin makes them."""

    noun = "host"
    nouns = "hosts"
    name_column = "hostname"
    rules = HOST_RULES
    unique_fields = ("hostname", "ip_addr", "addresses", "aliases")
    list_template = "hosts/list.html"
    details_template = "hosts/details.html"

    # The names are those of the query, which are shorter than those of the columns.
    column_list = DEFAULT
    column_labels: ClassVar[dict[str, str]] = {
        **{field.name: field.label for field in HOST_FIELDS},
        "aliases": "Aliases",
        "groups": "Groups",
        **{f.query: f.column or f.label for f in HOST_FIELDS if f.query != f.name},
        "vars": "Variables (YAML or JSON)",
    }
    column_sortable_list = tuple(
        (field.name, field.sort_column.key)
        for field in SORTABLE.values()
        if field.sort_column is not None
    )
    column_filters = tuple(FIELDS)
    column_formatters: ClassVar[dict[str, Any]] = {
        "hostname": formatters.format_host_link,
        "ip": formatters.format_address,
        "status": formatters.format_status,
        **{
            field.name: formatters.format_text
            for field in FIELDS.values()
            if field.attribute in VOCABULARY_FIELDS
        },
        "env": formatters.format_environment,
        "groups": formatters.format_groups,
        "alias": formatters.format_aliases,
        "port": formatters.format_mono,
        "notes": formatters.format_start,
        "created": formatters.format_created,
        "updated": formatters.format_updated,
        "confirmed": formatters.format_confirmed,
    }
    column_details_list = (
        "ip_addr",
        "addresses",
        "port",
        "aliases",
        *VOCABULARY_FIELDS,
        "groups",
        "notes",
    )
    column_formatters_detail: ClassVar[dict[str, Any]] = {
        "ip_addr": formatters.format_mono,
        "addresses": formatters.format_mono_list,
        "aliases": formatters.format_mono_list,
        **dict.fromkeys(("port", *VOCABULARY_FIELDS), formatters.format_same_value),
        "groups": formatters.format_all_groups,
        "notes": formatters.format_notes,
        **dict.fromkeys(
            ("created_at", "updated_at", "confirmed_at"), formatters.format_time
        ),
    }

    form_columns = (
        "hostname",
        "status",
        "ip_addr",
        "port",
        "addresses",
        *VOCABULARY_FIELDS,
        "groups",
        "vars",
        "notes",
        "aliases",
    )
    form_overrides: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("hostname", "ip_addr", "port", *VOCABULARY_FIELDS), TextField),
        "status": StatusField,
        "addresses": WordsField,
        "groups": NamesField,
        "aliases": LinesField,
        "vars": VarsField,
        "notes": NotesField,
    }
    form_args: ClassVar[dict[str, Any]] = {
        "hostname": {"render_kw": {"data-kind": "mono", "autocomplete": "off"}},
        "ip_addr": {"render_kw": {"data-kind": "mono", "autocomplete": "off"}},
        "port": {"render_kw": {"data-kind": "mono", "inputmode": "numeric"}},
        "addresses": {
            "description": "Space-separated",
            "render_kw": {"data-kind": "mono"},
        },
        "groups": {
            "description": "Comma-separated",
            "render_kw": {"data-kind": "names", "data-suggest": "groups.suggestions"},
        },
        "aliases": {
            "description": "Other names of this host, one per line",
            "render_kw": {"data-kind": "mono", "rows": 2},
        },
        "vars": {"render_kw": {"data-kind": "mono", "rows": 8, "spellcheck": "false"}},
        "notes": {"render_kw": {"rows": 8}},
    }
    form_layout: ClassVar[Mapping[str, str]] = {
        "hostname": "wide",
        "vars": "wide",
        "aliases": "full",
    }

    # -- overrides -----------------------------------------------------------------

    def scaffold_filters(self, name: Any) -> list[Any]:
        """Filters come from the one table of fields, which the query uses, too."""
        field = FIELDS[name]
        return [FieldFilter(field, op) for op in field.operations]

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        if not is_form_submitted() and obj is None:
            form.port.data = DEFAULT_PORT
        return self._with_suggestions(form)

    def edit_form(self, obj: Any = None) -> Any:
        return self._with_suggestions(super().edit_form(obj))

    def _with_suggestions(self, form: Any) -> Any:
        if is_form_submitted():
            take_choices(form)
        for name in VOCABULARY_FIELDS:
            form[name].suggestions = vocabulary.spellings(db.session(), name)
        return form

    def asks_again(self, form: Any) -> bool:
        """Ask about values that are new, and near to one that other hosts have."""
        typed = {
            name: form[name].data
            for name in VOCABULARY_FIELDS
            if form[name].data != form[name].object_data
        }
        return ask(form, open_questions(typed))

    def details_extra(self, model: Any) -> dict[str, Any]:
        variables = groups.effective_variables(model)
        return {
            "ssh_command": ssh.ssh_command(model, variables),
            "variables": details.shown_variables(variables),
            "changes": details.shown_changes("host", model.id),
            "same_address": hosts.same_address(model),
            "around": find_neighbours(db.session(), model),
            "provenance": find_provenance(db.session(), model),
            "hosts_url": formatters.hosts_url,
        }

    @expose("/field/")
    def field_view(self) -> ResponseReturnValue:
        """Show the form of one field: what a script puts into the cell of a list."""
        name = field_name(request.args.get("name", ""))
        host = self.get_one(request.args.get("id"))
        form = self.edit_form(obj=host)
        if name not in self.form_columns:
            raise QueryError(f"{quoted(name)} cannot be edited in the list.")
        return self.render(
            "hosts/field.html",
            model=host,
            field=form[name],
            version=form.row_version.data,
            back=self.way_back(),
        )

    @expose("/confirm/", methods=("POST",))
    def confirm_view(self) -> ResponseReturnValue:
        """Note that somebody saw the host: one click, since it takes nothing away."""
        host = self.get_one(request.args.get("id"))
        id_, name, edit = host.id, host.hostname, BulkEdit(CONFIRM)
        write(web_act(), lambda: change(db.session(), Selection(ids=(id_,)), edit))
        flash(f"Confirmed host {name}.", "success")
        return redirect(self.way_back().to("hosts.details_view", id=id_))

    def effects_of_delete(self, model: Any) -> list[str]:
        return details.effects_of_host_delete(model)

    def add(self, values: Mapping[str, Any]) -> Host:
        return hosts.add_host(values)

    def change(self, id_: int, values: Mapping[str, Any], version: int) -> Host:
        return hosts.change_host(id_, values, version)

    def delete(self, id_: int, version: int) -> None:
        hosts.delete_host(id_, version)
