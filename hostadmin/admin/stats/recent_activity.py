"""What the overview says of the last days: hosts that came, changed and went."""

from datetime import timedelta

from flask import url_for

from ...clock import utcnow
from ...db.session import db
from ...stats.recent_activity import RECENT_DAYS, RecentActivity, count_recent_activity
from .time_budget import Budget

SINCE = f"-{RECENT_DAYS}d"


def recent_activity_links(budget: Budget) -> list[tuple[str, str]]:
    """Return words and address for each; nothing where counting took too long."""
    since = utcnow() - timedelta(days=RECENT_DAYS)
    found = budget.read(lambda: count_recent_activity(db.session(), since))
    if not isinstance(found, RecentActivity):
        return []
    changes = url_for("changes.index", kind="host", since=SINCE)
    retired = url_for("changes.index", kind="host", since=SINCE, field="status")
    added = url_for("hosts.index_view", q=f"created>={SINCE}")
    shown = (
        (found.added, "added", added),
        (found.changed, "changed", changes),
        (found.retired, "retired", retired),
        (found.deleted, "deleted", changes),
    )
    return [(f"{n:,} {what}", url) for n, what, url in shown if n is not None]
