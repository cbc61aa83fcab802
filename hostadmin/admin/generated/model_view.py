"""The base of all model views: what Flask-Admin generates, and what we replace of it.

``column_list``, ``column_labels``, ``column_formatters``, ``column_filters``,
``column_sortable_list``, ``column_details_list``, ``form_columns``, ``form_args``,
``form_overrides`` and the scaffolding behind them are Flask-Admin's. Each override
below says why it is there; docs/architecture.md has the list.
"""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from ...db.session import db
from ...errors import Deleted, NotFound
from ...history.objects import find_deletion
from ...permissions import may
from ...validation.local_path import own_path
from ...validation.numbers import MAX_ID, whole_number
from ...validation.values import quoted
from .form_pages import FormPages
from .way_back import BACK, WayBack, find_way_back

# Routes of Flask-Admin that have no use here: no version check on an inline edit, a
# commit for each row of an action, all rows in memory for an export.
CLOSED = ("action_view", "ajax_lookup", "ajax_update", "export")


def parse_id(text: str | None) -> int:
    """Return an id from an address. Raises ``NotFound``: there can be no such row."""
    number = whole_number(text, 1, MAX_ID)
    if number is None:
        raise NotFound(f"{quoted(text or '')} is not a valid ID.")
    return number


class ModelAdmin(FormPages):
    """A list, filters, forms and details for any model, declared in a few lines."""

    can_view_details = True
    # A joined collection with LIMIT is wrapped into a subquery that no index serves.
    column_auto_select_related = False
    details_template = "admin/model/details.html"

    # Flask-Admin asks these for its pages, and templates for their links.
    @property
    def can_create(self) -> bool:
        return may(f"{self.endpoint}.create_view")

    @property
    def can_edit(self) -> bool:
        return may(f"{self.endpoint}.edit_view")

    @property
    def can_delete(self) -> bool:
        return may(f"{self.endpoint}.delete_view")

    def __init__(self, model: Any, **options: Any) -> None:
        options.setdefault("endpoint", model.__tablename__)
        options.setdefault("url", f"/{options['endpoint']}")
        # The session itself would warn: Flask-Admin 3 will want the extension.
        super().__init__(model, db, **options)
        routes: list[Any] = self._urls  # type: ignore[has-type]
        self._urls = [route for route in routes if route[1] not in CLOSED]

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a view once: Flask-Admin runs it again after any TypeError inside."""
        return fn(self, *args, **kwargs)

    def get_one(self, id: Any) -> Any:
        """Refuse what cannot be an id: PostgreSQL would answer with an error."""
        row = db.session.get(self.model, parse_id(id))
        if row is None:
            raise self.not_there(id)
        return row

    def not_there(self, id: Any) -> NotFound:
        """Return an error that says who deleted the row, if the history knows."""
        number = parse_id(id)
        message = f"{self.noun.capitalize()} {number} does not exist."
        subject: str = getattr(self.model, "__subject__", "")
        found = subject and find_deletion(db.session(), subject, number)
        return Deleted(message, subject, number, found) if found else NotFound(message)

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        """Answer 404 for a row that is not there; Flask-Admin goes back to the list."""
        model = self.get_one(request.args.get("id"))
        return self.render(
            self.details_template,
            model=model,
            name=self.name_of(model),
            details_columns=self._details_columns,
            get_value=self.get_detail_value,
            back=self.way_back(),
            beside=self.rows_beside(model),
            **self.details_extra(model),
        )

    def details_extra(self, model: Any) -> dict[str, Any]:
        """Return what the details template of this model shows besides the columns."""
        return {}

    def name_of(self, model: Any) -> str:
        return str(getattr(model, self.name_column))

    def way_back(self) -> WayBack:
        """Return the list that somebody came from, with its query and columns."""
        return find_way_back(str(self.name), self.get_url(".index_view"))

    def return_url(self) -> str:
        """Return the way back: a path of this site, whatever the address says.

        Flask-Admin's own check takes ``http:evil.example`` for one of ours.
        """
        return own_path(request.args.get(BACK)) or self.way_back().url

    def rows_beside(self, model: Any) -> tuple[Any, Any]:
        """Return the rows before and after this one in the list, None where unknown."""
        return None, None
