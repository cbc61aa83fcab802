"""Which columns a list of hosts shows, in which order, and how high its rows are.

The address says it, so that others see the same; a cookie remembers it for the next
visit. What the address says wins. The cookie holds nothing but this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

from flask import current_app
from werkzeug.wrappers import Response

from ..errors import QueryError
from ..inventory.columns import COLUMNS, DEFAULT, parse_columns

COLS = "cols"
COOKIE = "hostadmin_list"
MAX_AGE = 365 * 24 * 60 * 60
MAX_LENGTH = 3_500


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
        "path": current_app.config["APPLICATION_ROOT"],
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
