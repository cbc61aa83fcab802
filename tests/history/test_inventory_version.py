"""The state of the inventory: another one after each change of it, and only then."""

import contextlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import bulk_edit, history, saved_views
from hostadmin.auth import accounts, tokens
from hostadmin.bulk_edit import CONFIRM, BulkEdit, Selection
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.errors import QueryError
from hostadmin.history.inventory_version import (
    START,
    WINDOW,
    last_place,
    read_place,
)
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.models import ChangeSet, inventory_changes


@pytest.fixture
def state(session):
    def read():
        session.rollback()
        return last_place(session)

    return read


def test_every_change_of_hosts_groups_and_variables_is_another_state(
    state, make_host, make_group
):
    seen = [state()]

    def changed(work=lambda: None):
        with history.writing("tests"):
            work()
        seen.append(state())

    id_ = make_host(hostname="a")
    changed()
    group = make_group(name="g")
    changed()
    changed(lambda: hosts.change_host(id_, {"owner": "me"}))
    changed(lambda: groups.change_group(group, {"name": "h"}))
    changed(lambda: inventory_vars.change_inventory({"vars": {"a": 1}}))
    selection = Selection(ids=(id_,))
    # Seen again: there is no entry of it, but exports know the time.
    confirm = BulkEdit(CONFIRM)
    changed(lambda: bulk_edit.change(db.session(), selection, confirm))
    changed(lambda: hosts.delete_host(id_))

    assert len(set(seen)) == len(seen) == 8


def test_what_is_no_part_of_the_inventory_is_no_other_state(state, make_host):
    make_host()
    before = state()

    with history.writing("tests"):
        accounts.add_account("ann", "hash", "viewer")
        tokens.add_token("t", "viewer")
        view = saved_views.View("v", "hosts", shared=True)
        saved_views.add_view(db.session(), saved_views.Viewer(), view)
    with contextlib.suppress(LookupError), history.writing("tests"):
        hosts.add_host({"hostname": "b"})
        raise LookupError
    with history.writing("tests"):
        pass

    assert state() == before


def test_a_change_that_comes_to_light_behind_a_later_one_is_another_state(
    state, session, make_host
):
    make_host()
    before = state()
    late = before.at - timedelta(seconds=5)
    with db.engine.begin() as connection:
        row = {"at": utcnow(), "actor": "x", "source": "web", "confirmed_count": 0}
        added = connection.execute(sa.insert(ChangeSet.__table__).values(row))
        change = {"at": late, "change_set_id": added.inserted_primary_key[0]}
        connection.execute(sa.insert(inventory_changes).values(change))

    after = state()

    assert (after.at, after.change_set_id) == (before.at, before.change_set_id)
    assert after != before
    assert after.recent == before.recent + 1


def test_an_empty_inventory_has_a_state_too(state):
    assert state() == START
    assert START.at - WINDOW


def test_a_place_survives_the_way_through_an_address(state, make_host):
    make_host()
    place = state()

    assert read_place(str(place)) == place
    assert read_place(str(place._replace(entry_id=7))).entry_id == 7


@pytest.mark.parametrize(
    "text",
    [
        *("x", "é", "bnVsbA", "W10", "a" * 300, "="),
        # Without a zone, and with a number below nothing.
        "WyIyMDI2LTAxLTAxIiwxLDEsMF0",
        "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwtMSwxLDBd",
    ],
)
def test_what_is_no_place_is_refused(text):
    with pytest.raises(QueryError):
        read_place(text)
