"""How the made-up hosts came to be: bought, upgraded, retired, over two years."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import pretending, utcnow
from ..db.bulk_insert import batched
from ..db.session import db
from ..history import DELETED, writing
from ..inventory import groups
from ..inventory.edits import Change, Edit, created
from ..inventory.write_edits import write_edits
from ..models import Group, Host
from ..validation.values import HostStatus, name_key, plain
from .hosts import GROUP_VARS, GROUPS, make_hosts

DAYS = 730
# So many days on which something was done, for so many hosts each; on the first, all
# that there was came out of a spreadsheet.
MOST_DAYS, HOSTS_A_DAY = 90, 20
SHARE_AT_FIRST = 0.35
# One more for so many of the first hosts, which is not there any more.
GONE = 12
BATCH = 500
# What is done at the next opportunity, on every so many days.
EVERY = {"upgrade": 9, "retire": 7, "remove": 20}
# What was done → its reason, in the order of one day.
REASONS = {
    "upgrade": "Upgrade to Debian 13",
    "test": "Passed the tests",
    "retire": "Out of service",
    "trouble": "Reported by monitoring",
    "remove": "Scrapped",
}

Fields = dict[str, Any]
# Name of a host → what changes; None where it is deleted.
Due = dict[str, Mapping[str, Change] | None]


def live_through(actor: str, count: int) -> None:
    """Write a past of which so many hosts are left; each act has its transaction."""
    past = _Past(count)
    session = db.session()
    hosts = make_hosts(count)
    with pretending(past.times[0]), writing(actor, message="Groups of our playbooks"):
        _add_groups()
    rows = session.execute(sa.select(Group.name, Group.id)).all()
    past.groups = {row.name: row.id for row in rows}
    session.rollback()
    for day, size in enumerate(past.sizes):
        some = list(islice(hosts, size))
        if some:
            reason = "New machines" if day else "hosts.xlsx"
            with pretending(past.times[day]), writing(actor, "import", reason):
                write_edits(session, past.additions(day, some))
        _do_what_is_due(session, past, day, actor)


def _add_groups() -> None:
    for name, children in GROUPS.items():
        variables = GROUP_VARS.get(name, {})
        groups.add_group({"name": name, "children": children, "vars": variables})


def _do_what_is_due(session: orm.Session, past: "_Past", day: int, actor: str) -> None:
    for hour, (what, reason) in enumerate(REASONS.items(), start=1):
        due = past.due.pop((day, what), None)
        if due:
            at = past.times[day] + timedelta(hours=hour)
            with pretending(at), writing(actor, "web", reason):
                write_edits(session, _edits(session, due, at))


def _edits(session: orm.Session, due: Due, at: datetime) -> Iterator[Edit]:
    """Yield edits of hosts that are as they were added."""
    for names in batched(due, BATCH):
        keys = [name_key(name) for name in names]
        rows = session.execute(
            sa.select(Host.id, Host.hostname).where(Host.hostname_key.in_(keys))
        )
        for id_, name in rows.all():
            changes = due[name]
            if changes is None:
                yield Edit("host", id_, 1, name, action=DELETED)
            else:
                # A scan may have seen the host since then.
                yield Edit("host", id_, 1, name, changes, seen_at=at)


class _Past:
    """The days on which something was done, and what is still to be done on them."""

    def __init__(self, count: int) -> None:
        self._chance = random.Random(count)  # noqa: S311 - nothing secret
        self._now = utcnow()
        days = min(MOST_DAYS, max(2, count // HOSTS_A_DAY))
        ago = (self._chance.uniform(0.5, DAYS) for _ in range(days - 1))
        self.times = [
            self._now - timedelta(days=days) for days in (DAYS, *sorted(ago)[::-1])
        ]
        first = max(1, int(count * SHARE_AT_FIRST))
        self.sizes = [first, *self._spread(count - first, days - 1)]
        self.due: dict[tuple[int, str], Due] = defaultdict(dict)
        self.groups: dict[str, int] = {}

    def _spread(self, count: int, parts: int) -> list[int]:
        weights = [self._chance.expovariate(1) for _ in range(parts)]
        sizes = [int(count * weight / sum(weights)) for weight in weights]
        sizes[-1] += count - sum(sizes)
        return sizes

    def additions(self, day: int, hosts: Iterable[Fields]) -> Iterator[Edit]:
        """Yield edits that add hosts as they were, and plan what made them as now."""
        for number, host in enumerate(hosts):
            yield created("host", self._at_first(host, day, number))
            if not day and number % GONE == 0:
                yield created("host", self._gone(host, number))

    def _at_first(self, host: Fields, day: int, number: int) -> Fields:
        what, before = _before(host, number)
        later = self._later(day, what)
        fields = {**host, "confirmed_at": self._seen_at(host, day)}
        if what is None or later is None:
            return fields
        changes = {
            name: Change(self._value(name, value), self._value(name, host[name]))
            for name, value in before.items()
        }
        self.due[later, what][host["hostname"]] = changes
        return {**fields, **before}

    def _gone(self, host: Fields, number: int) -> Fields:
        later = self._later(0, "remove") or 1
        name = host["hostname"].replace(".", "-old.", 1)
        self.due[later, "remove"][name] = None
        only = ("status", "environment", "os", "location", "role", "owner", "groups")
        return {"hostname": name} | {field: host[field] for field in only}

    def _later(self, day: int, what: str | None) -> int | None:
        """Return a day on which that is done, if there is one after this day."""
        days = len(self.sizes)
        earliest = max(day + 1, days - 5 if what == "trouble" else 0)
        if earliest >= days:
            return None
        every = EVERY.get(what or "", 1)
        chosen = self._chance.randrange(earliest, days)
        return min(-(-chosen // every) * every, days - 1)

    def _seen_at(self, host: Fields, day: int) -> datetime:
        most = 400 if host["status"] is HostStatus.OFFLINE else 20
        seen = self._now - timedelta(days=most * self._chance.random())
        return max(self.times[day], seen)

    def _value(self, name: str, value: Any) -> Any:
        """Return a value as the history keeps it."""
        if name == "groups":
            return [{"id": self.groups[item], "name": item} for item in value]
        return plain(value)


def _before(host: Fields, number: int) -> tuple[str | None, Fields]:
    """Return what was done to a host later on, and what of it was otherwise before."""
    status = host["status"]
    if status is HostStatus.RETIRED:
        left = [name for name in host["groups"] if name != "decommissioning"]
        return "retire", {"status": HostStatus.ACTIVE, "groups": left}
    if status in (HostStatus.OFFLINE, HostStatus.MAINTENANCE):
        return "trouble", {"status": HostStatus.ACTIVE}
    if status is HostStatus.ACTIVE and number % 8 == 1:
        return "test", {"status": HostStatus.STAGED}
    if host["os"] == "Debian 13" and number % 3:
        return "upgrade", {"os": "Debian 12"}
    return None, {}
