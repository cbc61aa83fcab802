"""Many hosts at once with Core statements, on every database."""

import pytest

from hostadmin import history
from hostadmin.database import db
from hostadmin.errors import Conflict
from hostadmin.history import CHANGED, changes_of
from hostadmin.inventory import bulk, hosts
from hostadmin.inventory.bulk import HostChange


@pytest.fixture
def change(session):
    def run(change: HostChange, group_ids: dict[str, int]) -> None:
        with history.writing("ann", "command"):
            bulk.change_hosts(db.session(), [change], group_ids)

    return run


def test_lists_gain_and_lose_in_one_change(session, change, make_host, make_group):
    ids = {name: make_group(name=name) for name in ("db", "web")}
    host_id = make_host(
        hostname="a",
        aliases=["WWW", "old"],
        ip_addr="10.0.0.1",
        addresses=["10.0.0.2", "2001:db8::1"],
        groups=["db"],
    )
    changes = {"aliases": [["WWW", "old"], ["new", "www"]]}

    change(
        HostChange(
            id=host_id,
            version=1,
            hostname="a",
            fields={},
            changes=changes,
            new_aliases=["www", "new"],
            lost_aliases=["WWW", "old"],
            new_groups=["web"],
            lost_groups=["db"],
            lost_addresses=["2001:db8::1"],
        ),
        ids,
    )

    host = hosts.get_host(host_id)
    assert [str(alias) for alias in host.aliases] == ["new", "www"]
    assert [str(address) for address in host.addresses] == ["10.0.0.2"]
    assert [str(group) for group in host.groups] == ["web"]
    assert host.version == 2
    newest = changes_of(db.session(), "host", host_id)[0]
    assert (newest.action, newest.changes) == (CHANGED, changes)


def test_a_stale_version_changes_nothing(session, change, make_host):
    host_id = make_host(hostname="a", aliases=["b"])
    with pytest.raises(Conflict):
        change(HostChange(host_id, 7, "a", {"port": 1}, {}, lost_aliases=["b"]), {})

    session.rollback()
    host = hosts.get_host(host_id)
    assert ([str(alias) for alias in host.aliases], host.port) == (["b"], 22)
