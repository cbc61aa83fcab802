"""Which columns a list of hosts shows, in which order, and how high its rows are.

The address says it, so that others see the same; a cookie remembers it for the next
visit. What the address says wins. The cookie holds nothing but this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

from flask import current_app
from werkzeug.wrappers import Response

from ..errors import QueryError
from ..query.fields import FIELDS, field_hint, find_field
from ..validation.host_fields import HOST_FIELDS
from ..validation.values import quoted

COLS = "cols"
COOKIE = "hostadmin_list"
MAX_AGE = 365 * 24 * 60 * 60
MOST = 30
MAX_LENGTH = 3_500

# A column may be called otherwise than the field, where it shows all of several.
_CALLED = {"group": "groups"}
DEFAULT = tuple(
    _CALLED.get(field.query, field.query) for field in HOST_FIELDS if field.is_listed
)
COLUMNS = tuple(_CALLED.get(name, name) for name in FIELDS)


@dataclass(frozen=True)
class ListDisplay:
    columns: tuple[str, ...] = DEFAULT
    is_comfortable: bool = False

    @property
    def cols(self) -> str | None:
        """What the address says of the columns: nothing of the usual ones."""
        return None if self.columns == DEFAULT else ",".join(self.columns)

    def moved(self, name: str, step: int) -> "ListDisplay":
        """Return the display with one column further to the front or back."""
        columns = list(self.columns)
        if name not in columns:
            return self
        at = columns.index(name)
        to = max(0, min(len(columns) - 1, at + step))
        columns.insert(to, columns.pop(at))
        return replace(self, columns=tuple(columns))


def parse_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of these names, each once. Raises ``QueryError``."""
    found = [_column(name.strip()) for name in names if name.strip()]
    if len(found) > MOST:
        raise QueryError(f"A list shows at most {MOST} columns.")
    return tuple(dict.fromkeys(found)) or DEFAULT


def _column(name: str) -> str:
    try:
        field = find_field(name)
    except QueryError:
        raise QueryError(
            f"There is no column {quoted(name)} to show.", field_hint(name)
        ) from None
    return _CALLED.get(field.name, field.name)


def variable_path(column: str) -> tuple[str, ...]:
    """Return the way down to the variable that the column shows, if it shows one."""
    return find_field(column).path


def read_display(cols: str, cookies: Mapping[str, str]) -> ListDisplay:
    """Return how the list looks. Raises ``QueryError`` for columns in the address."""
    display = _remembered(cookies.get(COOKIE, ""))
    return replace(display, columns=parse_columns(cols.split(","))) if cols else display


def _remembered(text: str) -> ListDisplay:
    """Read the cookie; what makes no sense in it (any more) is left out."""
    kept = parse_qs(text[:4096])
    density = kept.get("density", [""])[0]
    try:
        columns = parse_columns(kept.get(COLS, [""])[0].split(","))
    except QueryError:
        columns = DEFAULT
    return ListDisplay(columns, density == "comfortable")


def remember(response: Response, display: ListDisplay) -> None:
    """Write the cookie, or take it away where there is nothing to remember."""
    pairs = [(COLS, display.cols)] if display.cols else []
    if display.is_comfortable:
        pairs.append(("density", "comfortable"))
    options = {
        "secure": current_app.config["SESSION_COOKIE_SECURE"],
        "httponly": True,
        "samesite": "Lax",
    }
    text = urlencode(pairs)
    # Browsers drop longer ones, each at a length of its own.
    if pairs and len(text) < MAX_LENGTH:
        response.set_cookie(COOKIE, text, max_age=MAX_AGE, **options)
    else:
        response.delete_cookie(COOKIE, **options)


def offered(display: ListDisplay) -> Sequence[tuple[str, bool]]:
    """Return every column and whether it is shown: first those, in their order."""
    rest = [name for name in COLUMNS if name not in display.columns]
    return [*((name, True) for name in display.columns), *((n, False) for n in rest)]
