"""The rows of a list: the one place where a value becomes a cell.

What is the same in all rows, such as labels, classes and the beginning of addresses, is
put together once a page; for each cell, one function is called.
"""

import functools
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

from flask_admin.contrib.sqla import ModelView
from jinja2 import pass_context
from markupsafe import Markup, escape

from ...formatting import html
from .urls import row_url

# The value of a row in one column: markup, or text that is escaped.
Value = Callable[[Any], Any]


class ListRows(ModelView):
    """What makes rows out of ``column_list`` and ``column_formatters``."""

    # Cards on phones name what they show, where the values do not speak for themselves.
    has_labels_on_cards = True
    # Columns that cards leave out. Their cells need no class: what is wide enough for
    # them takes it from the header.
    not_on_cards: Container[str] = ()

    @pass_context
    def list_rows(
        self, context: Any, rows: Iterable[Any], columns: Sequence[tuple[str, str]]
    ) -> Markup:
        """Return the rows of the page with these columns, names and labels."""
        cells = self.row_cells(context, columns)
        # A cell needs no end tag before the next one: a page has hundreds.
        openings = [opening.replace("%", "%%") for opening, _ in cells]
        row_of = f"<tr>{'%s'.join(openings)}%s</tr>\n"
        values = [value for _, value in cells]
        made = [row_of % tuple(_escaped(row, values)) for row in rows]
        return Markup("".join(made))  # noqa: S704 - each value was escaped

    def row_cells(
        self, context: Any, columns: Sequence[tuple[str, str]]
    ) -> list[tuple[str, Value]]:
        """Return the cells of a row from left to right: see ``cell``."""
        (main, label), *others = columns
        cells = [
            (self._opening(main, label, "is-main"), self._main_value(context, main)),
            *(self.cell(context, *column) for column in others),
        ]
        if self.can_edit:
            cells.append(("<td class=edit>", self._edit_link(self.naming(main))))
        return cells

    def cell(self, context: Any, name: str, label: str) -> tuple[str, Value]:
        """Return what cells of a column begin with in every row, and what follows."""
        return self._opening(name, label), self.value(context, name)

    def value(self, context: Any, name: str) -> Value:
        """Return what makes a cell of a column, by Flask-Admin's declarations."""
        formatter = self.column_formatters.get(name)
        if formatter is None:
            return lambda row: self.get_list_value(context, row, name)
        return functools.partial(_formatted, formatter, self, context, name)

    def _main_value(self, context: Any, name: str) -> Value:
        """Return what makes the first column: a link, whatever is in it."""
        url_of, key = self._row_urls("details_view"), self._primary_key
        if self._has_named_rows(name):
            # With an id, so that what else is in the row can be named by it.
            named = '<a id=r%s href="%s">%s</a>'
            return lambda row: html(
                named, getattr(row, key), url_of(row), self.name_of(row)
            )
        value = self.value(context, name)

        def linked(row: Any) -> Any:
            text = value(row)
            if isinstance(text, Markup) and "<a " in text:
                return text
            return html('<a href="%s">%s</a>', url_of(row), text)

        return linked if self.can_view_details else value

    def _opening(self, name: str, label: str, class_: str = "") -> str:
        if name in self.not_on_cards and not class_:
            return "<td>"
        class_ = class_ or f"col-{escape(name.replace('.', '-'))}"
        labelled = f' data-label="{escape(label)}"' if self.has_labels_on_cards else ""
        quoted = class_ if class_.replace("-", "_").isidentifier() else f'"{class_}"'
        return f"<td class={quoted}{labelled}>"

    def _edit_link(self, named: Callable[[str], Value]) -> Value:
        url_of, name = self._row_urls("edit_view"), named("Edit")
        return lambda row: html('<a href="%s"%s>Edit</a>', url_of(row), name(row))

    def naming(self, main: str) -> Callable[[str], Value]:
        """Return what makes the attribute that says "Edit web-1" in a row.

        Where the first column is the name, it refers to that and to the word, which the
        header has with its small letters as id: a page has a hundred of these.
        """
        key = self._primary_key

        def by_text(word: str, row: Any) -> Markup:
            return html(' aria-label="%s %s"', word, self.name_of(row))

        def by_ids(word: str, row: Any) -> Markup:
            return html(' aria-labelledby="%s r%s"', word.lower(), getattr(row, key))

        way = by_ids if self._has_named_rows(main) else by_text
        return lambda word: functools.partial(way, word)

    def _has_named_rows(self, main: str) -> bool:
        return main == self.name_column and self.can_view_details

    def _row_urls(self, page: str) -> Callable[[Any], str]:
        """Return what makes the address of a page about a row."""
        start, key = row_url(f"{self.endpoint}.{page}", ""), self._primary_key
        return lambda row: f"{start}{getattr(row, key)}"


def _formatted(formatter: Any, view: Any, context: Any, name: str, row: Any) -> Any:
    return formatter(view, context, row, name)


def _escaped(row: Any, values: list[Value]) -> list[Any]:
    found = [value(row) for value in values]
    return [text if type(text) is Markup else escape(text) for text in found]
