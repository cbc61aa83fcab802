"""Times as people write them in a query. Every text is a half-open range in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import QueryError
from ..validation.values import nearest, quoted

# The least year that every engine keeps.
MIN_YEAR = 1000
LAST = datetime.max.replace(tzinfo=UTC)
FIRST = datetime(MIN_YEAR, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)

EXAMPLES = "2026, 2026-11, 2026-11-03, 2026-11-03T10:00, today or -7d"

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(days=7),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
# What each unit is called elsewhere: shown, never guessed.
_OTHER_UNITS = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("mon", "mons", "mth", "mths", "month", "months"), "mo"),
    **dict.fromkeys(("yr", "yrs", "year", "years"), "y"),
}
_MONTHS_OR_MINUTES = "M"
_RELATIVE = re.compile(r"([+-])(\d{1,9})([a-z]+)")
_NEARLY_RELATIVE = re.compile(
    r"([+-]?)\s*(\d{1,9})\s*([a-z]+)(?:\s+ago)?", re.IGNORECASE
)
_DATE = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_OTHER_DATE = re.compile(r"(\d{4})[/.](\d\d?)[/.](\d\d?)|(\d\d?)\.(\d\d?)\.(\d{4})")
_CLOCK = re.compile(r"\s+(\d\d?:\d\d(?::\d\d)?)(?:\s?(?:Z|UTC))?(?=[\s),]|$)", re.I)
_UNIT_BEHIND = re.compile(r"\s+([a-z]+)(?:\s+ago)?(?=[\s),]|$)", re.IGNORECASE)
_WORDS = ("now", "today", "yesterday")


@dataclass(frozen=True)
class Span:
    """From ``start`` up to, and without, ``end``."""

    start: datetime
    end: datetime


def parse_time(text: str, now: datetime) -> Span:
    """Return the span that the text names: a year, a day, a minute, an instant."""
    exact = text.strip()
    word = exact.casefold()
    try:
        # Of units, the case counts: M are months to some and minutes to others.
        span = _word(word, now) or _relative(exact, now) or _date(word) or _time(word)
    except (ValueError, OverflowError):
        span = None
    if span is None or span.start < FIRST:
        raise _no_time(exact, now)
    return span


def _no_time(text: str, now: datetime) -> QueryError:
    relative = _NEARLY_RELATIVE.fullmatch(text)
    if relative and relative[3] == _MONTHS_OR_MINUTES:
        ago = f"{relative[1] or '-'}{relative[2]}"
        return QueryError(
            f"{quoted(text)} could be months or minutes.",
            f"Write “{ago}mo” for months, “{ago}m” for minutes.",
        )
    near = _meant(text, relative)
    try:
        if near and near != text:
            parse_time(near, now)
    except QueryError:
        near = None
    near = None if near == text else near
    return QueryError(
        f"{quoted(text)} is not a valid time.",
        f"Did you mean “{near}”?" if near else f"Write {EXAMPLES}.",
        instead=near,
    )


def _meant(text: str, relative: re.Match[str] | None) -> str | None:
    if relative:
        unit = relative[3].casefold()
        unit = _OTHER_UNITS.get(unit, unit)
        return f"{relative[1] or '-'}{relative[2]}{unit}" if unit in _UNITS else None
    if date := _OTHER_DATE.fullmatch(text):
        year, month, day = date.group(1, 2, 3) if date[1] else date.group(6, 5, 4)
        return f"{year}-{month:0>2}-{day:0>2}"
    return nearest(text, _WORDS)


def time_behind(begun: str, rest: str) -> tuple[str, int] | None:
    """Return the time that goes on behind a blank, and where it ends in the rest.

    A blank ends a value, so ``17:00`` behind a date, or ``days ago`` behind a number,
    would be something else.
    """
    if re.fullmatch(r"[+-]?\d{1,9}", begun):
        unit = _UNIT_BEHIND.match(rest)
        is_known = unit is not None and unit[1].casefold() in _OTHER_UNITS
        relative = _NEARLY_RELATIVE.fullmatch(f"{begun} {unit[1]}" if unit else "")
        near = _meant("", relative) if is_known and relative else None
        return (near, unit.end()) if unit and near else None
    return _with_clock(begun, rest)


def _with_clock(date: str, rest: str) -> tuple[str, int] | None:
    clock = _CLOCK.match(rest)
    if clock is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        return None
    hour, _, more = clock[1].partition(":")
    return f"{date}T{hour:0>2}:{more}", clock.end()


def _word(word: str, now: datetime) -> Span | None:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "now":
        return _instant(now)
    if word == "today":
        return Span(today, today + timedelta(days=1))
    if word == "yesterday":
        return Span(today - timedelta(days=1), today)
    return None


def _relative(word: str, now: datetime) -> Span | None:
    found = _RELATIVE.fullmatch(word)
    if found is None or found[3] not in _UNITS:
        return None
    distance = int(found[2]) * _UNITS[found[3]]
    return _instant(now - distance if found[1] == "-" else now + distance)


def _instant(time: datetime) -> Span:
    return Span(time, time + INSTANT)


def _date(word: str) -> Span | None:
    found = _DATE.fullmatch(word)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    start = datetime(year, month, day, tzinfo=UTC)
    try:
        if found[3]:
            end = start + timedelta(days=1)
        elif found[2]:
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        end = LAST
    return Span(start, end)


def _time(word: str) -> Span | None:
    found = _TIME.fullmatch(word)
    if found is None:
        return None
    date, minute, second, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "z") else zone
    text = f"{date}T{minute}{second or ':00'}{(fraction or '.0').ljust(7, '0')}{zone}"
    start = datetime.fromisoformat(text).astimezone(UTC)
    if fraction:
        return _instant(start)
    return Span(start, start + timedelta(seconds=1 if second else 60))
