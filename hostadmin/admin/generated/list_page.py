"""The list of any model: by keyset, with filters that are understood or refused."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.model import BaseModelView

from ...db.session import db
from ...errors import QueryError
from ...keyset.cursors import Sort
from ...keyset.pages import Count, capped_count, fetch_page
from ...query.url_filters import FILTER_WORDS
from ...validation.values import did_you_mean, quoted
from .list_context import (
    Chip,
    FilterField,
    Listing,
    ListRequest,
    added_filter_url,
    make_chips,
    read_request,
)
from .list_rows import ListRows


@dataclass(frozen=True)
class ListPage:
    """A page of any model; hosts have ``inventory.list_hosts.HostPage``."""

    rows: list[Any]
    count: Count
    total_count: Count
    next_cursor: str | None
    previous_cursor: str | None
    start: int
    sort: Sort


class GeneratedFilter:
    """One of Flask-Admin's generated filters with the value from the address."""

    def __init__(self, param: str, value: str, flt: Any) -> None:
        self.param, self.value, self.flt = param, value, flt
        self.text = f"{flt.name} {_said(flt, value)}"


def _said(flt: Any, value: str) -> str:
    """Return the operation and the value as the list of hosts says them."""
    words = _operation(flt)
    if words != FILTER_WORDS["empty"]:
        return f"{words} {value}"
    return words if value == "1" else words.replace("is ", "is not ")


def _operation(flt: Any) -> str:
    """Return our words for one of Flask-Admin's operations."""
    theirs = str(flt.operation())
    return FILTER_WORDS.get(theirs.replace(" ", "_"), theirs)


