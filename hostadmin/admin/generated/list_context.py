"""What a list page shows around its rows: total, chips, links to sort and turn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from ...errors import QueryError
from ...keyset.pages import Count
from ...query.ast import EVERYTHING, Node
from ...validation.numbers import whole_number
from ...validation.values import did_you_mean, quoted
from .urls import FILTER_PREFIX, ViewUrl, is_filter

PAGE_SIZES = (25, 50, 100, 200)
MAX_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 50
# What the form "Add filter" sends when there is no script to put it together.
ADD_FILTER = ("add_field", "add_op", "add_value")
# Rows that are ticked; they are of one page of one list, and in no link of it.
TICKED = "ids"
PARAMETERS = ("sort", "per_page", "cursor", *ADD_FILTER)


class ActiveFilter(Protocol):
    """A filter as it is in the address, and as people read it."""

    @property
    def param(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Chip:
    text: str
    remove_url: str
    title: str


@dataclass(frozen=True)
class FilterField:
    """A field that can be filtered, with its operations: (name, words)."""

    name: str
    label: str
    operations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PageSize:
    size: int
    url: str
    current: bool


@dataclass(frozen=True)
class ListRequest:
    """The parameters of a list page, checked as far as that needs no database."""

    url: ViewUrl
    sort: str
    size: int
    cursor: str | None
    filters: tuple[tuple[str, str], ...]
    # Of a page of hosts, what query and filters say together.
    node: Node = EVERYTHING


def read_request(
    endpoint: str, args: MultiDict[str, str], known: Iterable[str] = PARAMETERS
) -> ListRequest:
    """Read the parameters of a list. Raises ``QueryError``.

    An unknown parameter is refused: ignored, it would show more than was asked for.
    """
    pairs = [(name, value) for name, value in args.items(multi=True) if value.strip()]
    for name, _ in pairs:
        if not is_filter(name) and name not in known:
            raise QueryError(
                f"Unknown parameter {quoted(name)}.",
                did_you_mean(name, known) or "Remove it.",
            )
    kept = tuple(
        pair for pair in pairs if pair[0] not in ("cursor", TICKED, *ADD_FILTER)
    )
    return ListRequest(
        url=ViewUrl(endpoint, kept),
        sort=single(args, "sort"),
        size=read_number(
            single(args, "per_page"), DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, "rows per page"
        ),
        cursor=single(args, "cursor") or None,
        filters=tuple(pair for pair in pairs if is_filter(pair[0])),
    )


def single(args: MultiDict[str, str], name: str) -> str:
    """Return the one value of a parameter, trimmed. Raises ``QueryError`` for two."""
    found = [value for value in args.getlist(name) if value.strip()]
    if len(found) > 1:
        raise QueryError(f"“{name}” is set more than once in the address.")
    return found[0].strip() if found else ""


def read_number(text: str, default: int, most: int, unit: str, also: str = "") -> int:
    """Return a number from 1 to ``most`` of an address. Raises ``QueryError``."""
    if not text:
        return default
    number = whole_number(text, 1, most)
    if number is None:
        raise QueryError(
            f"{quoted(text)} is not a valid number of {unit}.",
            f"Use a number from 1 to {most:,}{also}.",
        )
    return number


@dataclass
class Listing:
    """Everything that the list template shows but the rows and columns."""

    noun: str
    nouns: str
    url: ViewUrl
    sort_name: str
    sort_desc: bool
    size: int
    count: Count
    total: Count
    start: int = 1
    shown: int = 0
    next_cursor: str | None = None
    previous_cursor: str | None = None
    chips: Sequence[Chip] = ()
    filter_fields: tuple[FilterField, ...] = ()
    search_name: str | None = None
    search_label: str = ""
    search_value: str = ""
    # name and label of every order there is
    sorts: Sequence[tuple[str, str]] = ()
    # what the list is sorted by after the first column, as in the address
    sort_then: Sequence[str] = ()
    can_sort_by_several: bool = False
    sort_note: str = ""
    sentence: str = ""
    # Seconds after which the count, or with no rows the search, was given up.
    stopped_after: float = 0.0
    # what was read, as the list of this model reads it
    page: Any = None
    new_url: str | None = None
    # What these rows can be counted by, and where.
    counts: Sequence[tuple[str, str]] = ()
    # The menu of saved views, of pages that have some.
    views: Any = None
    hint: str = ""
    # Parameters of the view that are kept when all filters are cleared.
    view_names: Sequence[str] = ("sort", "per_page")
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty_inventory(self) -> bool:
        return self.total.value == 0

    @property
    def total_text(self) -> str:
        """Return "710 of 2,015 hosts", with + where counting stopped."""
        noun = self.noun if self.total.value == 1 else self.nouns
        if not self.chips:
            return f"{self.total} {noun}"
        if self.stopped_after and not self.shown:
            return f"None found among {self.total} {noun}"
        if self.count.capped and self.count.exact is None:
            # To count on would take longer than the page; "Count by" does it.
            return f"More than {self.count.value:,} {noun} match"
        return f"{self.count} of {self.total} {noun}"

    @property
    def count_text(self) -> str:
        """Return how many match: "710", with + where counting stopped."""
        return str(self.count)

    @property
    def stop_note(self) -> str:
        """Say what was given up, and what helps."""
        if not self.stopped_after:
            return ""
        what = "Counting" if self.shown else "The search"
        return (
            f"{what} stopped after {self.stopped_after:.0f} s because this query is "
            "slow. Add a condition such as env:prod or web*."
        )

    @property
    def range_text(self) -> str:
        """Return "1–50 of 710"."""
        if not self.shown:
            return ""
        last = self.start + self.shown - 1
        return f"{self.start:,}–{last:,} of {self.count}"

    @property
    def next_url(self) -> str | None:
        return self._turned(self.next_cursor)

    @property
    def previous_url(self) -> str | None:
        return self._turned(self.previous_cursor)

    @property
    def first_url(self) -> str:
        return str(self.url)

    def _turned(self, cursor: str | None) -> str | None:
        return str(self.url.adding("cursor", cursor)) if cursor else None

    @property
    def clear_url(self) -> str | None:
        return str(self.url.only(*self.view_names)) if self.chips else None

    @property
    def sort_label(self) -> str:
        labels = dict(self.sorts)
        names = [self.sort_name, *(text.removeprefix("-") for text in self.sort_then)]
        return ", ".join(labels.get(name, name) for name in names)

    def then_url(self, name: str) -> str | None:
        """Return the list sorted by a column after all others, or that turned around.

        None for the first column, and where there is but one.
        """
        if not self.can_sort_by_several or name == self.sort_name:
            return None
        then = list(self.sort_then)
        for place, text in enumerate(then):
            if text.removeprefix("-") == name:
                then[place] = name if text.startswith("-") else f"-{name}"
                break
        else:
            then.append(name)
        first = f"-{self.sort_name}" if self.sort_desc else self.sort_name
        return str(self.url.setting("sort", ",".join((first, *then))))

    @property
    def names_sorted_by(self) -> list[str]:
        """The columns that the list is sorted by after the first."""
        return [text.removeprefix("-") for text in self.sort_then]

    def sort_url(self, name: str) -> str:
        """Return the list sorted by a column, the other way if it is sorted by it."""
        again = name == self.sort_name and not self.sort_desc
        return str(self.url.setting("sort", f"-{name}" if again else name))

    @property
    def page_sizes(self) -> list[PageSize]:
        return [
            PageSize(
                size, str(self.url.setting("per_page", str(size))), size == self.size
            )
            for size in PAGE_SIZES
        ]

    @property
    def hidden_args(self) -> list[tuple[str, str]]:
        """Return what a GET form must send along to keep the view."""
        return list(self.url.pairs)


def make_chips(url: ViewUrl, filters: Iterable[ActiveFilter]) -> list[Chip]:
    """Return a chip for each filter; following its link takes the filter away."""
    chips = []
    for active in filters:
        position = url.pairs.index((active.param, active.value))
        chips.append(
            Chip(active.text, str(url.without(position)), f"Remove {active.text}")
        )
    return chips


def added_filter_url(
    request: ListRequest, args: MultiDict[str, str], fields: Iterable[FilterField]
) -> str | None:
    """Return the address with the filter of the "Add filter" form, if it was sent.

    Raises ``QueryError`` when field and operation do not go together.
    """
    name, op = single(args, "add_field"), single(args, "add_op")
    value = single(args, "add_value")
    if not (name or value):
        return None
    by_name = {candidate.name: candidate for candidate in fields}
    if name not in by_name:
        raise QueryError(f"Unknown field {quoted(name)}.", did_you_mean(name, by_name))
    words = dict(by_name[name].operations)
    op = op or next(iter(words))
    if op not in words:
        raise QueryError(
            f"{quoted(op)} cannot be used with {by_name[name].label.lower()}.",
            f"Use one of: {', '.join(words.values())}.",
        )
    if op == "empty":
        value = value or "1"
    if not value:
        raise QueryError(f"{by_name[name].label} {words[op]}: enter a value.")
    return str(request.url.adding(f"{FILTER_PREFIX}_{name}_{op}", value))
