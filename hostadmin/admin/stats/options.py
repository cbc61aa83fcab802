"""What an address says is to be counted: by what, how many values, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from ...errors import QueryError
from ...limits import limits
from ...query.fields import FIELDS
from ...stats.axes import Order
from ...validation.values import did_you_mean, quoted
from ..generated.list_context import ADD_FILTER, read_number

# What the overview shows, in this order; two with a comma make a cross table.
_FIRST = ("status", "os", "owner", "network", "location,os", "port", "created:month")
TABLES = (
    *_FIRST,
    *(f.name for f in FIELDS.values() if f.groupable and f.name not in _FIRST),
)
MOST_TABLES = 50
SHOWN = {"count": "count", "row": "% of the row", "column": "% of the column"}
VIEW_NAMES = ("by", "table", "order", "top", "zero", "show")
PARAMETERS = (*VIEW_NAMES, *ADD_FILTER)


@dataclass(frozen=True)
class Choice:
    """What a table shows, as it was chosen in the address."""

    by: tuple[str, ...]
    order: Order
    show: str


def read_choice(args: MultiDict[str, str], limit: int | None = None) -> Choice:
    """Return what is to be counted; of "all" values, ``limit`` are shown."""
    by = tuple(text.strip() for text in args.getlist("by") if text.strip())
    if len(by) > 2:
        raise QueryError("Count by at most two fields.")
    top = _read_top(args.get("top", "").strip()) or limit
    order = _one_of(args, "order", ("count", "value"))
    zeros = _one_of(args, "zero", ("0", "1")) == "1"
    show = _one_of(args, "show", tuple(SHOWN))
    return Choice(by, Order(top, order == "value", zeros), show)


def wanted_tables(args: MultiDict[str, str]) -> list[str]:
    """Return the tables of the overview, each once. Raises ``QueryError``."""
    wanted = list(dict.fromkeys(args.getlist("table"))) or list(TABLES)
    if len(wanted) > MOST_TABLES:
        raise QueryError(f"Choose at most {MOST_TABLES} tables.")
    return wanted


def _one_of(args: MultiDict[str, str], name: str, known: Sequence[str]) -> str:
    value = args.get(name, "").strip() or known[0]
    if value not in known:
        raise QueryError(
            f"{quoted(value)} is not a valid value of “{name}”.",
            did_you_mean(value, known) or f"Use one of: {', '.join(known)}.",
        )
    return value


def _read_top(text: str) -> int | None:
    if text == "all":
        return None
    return read_number(text, 20, limits.count_rows, "values to show", ", or “all”")