class ListPages(ListRows):
    """What we replace of Flask-Admin's list."""

    noun = "row"
    nouns = "rows"
    # Column that names a row in titles and messages.
    name_column = "id"
    can_sort_by_several = False
    # People bookmark filters; numbers would change with the list of them.
    named_filter_urls = True
    list_template = "admin/model/list.html"

    def get_filter_arg(self, index: int, flt: Any) -> str:
        """Name filters by column; by label, a change of words would break bookmarks."""
        if getattr(flt, "key", None):
            return str(flt.key)
        key = getattr(getattr(flt, "column", None), "key", None)
        name = super().get_filter_arg(index, flt)
        label = str(flt.name).lower().replace(" ", "_")
        return f"{key}{name.removeprefix(label)}" if key else name

    def get_sortable_columns(self) -> Any:
        """Keep the declared names: Flask-Admin would take those of the columns."""
        return BaseModelView.get_sortable_columns(self)

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """List rows by keyset: Flask-Admin pages by OFFSET and counts every row.

        It also drops filters that it does not understand and then shows everything.
        """
        if elsewhere := self.opens_with():
            return redirect(elsewhere)
        list_request = self.read_request()
        added = added_filter_url(list_request, request.args, self.filter_fields())
        if added:
            return redirect(added)
        rows, listing = self.read_list(list_request)
        listing.shown = len(rows)
        if self.can_create:
            listing.new_url = self.get_url(".create_view")
        return self.render(
            self.list_template,
            data=rows,
            list_columns=self.shown_columns(list_request),
            list_rows=self.list_rows,
            is_sortable=self.is_sortable,
            listing=listing,
        )

    def opens_with(self) -> str | None:
        """Return where to go instead of the list as it is asked for."""
        return None

    def read_request(self) -> ListRequest:
        """Return the parameters of the list. Raises ``QueryError``."""
        return read_request(f"{self.endpoint}.index_view", request.args)

    def shown_columns(self, list_request: ListRequest) -> list[tuple[str, str]]:
        """Return name and label of each column."""
        return list(self._list_columns)

    def read_list(self, list_request: ListRequest) -> tuple[list[Any], Listing]:
        """Return the rows of one page and what is around them."""
        filters = self.active_filters(list_request)
        page = self.read_page(list_request, filters)
        listing = replace(
            self.listing(list_request, page.sort, page.count, page.total_count),
            start=page.start,
            next_cursor=page.next_cursor,
            previous_cursor=page.previous_cursor,
            chips=self.chips(list_request, filters),
            page=page,
            filter_fields=self.filter_fields(),
        )
        return list(page.rows), listing

    def listing(
        self, list_request: ListRequest, sort: Sort, count: Count, total: Count
    ) -> Listing:
        """Return what is known of a list without its rows."""
        return Listing(
            noun=self.noun,
            nouns=self.nouns,
            url=list_request.url,
            sort_name=sort.name,
            sort_desc=sort.descending,
            sort_then=[part.text for part in sort.then],
            sorts=[
                (name, self.get_column_name(name)) for name in self._sortable_columns
            ],
            can_sort_by_several=self.can_sort_by_several,
            size=list_request.size,
            count=count,
            total=total,
        )

    def read_page(self, list_request: ListRequest, filters: list[Any]) -> Any:
        """Return a page with its counts, like ``list_hosts.HostPage``."""
        where = self.where(filters)
        session = db.session()
        ids = sa.select(sa.inspect(self.model).primary_key[0])
        count = capped_count(session, ids if where is None else ids.where(where))
        page = fetch_page(
            session,
            self.rows(),
            where,
            self._sort(list_request.sort),
            list_request.cursor,
            list_request.size,
            count=count,
        )
        return ListPage(
            page.rows,
            count,
            capped_count(session, ids) if filters else count,
            page.next_cursor,
            page.previous_cursor,
            page.start,
            page.sort,
        )

    def rows(self) -> sa.Select[Any]:
        """Return the select of the list, with loader options and nothing else."""
        return sa.select(self.model)

    def where(self, filters: list[Any]) -> sa.ColumnElement[bool] | None:
        """Return the condition of the filters, None where there is none."""
        statement = sa.select(self.model)
        for active in filters:
            statement = active.flt.apply(statement, active.flt.clean(active.value))
        return statement.whereclause

    def _sort(self, text: str) -> Sort:
        """Sort by name: Flask-Admin's number means another column once one is added."""
        sortable = dict(self._sortable_columns or {})
        name = text.removeprefix("-") or self._default_sort()
        if text and name not in sortable:
            raise QueryError(
                f"The list cannot be sorted by {quoted(name)}.",
                did_you_mean(name, sortable) or f"Use one of: {', '.join(sortable)}.",
            )
        mapper = sa.inspect(self.model)
        column = getattr(self.model, str(sortable.get(name, name)))
        return Sort(
            name=name,
            column=column,
            id_column=mapper.primary_key[0],
            nullable=bool(column.property.columns[0].nullable),
            descending=text.startswith("-"),
        )

    def _default_sort(self) -> str:
        return next(iter(self._sortable_columns or ()), self.name_column)

    def active_filters(self, list_request: ListRequest) -> list[Any]:
        """Return the filters of the address. Raises ``QueryError``."""
        known = {key: flt for key, (_, flt) in (self._filter_args or {}).items()}
        found = []
        for param, value in list_request.filters:
            key = param.partition("_")[2]
            if key not in known:
                raise QueryError(
                    f"Unknown filter {quoted(param)}.", did_you_mean(key, known)
                )
            try:
                known[key].clean(value)
            except (ValueError, KeyError, OverflowError):
                raise QueryError(
                    f"{quoted(value)} cannot be used with {quoted(param)}."
                ) from None
            found.append(GeneratedFilter(param, value, known[key]))
        return found

    def chips(self, list_request: ListRequest, filters: list[Any]) -> list[Chip]:
        return make_chips(list_request.url, filters)

    def filter_fields(self) -> tuple[FilterField, ...]:
        """Return what the form "Add filter" offers."""
        grouped: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        for key, (_, flt) in (self._filter_args or {}).items():
            column = getattr(getattr(flt, "column", None), "key", None) or key
            _, operations = grouped.setdefault(column, (str(flt.name), []))
            operations.append((key.removeprefix(f"{column}_"), _operation(flt)))
        return tuple(
            FilterField(name, label, tuple(operations))
            for name, (label, operations) in grouped.items()
        )
