"""Forms of any model: write through our functions, tell conflicts, ask to delete."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.helpers import is_form_submitted
from markupsafe import Markup
from wtforms import Form, StringField

from .. import history
from ..database import db
from ..errors import Conflict, InvalidInput, InvalidValue
from ..values import clean_text
from .acting import web_act
from .fields import VersionField
from .list_pages import ListPages
from .urls import undo_link


class FormPages(ListPages):
    """What we replace of Flask-Admin's forms.

    In line above the list, not beside it: Flask-Admin's metaclass gives every class a
    copy of each inherited page, so of two bases the first would bring the stock forms.
    """

    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"
    delete_template = "hostadmin/delete.html"

    # Fields whose rules live in values.py, so that forms bring none of their own.
    rules: ClassVar[Mapping[str, Any]] = {}
    # name of a form field → wide or full, for those that need more than a third.
    form_layout: ClassVar[Mapping[str, str]] = {}

    def scaffold_form(self) -> Any:
        """Take the generated form, without rules that the write path has already.

        Two sets of rules would one day say different things.
        """
        form = super().scaffold_form()
        for name in self.rules:
            unbound = getattr(form, name, None)
            if unbound is not None:
                unbound.kwargs["validators"] = []
        form.message = StringField(
            "Why (goes into the history)", render_kw={"maxlength": 255}
        )
        form.row_version = VersionField()
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """Remember the version that the writer sees."""
        form = super().edit_form(obj)
        if not is_form_submitted():
            form.row_version.data = str(getattr(obj, "version", ""))
        return form

    def form_values(self, form: Form) -> dict[str, Any]:
        """Return the fields of the model that the form has."""
        return {
            name: field.data
            for name, field in form._fields.items()
            if name not in ("message", "row_version", "csrf_token")
        }

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Write through our functions, in one transaction that is recorded."""
        if not self.can_create:
            abort(404)
        return self._create(self.create_form())

    @expose("/duplicate/", methods=("GET",))
    def duplicate_view(self) -> ResponseReturnValue:
        """Show the form for a new row, filled with the values of another."""
        original = self.get_one(request.args.get("id"))
        form = self.create_form(obj=original)
        for name in self.unique_fields:
            form[name].data = None
        return self._show_form(
            self.create_template, form, action_url=self.get_url(".create_view")
        )

    # What a duplicate cannot share with the original.
    unique_fields: ClassVar[tuple[str, ...]] = ()

    def _create(self, form: Any) -> ResponseReturnValue:
        if not is_form_submitted():
            return self._show_form(self.create_template, form)
        model = self._saved(form, lambda: self.add(self.form_values(form)))
        if model is None:
            return self._show_form(self.create_template, form, status=400)
        self._flash_saved("Added", model)
        return redirect(self.get_url(".details_view", id=model.id))

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Refuse a stale save: in Flask-Admin the last of two people wins silently."""
        if not self.can_edit:
            abort(404)
        model = self.get_one(request.args.get("id"))
        form = self.edit_form(obj=model)
        if not is_form_submitted():
            return self._show_form(self.edit_template, form, model=model)
        id_, version = model.id, form.row_version.number
        try:
            saved = self._saved(
                form, lambda: self.change(id_, self.form_values(form), version)
            )
        except Conflict:
            return self._show_conflict(form, self.get_one(str(id_)))
        if saved is None:
            model = self.get_one(str(id_))
            return self._show_form(self.edit_template, form, model=model, status=400)
        self._flash_saved("Saved", saved)
        return redirect(self.get_url(".details_view", id=id_))

    def _saved(self, form: Any, work: Any) -> Any:
        """Write, and put what is wrong at the fields. Returns None if not written."""
        if not form.validate():
            self._name_other_errors(form)
            return None
        try:
            message = clean_text(form.message.data)
        except InvalidValue as error:
            form.message.errors = [str(error)]
            return None
        try:
            return history.write(web_act(message), work)
        except InvalidInput as error:
            for wrong in error.errors:
                field = form._fields.get(wrong.field, form.message)
                field.errors = [*field.errors, wrong.message]
            return None

    def _name_other_errors(self, form: Any) -> None:
        """Say at once what else is wrong when a field could not even be read."""
        for name, rule in self.rules.items():
            field = form._fields.get(name)
            if field is None or field.errors:
                continue
            try:
                rule(field.data)
            except InvalidValue as error:
                field.errors = [str(error)]

    def _show_form(
        self, template: str, form: Any, *, status: int = 200, **context: Any
    ) -> ResponseReturnValue:
        model = context.get("model")
        page = self.render(
            template,
            form=form,
            form_layout=self.form_layout,
            name=self.name_of(model) if model is not None else None,
            return_url=self.return_url(),
            **context,
        )
        return page, status

    def _show_conflict(self, form: Any, model: Any) -> ResponseReturnValue:
        theirs = self.get_edit_form()(obj=model)
        rows = [
            (field.label.text, theirs[name]._value(), field._value())
            for name, field in form._fields.items()
            if name in theirs
            and name in self.form_columns
            and self._shown(theirs[name]) != self._shown(field)
        ]
        # Whoever saves again has seen what is there now.
        form.row_version.data = str(getattr(model, "version", ""))
        conflict = {
            "message": f"{self.name_of(model)} was changed by somebody else since you "
            "opened it. Nothing was saved; your text is kept below.",
            "rows": [
                {"label": label, "theirs": theirs_text, "mine": mine_text}
                for label, theirs_text, mine_text in rows
            ],
        }
        return self._show_form(
            self.edit_template, form, model=model, conflict=conflict, status=409
        )

    @staticmethod
    def _shown(field: Any) -> str:
        return str(field._value()) if hasattr(field, "_value") else str(field.data)

    def _flash_saved(self, verb: str, model: Any) -> None:
        link = Markup('<a href="{}">{}</a>').format(
            self.get_url(".details_view", id=model.id), self.name_of(model)
        )
        done = Markup("{} {} {}.").format(verb, self.noun, link)
        flash(done + undo_link(), "success")

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> ResponseReturnValue:
        """Ask first, on a page: Flask-Admin's question is a script that CSP blocks."""
        if not self.can_delete:
            abort(404)
        model = self.get_one(request.values.get("id"))
        form = DeleteForm(request.form)
        # A HEAD comes here as well, and no token was asked of it.
        if request.method != "POST":
            return self._ask_delete(model, form)
        id_, name, version = model.id, self.name_of(model), form.row_version.number
        try:
            history.write(web_act(), lambda: self.delete(id_, version))
        except Conflict as error:
            flash(f"{error} Look again before you delete it.", "error")
            return self._ask_delete(self.get_one(str(id_)), form), 409
        done = Markup("Deleted {} {}.").format(self.noun, name)
        flash(done + undo_link(), "success")
        return redirect(self.get_url(".index_view"))

    def _ask_delete(self, model: Any, form: "DeleteForm") -> str:
        form.row_version.data = str(getattr(model, "version", ""))
        page: str = self.render(
            self.delete_template,
            noun=self.noun,
            name=self.name_of(model),
            effects=self.effects_of_delete(model),
            form=form,
            id=model.id,
            cancel_url=self.get_url(".details_view", id=model.id),
        )
        return page

    def effects_of_delete(self, model: Any) -> list[str]:
        """Return sentences that say what else a deletion changes."""
        return []

    # -- writing: plain values in, the row out --------------------------------------

    def add(self, values: Mapping[str, Any]) -> Any:
        """Add a row; models with rules of their own call their functions instead."""
        model = self.model(**values)
        db.session.add(model)
        db.session.flush()
        return model

    def change(self, id_: int, values: Mapping[str, Any], version: int) -> Any:
        """Change a row; see ``add``."""
        model = self.get_one(str(id_))
        if getattr(model, "version", version) != version:
            raise Conflict(f"{self.name_of(model)} was changed by somebody else.")
        for name, value in values.items():
            setattr(model, name, value)
        db.session.flush()
        return model

    def delete(self, id_: int, version: int) -> None:
        """Delete a row; see ``add``."""
        model = self.get_one(str(id_))
        if getattr(model, "version", version) != version:
            raise Conflict(f"{self.name_of(model)} was changed by somebody else.")
        db.session.delete(model)
        db.session.flush()


class DeleteForm(Form):
    row_version = VersionField()
