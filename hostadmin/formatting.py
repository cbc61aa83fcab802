"""Numbers and times as people read them."""

from datetime import datetime, timedelta
from typing import LiteralString

from markupsafe import Markup, escape

from .clock import utcnow

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Beyond this, a date says more than a number of days.
LONG_AGO = timedelta(days=60)

NEVER = Markup('<span class="unset">(never)</span>')


def html(template: LiteralString, *values: object) -> Markup:
    """Return markup of ours with these values, escaped, for each ``%s``.

    ``Markup.format`` does the same in ten times the time.
    """
    return Markup(template % tuple(map(escape, values)))  # noqa: S704


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


# The first that is in a user agent names it: Edge says Chrome too, and Chrome Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chromium": "Chromium",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser_text(agent: str) -> str:
    """Return a user agent as "Firefox on Linux"; its beginning if it is another."""
    browser = next((BROWSERS[part] for part in BROWSERS if part in agent), "")
    system = next((SYSTEMS[part] for part in SYSTEMS if part in agent), "")
    if not browser:
        return shortened(agent, 40)
    return f"{browser} on {system}" if system else browser


def ago_element(then: datetime | None) -> Markup:
    """Return a ``time`` element that reads "2 min ago" and knows the exact time."""
    if then is None:
        return NEVER
    return html(
        '<time datetime="%s" title="%s">%s</time>',
        then.isoformat(timespec="seconds"),
        time_text(then),
        ago_text(then, utcnow()),
    )
