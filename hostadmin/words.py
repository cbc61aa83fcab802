"""Numbers and times as people read them. Plain text; markup is made elsewhere."""

from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Beyond this, a date says more than a number of days.
LONG_AGO = timedelta(days=60)


def number_text(value: int) -> str:
    """Return 1377 as "1,377"."""
    return f"{value:,}"


def counted(number: int, noun: str) -> str:
    """Return "1 host" or "1,377 hosts"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def share_text(part: float) -> str:
    """Return 0.871 as "87.1 %"; what is there never reads as nothing."""
    percent = 100 * part
    return "< 0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"


def ago_text(then: datetime, now: datetime) -> str:
    """Return how long ago that was: "2 min ago", "yesterday", later a date."""
    age = now - then
    if age < MINUTE:
        return "just now"
    if age < HOUR:
        return f"{age // MINUTE} min ago"
    if age < DAY:
        return f"{age // HOUR} h ago"
    if age < 2 * DAY:
        return "yesterday"
    if age < LONG_AGO:
        return f"{age // DAY} days ago"
    return then.strftime("%Y-%m-%d")


def time_text(then: datetime) -> str:
    """Return a time to the minute, with its zone."""
    return then.strftime("%Y-%m-%d %H:%M UTC")
