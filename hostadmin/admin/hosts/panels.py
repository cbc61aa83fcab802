"""What a list of hosts shows to those who ask for it: columns, orders, files, examples.

Each is a page; a script takes the panel out of it. With them, every list was a fifth
larger.
"""

from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.datastructures import MultiDict

from ...db.session import db
from ...inventory.columns import parse_columns
from ...inventory.list_hosts import NOT_COUNTED, count_hosts, parse_sort
from ...query.to_english import describe, spelling
from ..generated.list_context import ListRequest
from ..generated.urls import QUERY, VIEW
from ..help import example_links
from ..list_columns import COLS, ListDisplay, offered, remember
from ..query_args import read_hosts_request
from .export import export_menu
from .list_page import KNOWN, HostList


class HostPanels(HostList):
    """The panels, with the parameters of the list."""

    @expose("/columns/")
    def columns_panel(self) -> ResponseReturnValue:
        list_request = self._list_request(request.args)
        display = self.display(list_request)
        return self._panel(
            list_request,
            label="Columns",
            kept=list_request.url.pairs,
            columns=[
                (name, self.get_column_name(name), shown)
                for name, shown in offered(display)
            ],
            comfortable=display.is_comfortable,
        )

    @expose("/columns/", methods=("POST",))
    def columns_view(self) -> ResponseReturnValue:
        """Remember the columns, and show the same list with them."""
        view = MultiDict(
            (name, value)
            for name, value in request.form.items(multi=True)
            if name in (QUERY, VIEW, "sort", "per_page")
        )
        display = _display_of(request.form)
        url = self._list_request(view).url.setting(COLS, display.cols)
        moved = request.form.get("up") or request.form.get("down")
        panel = f"{url.to(f'{self.endpoint}.columns_panel')}#column-{moved}"
        response = redirect(panel if moved else str(url), 303)
        remember(response, display)
        return response

    @expose("/files/")
    def export_panel(self) -> ResponseReturnValue:
        list_request = self._list_request(request.args)
        count = count_hosts(db.session(), list_request.node)
        noun = self.noun if count.value == 1 else self.nouns
        text = f"{count} {noun}" if count != NOT_COUNTED else f"these {self.nouns}"
        columns = self.display(list_request).columns
        files = export_menu(list_request.url, text, columns)
        return self._panel(list_request, label="Export", files=files)

    @expose("/examples/")
    def examples_panel(self) -> ResponseReturnValue:
        list_request = self._list_request(request.args)
        queries = example_links(list_request.url)
        return self._panel(list_request, label="Examples", queries=queries)

    @expose("/sort/")
    def sort_panel(self) -> ResponseReturnValue:
        list_request = self._list_request(request.args)
        order = parse_sort(list_request.sort)
        listing = self.listing(list_request, order, NOT_COUNTED, NOT_COUNTED)
        return self._panel(list_request, label="Sort", listing=listing)

    def _list_request(self, args: MultiDict[str, str]) -> ListRequest:
        return read_hosts_request(f"{self.endpoint}.index_view", args, KNOWN)

    def _panel(self, list_request: ListRequest, **what: Any) -> ResponseReturnValue:
        return self.render(
            "hosts/panel.html",
            list_url=str(list_request.url),
            sentence=describe(list_request.node, spelling(db.session())),
            **what,
        )


def _display_of(form: MultiDict[str, str]) -> ListDisplay:
    """Return what the form of columns says. Raises ``QueryError``."""
    if "reset" in form:
        return ListDisplay()
    names = [*form.getlist("col"), *form.get("more", "").split(",")]
    display = ListDisplay(parse_columns(names), form.get("density") == "comfortable")
    if up := form.get("up"):
        return display.moved(up, -1)
    return display.moved(form.get("down", ""), 1)
