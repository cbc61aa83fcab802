"""A query that was not understood: its text, the place marked, and a way out."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Request

from ..errors import QueryError
from ..query.parser import placed

QUERY = "q"
# Of a text that is far too long, what is around the place.
AROUND = 300


@dataclass(frozen=True)
class ShownError:
    """What a page shows; ``before``, ``marked`` and ``after`` are the text in parts."""

    message: str
    hint: str
    text: str
    place: str = ""
    before: str = ""
    marked: str = ""
    after: str = ""
    expected: str = ""
    fixed: str = ""
    fix_url: str = ""


def shown_error(error: QueryError, request: Request) -> ShownError:
    """Return the error with its place in the query of the address, if it has one."""
    texts = request.args.getlist(QUERY)
    for text in texts:
        error = placed(error, text)
    text = " ".join(text for text in texts if text.strip())
    if error.text is None:
        return ShownError(error.message, error.hint, text)
    given, start, end = error.text, error.start, error.end
    fix_url = ""
    if error.fixed is not None:
        pairs = [
            (name, error.fixed if (name, value) == (QUERY, given) else value)
            for name, value in request.args.items(multi=True)
        ]
        fix_url = f"{request.script_root}{request.path}?{urlencode(pairs)}"
    return ShownError(
        message=error.message,
        hint="" if fix_url and error.instead is not None else error.hint,
        text=text,
        place=_place(given, start, end),
        before=_drawn(given[max(0, start - AROUND) : start]),
        marked=_drawn(given[start:end][:AROUND]),
        after=_drawn(given[end : end + AROUND]),
        expected=_expected(error),
        fixed=_drawn(error.fixed or ""),
        fix_url=fix_url,
    )


def _expected(error: QueryError) -> str:
    """Return what would be right there, unless the words of the error say it."""
    if "expected" in str(error):
        return ""
    *rest, last = error.expected or ("",)
    return f"{', '.join(rest)} or {last}" if rest else last


def _place(text: str, start: int, end: int) -> str:
    """Return the place as people count, from one: "characters 10–14"."""
    if start >= len(text):
        return "at the end"
    if end - start == 1:
        return f"character {end:,}"
    return f"characters {start + 1:,}–{end:,}"


def _drawn(text: str) -> str:
    """Return the text with a sign for each character that cannot be seen."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
