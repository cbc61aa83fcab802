"""Files that say when hosts were seen, and files that do not list all of them."""

import datetime as dt

import pytest

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.history import ActorContext
from hostadmin.imports import importer
from hostadmin.inventory import hosts

ACT = ActorContext("tests", "import", "scan")
END = dt.datetime(2023, 11, 14, 22, 15, tzinfo=dt.UTC)


def scan(end: str = '<runstats><finished time="1700000100"/></runstats></nmaprun>'):
    listed = "".join(
        f'<host><status state="up"/><address addr="10.0.0.{number}"/><hostnames>'
        f'<hostname name="web{number}" type="PTR"/></hostnames></host>'
        for number in (1, 2)
    )
    return f"<nmaprun>{listed}{end}"


@pytest.fixture
def import_text(session, tmp_path):
    def run(text: str) -> int:
        path = tmp_path / "file"
        path.write_text(text)
        with importer.staged(str(path)) as plan:
            importer.make_plan(db.session(), plan)
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))
            return plan.unlisted

    return run


def confirmed(name: str) -> dt.datetime:
    db.session.rollback()
    host = hosts.find_host(name)
    assert host is not None
    assert host.confirmed_at is not None
    return host.confirmed_at


def test_hosts_are_confirmed_as_of_the_end_of_a_scan(import_text, make_host, session):
    make_host(hostname="web2", ip_addr="10.9.9.9")
    before = confirmed("web2")
    import_text(scan())

    assert confirmed("web1") == END
    # It changed, and was confirmed later than the scan.
    assert confirmed("web2") == before
    import_text(scan())
    assert (confirmed("web1"), confirmed("web2")) == (END, before)


def test_an_older_confirmation_moves_to_the_end_of_the_scan(import_text, session):
    import_text(scan())
    later = scan(
        '<runstats><finished time="1700003600"/></runstats></nmaprun>'
    ).replace("10.0.0.2", "10.0.0.9")
    import_text(later)

    new = END.replace(hour=23, minute=13, second=20)
    assert (confirmed("web1"), confirmed("web2")) == (new, new)


def test_a_scan_of_the_future_is_one_of_now(import_text, session):
    import_text(scan('<runstats><finished time="9999999999"/></runstats></nmaprun>'))

    assert abs(utcnow() - confirmed("web1")) < dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("text", "unlisted"),
    [
        (scan(), 1),
        (scan(end=""), 0),
        ('{"count": 9, "results": []}', 0),
        ('{"count": 0, "results": []}', 1),
    ],
)
def test_only_what_is_complete_says_what_is_missing(
    import_text, make_host, text, unlisted
):
    make_host(hostname="other")

    assert import_text(text) == unlisted
