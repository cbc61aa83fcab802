"""Numbers and times as people read them."""

from datetime import datetime, timedelta

from markupsafe import Markup

from .clock import utcnow

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Beyond this, a date says more than a number of days.
LONG_AGO = timedelta(days=60)

NEVER = Markup('<span class="unset">(never)</span>')


def number_text(value: int) -> str:
    """Return 1377 as "1,377"."""
    return f"{value:,}"


def counted(number: int, noun: str) -> str:
    """Return "1 host" or "1,377 hosts"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def calm(text: str) -> str:
    """Return the text with a visible sign for what a page or terminal would obey.

    Line ends and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}"
        for c in text.replace("\r\n", "\n")
    )


def shortened(text: str, limit: int) -> str:
    """Return the beginning of a text that is longer than that."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def one_line(text: str, limit: int) -> str:
    """Return the text calm, on one line and shortened."""
    # Of a long text, only what may be shown is looked at.
    return shortened(calm(" ".join(text[: limit * 8].split())), limit)


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


def ago_element(then: datetime | None) -> Markup:
    """Return a ``time`` element that reads "2 min ago" and knows the exact time."""
    if then is None:
        return NEVER
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        then.isoformat(timespec="seconds"), time_text(then), ago_text(then, utcnow())
    )
