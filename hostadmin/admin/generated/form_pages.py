"""Forms of any model: write through our functions, tell conflicts, ask to delete."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.helpers import is_form_submitted
from markupsafe import Markup
from wtforms import Form, StringField

from ... import history
from ...db.session import db
from ...errors import Conflict, Deleted, InvalidInput, InvalidValue, NotFound
from ...validation.values import clean_text
from ..current_user import web_act
from .change_entries import ShownEntry
from .conflict_page import Resolution, find_conflict, newer_entries, read_resolution
from .form_fields import VersionField
from .list_page import ListPages
from .urls import undo_link
from .way_back import WayBack, referring_path

# The button that saves and goes on to the next row of the list.
NEXT = "save_next"
# The form of one cell leads back to its list.
TO_LIST = "save_to_list"


class FormPages(ListPages):
    """What we replace of Flask-Admin's forms.

    In line above the list, not beside it: Flask-Admin's metaclass gives every class a
    copy of each inherited page, so of two bases the first would bring the stock forms.
    """

    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"
    delete_template = "admin/model/delete.html"
    conflict_template = "admin/model/conflict.html"

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
        form.message = StringField("Reason (optional)", render_kw={"maxlength": 255})
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
            self.create_template,
            form,
            action_url=self.way_back().to(f"{self.endpoint}.create_view"),
        )

    def way_back(self) -> WayBack:
        raise NotImplementedError

    def return_url(self) -> str:
        raise NotImplementedError

    def rows_beside(self, model: Any) -> tuple[Any, Any]:
        raise NotImplementedError

    # What a duplicate cannot share with the original.
    unique_fields: ClassVar[tuple[str, ...]] = ()

    def _create(self, form: Any) -> ResponseReturnValue:
        if not is_form_submitted():
            return self._show_form(self.create_template, form)
        model = self._saved(form, lambda: self.add(self.form_values(form)))
        if model is None:
            return self._show_form(self.create_template, form, status=400)
        self._flash_saved("Added", model)
        return redirect(
            self.way_back().to(f"{self.endpoint}.details_view", id=model.id)
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Refuse a stale save: in Flask-Admin the last of two people wins silently."""
        if not self.can_edit:
            abort(404)
        id_ = request.args.get("id")
        try:
            return self._edit(self.get_one(id_))
        except NotFound as error:
            # It may have gone while it was saved: then, too, tell who deleted it.
            db.session.rollback()
            known = isinstance(error, Deleted)
            found = error if known else self.not_there(id_)
            if request.method == "GET" or not isinstance(found, Deleted):
                raise found from None
            return self._show_deleted(found)

    def _edit(self, model: Any) -> ResponseReturnValue:
        form = self.edit_form(obj=model)
        if not is_form_submitted():
            return self._show_form(self.edit_template, form, model=model)
        id_, version = model.id, form.row_version.number
        # Where it is before it is saved: after it, it may be elsewhere, or gone.
        following = self.rows_beside(model)[1] if NEXT in request.form else None
        resolution = read_resolution(request.form, self.form_columns)
        if resolution and not resolution.is_complete:
            return self._show_conflict(form, model, resolution.seen, resolution, 400)
        values = self.form_values(form)
        if resolution:
            values = {name: values[name] for name in resolution.mine}
        try:
            saved = self._saved(form, lambda: self.change(id_, values, version))
        except Conflict as error:
            return self._show_conflict_of(form, id_, resolution, error)
        if saved is None:
            return self._show_errors(form, self.get_one(str(id_)), resolution)
        self._flash_saved("Saved", saved)
        if TO_LIST in request.form:
            return redirect(self.way_back().url)
        page = "details_view" if following is None else "edit_view"
        shown_id = id_ if following is None else following.id
        return redirect(self.way_back().to(f"{self.endpoint}.{page}", id=shown_id))

    def _show_errors(
        self, form: Any, model: Any, resolution: Resolution | None
    ) -> ResponseReturnValue:
        if resolution:
            return self._show_conflict(form, model, resolution.seen, resolution, 400)
        return self._show_form(self.edit_template, form, model=model, status=400)

    def _show_conflict_of(
        self, form: Any, id_: int, resolution: Resolution | None, error: Conflict
    ) -> ResponseReturnValue:
        model, version = self.get_one(str(id_)), form.row_version.number
        if version == getattr(model, "version", None):
            # Not this row but another one was changed, such as a group of it.
            form.message.errors = [str(error)]
            return self._show_form(self.edit_template, form, model=model, status=409)
        if resolution:
            # What they left to the others is what they saw on the page before.
            resolution = Resolution(version, dict.fromkeys(resolution.mine, ""))
        return self._show_conflict(form, model, version, resolution, 409)

    def _saved(self, form: Any, work: Any) -> Any:
        """Write, and put what is wrong at the fields. Returns None if not written."""
        if not form.validate():
            self._name_other_errors(form)
            return None
        if self.asks_again(form):
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

    def asks_again(self, form: Any) -> bool:
        """Put questions at fields whose values are probably slips."""
        return False

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
        model, back = context.get("model"), self.way_back()
        cancel_url = self.return_url()
        if model is not None and referring_path() != back.url:
            cancel_url = back.to(f"{self.endpoint}.details_view", id=model.id)
        page = self.render(
            template,
            form=form,
            form_layout=self.form_layout,
            name=self.name_of(model) if model is not None else None,
            return_url=cancel_url,
            back=back,
            beside=(None, None) if model is None else self.rows_beside(model),
            **context,
        )
        return page, status

    def _show_conflict(
        self,
        form: Any,
        model: Any,
        seen: int,
        resolution: Resolution | None,
        status: int,
    ) -> ResponseReturnValue:
        conflict = find_conflict(self, form, model, seen, resolution)
        # Anyone who saves again has seen what is there now.
        form.row_version.data = str(getattr(model, "version", ""))
        return self._show_form(
            self.conflict_template,
            form,
            model=model,
            conflict=conflict,
            asks_again=resolution is not None and status == 400,
            status=status,
        )

    def _show_deleted(self, error: Deleted) -> ResponseReturnValue:
        """Keep what was typed for somebody who edited what was deleted meanwhile."""
        form = self.get_edit_form()(formdata=request.form)
        page = self.render(
            "admin/model/gone.html",
            deletion=error.deletion,
            subject=error.subject,
            id=error.id,
            form=form,
            form_layout=self.form_layout,
            return_url=self.get_url(".index_view"),
        )
        return page, 409

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
        except NotFound:
            db.session.rollback()
            raise self.not_there(str(id_)) from None
        except Conflict as error:
            model = self.get_one(str(id_))
            newer = newer_entries(model, version)
            return self._ask_delete(model, form, str(error), newer), 409
        done = Markup("Deleted {} {}.").format(self.noun, name)
        flash(done + undo_link(), "success")
        return redirect(self.way_back().url)

    def _ask_delete(
        self,
        model: Any,
        form: "DeleteForm",
        error: str = "",
        newer: Sequence[ShownEntry] = (),
    ) -> str:
        form.row_version.data = str(getattr(model, "version", ""))
        page: str = self.render(
            self.delete_template,
            noun=self.noun,
            name=self.name_of(model),
            effects=self.effects_of_delete(model),
            form=form,
            id=model.id,
            error=error,
            newer=newer,
            back=self.way_back(),
            cancel_url=self.way_back().to(f"{self.endpoint}.details_view", id=model.id),
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
            raise Conflict(f"{self.name_of(model)} was changed by someone else.")
        for name, value in values.items():
            setattr(model, name, value)
        db.session.flush()
        return model

    def delete(self, id_: int, version: int) -> None:
        """Delete a row; see ``add``."""
        model = self.get_one(str(id_))
        if getattr(model, "version", version) != version:
            raise Conflict(f"{self.name_of(model)} was changed by someone else.")
        db.session.delete(model)
        db.session.flush()


class DeleteForm(Form):
    row_version = VersionField()
