"""Hosts through the functions that every way in calls, on every database."""

import functools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.errors import Conflict, InvalidInput, NotFound
from hostadmin.history import recorder
from hostadmin.inventory import hosts
from hostadmin.models import Host, HostAddress, HostAlias, group_members
from hostadmin.validation.values import HostStatus

from ..helpers.races import run_at_once

FULL = {
    "hostname": "Web-1.example.net",
    "aliases": ["www", "Shop"],
    "ip_addr": "10.0.0.1",
    "addresses": ["2001:db8::1", "10.9.0.1"],
    "port": 2222,
    "status": "maintenance",
    "environment": "prod",
    "os": "Debian 13",
    "location": "Zürich 😀",
    "role": "web",
    "owner": "Ärzte",
    "groups": ["web", "db"],
    "vars": {"z": 1, "a": [True, 1.0, None, {"b": "two\nlines"}], "big": 1e22},
    "notes": "  kept\r\n exactly \t",
}


def shown(host):
    """Return the fields of a host as plain values."""
    return {
        field: recorder.json_value(getattr(host, field)) for field in Host.__recorded__
    }


def refused(error):
    return {one.field: one.message for one in error.value.errors}


@pytest.fixture
def writing(session):
    return lambda: history.writing("ann", "web")


@pytest.fixture
def race(app):
    return functools.partial(run_at_once, app)


# ---- add


def test_every_field_is_kept_as_given(session, writing, make_group):
    make_group(name="db")
    make_group(name="web")
    before = utcnow()

    with writing():
        host_id = hosts.add_host(FULL).id
    session.expire_all()
    host = hosts.get_host(host_id)

    assert shown(host) == {
        **FULL,
        "aliases": ["Shop", "www"],
        "addresses": ["10.9.0.1", "2001:db8::1"],
        "groups": [{"id": g.id, "name": g.name} for g in host.groups],
    }
    assert [group.name for group in host.groups] == ["db", "web"]
    assert list(host.vars) == ["z", "a", "big"]
    assert [type(value) for value in host.vars["a"][:2]] == [bool, float]
    assert host.version == 1
    assert before <= host.created_at <= utcnow()
    assert timedelta() <= host.confirmed_at - host.created_at < timedelta(seconds=1)


def test_a_new_host_has_port_22_and_is_active(session, writing):
    with writing():
        host = hosts.add_host({"hostname": "a"})

    assert (host.port, host.status) == (22, HostStatus.ACTIVE)
    assert (host.ip_addr, host.ip_key, host.environment, host.notes) == (None,) * 4
    assert (host.vars, host.aliases, host.groups) == ({}, [], [])


def test_a_port_may_be_unset_which_is_not_22(session, writing):
    with writing():
        host_id = hosts.add_host({"hostname": "a", "port": None}).id
    session.expire_all()

    assert hosts.get_host(host_id).port is None


def test_nothing_is_stored_as_an_empty_string(session, writing):
    empty = dict.fromkeys(
        ("ip_addr", "environment", "os", "location", "role", "owner", "notes"), ""
    )
    with writing():
        hosts.add_host({"hostname": "a", **empty})

    row = session.execute(sa.select(*(Host.__table__.c[name] for name in empty))).one()

    assert set(row) == {None}


def test_the_longest_values_fit(session, writing):
    aliases = [f"{number:03}".rjust(255, "x") for number in range(64)]
    addresses = [f"2001:db8::{number:x}" for number in range(1, 65)]
    longest = {
        "hostname": "😀" * 255,
        "aliases": aliases,
        "addresses": addresses,
        "owner": "😀" * 255,
        "notes": "x" * 65536,
        "vars": {"a": "é" * 32764},
    }

    with writing():
        host_id = hosts.add_host(longest).id
    session.expire_all()
    host = hosts.get_host(host_id)

    kept = shown(host)
    kept["addresses"] = sorted(kept["addresses"])
    assert {name: kept[name] for name in longest} == {
        **longest,
        "addresses": sorted(addresses),
    }


def test_the_longest_sort_key_fits(session, writing):
    with writing():
        host = hosts.add_host({"hostname": "1a" * 127 + "1"})

    assert len(host.hostname_sort) == 383


def test_every_wrong_field_is_shown_and_nothing_is_written(session, writing):
    with pytest.raises(InvalidInput) as error, writing():
        hosts.add_host({"port": 70000, "ip_addr": "10.0.0.300", "owner": "new"})

    assert list(refused(error)) == ["hostname", "port", "ip_addr"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("web1", "WEB1"),
        ("web1.example.net", "Web1.Example.NET."),
        ("straße", "STRAẞE"),
        ("caf\u00e9", "CAFE\u0301"),
        ("db server", "DB\u00a0server"),
        ("web1", " web1 "),
    ],
)
def test_a_name_that_is_there_in_another_spelling_is_refused(
    session, writing, make_host, first, second
):
    make_host(hostname=first)

    with pytest.raises(InvalidInput) as error, writing():
        hosts.add_host({"hostname": second})

    assert refused(error) == {
        "hostname": f"“{first}” already exists (case is ignored)."
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cafe", "café"),
        ("web1", "web 1"),
        ("a_b", "axb"),
        ("web1", "web01"),
        ("\u0131", "i"),
    ],
)
def test_names_that_differ_in_more_than_case_are_two_hosts(
    session, writing, make_host, first, second
):
    make_host(hostname=first)

    with writing():
        hosts.add_host({"hostname": second})

    assert hosts.find_host(first).hostname == first
    assert hosts.find_host(second).hostname == second


def test_the_loser_at_the_constraint_is_refused_like_one_who_came_later(
    session, writing, make_host, monkeypatch
):
    make_host(hostname="web1")
    # As if the other was saved right after this was looked up.
    monkeypatch.setattr(hosts, "_check_name_free", lambda *_: None)

    with pytest.raises(InvalidInput) as error, writing():
        hosts.add_host({"hostname": "WEB1"})

    assert refused(error) == {"hostname": "“WEB1” has just been taken."}
    assert session.scalars(sa.select(Host.hostname)).all() == ["web1"]


def test_the_loser_of_a_rename_at_the_constraint_gets_an_error(
    session, writing, make_host, monkeypatch
):
    make_host(hostname="web1")
    other = make_host(hostname="web2", owner="me")
    monkeypatch.setattr(hosts, "_check_name_free", lambda *_: None)

    with pytest.raises(InvalidInput) as error, writing():
        hosts.change_host(other, {"hostname": "WEB1", "owner": "you"})

    assert list(refused(error)) == ["hostname"]
    assert hosts.get_host(other).owner == "me"


def test_of_many_who_add_one_name_at_once_one_wins(session, race):
    outcomes = race(
        *(
            lambda name=name: hosts.add_host({"hostname": name}).id
            for name in ("web1", "WEB1", "Web1", "wEB1")
        )
    )

    losers = [one for one in outcomes if isinstance(one, InvalidInput)]
    assert len(losers) == 3, outcomes
    assert {one.errors[0].field for one in losers} == {"hostname"}
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == 1


# ---- change


def test_only_the_given_fields_change(session, writing, make_group, make_host):
    make_group(name="db")
    make_group(name="web")
    host_id = make_host(**FULL)
    before = shown(hosts.get_host(host_id))

    with writing():
        hosts.change_host(host_id, {"owner": "you", "vars": {"z": 2}})
    session.expire_all()

    host = hosts.get_host(host_id)
    assert shown(host) == {**before, "owner": "you", "vars": {"z": 2}}
    assert host.version == 2


def test_every_field_can_be_emptied(session, writing, make_group, make_host):
    make_group(name="db")
    make_group(name="web")
    host_id = make_host(**FULL)

    with writing():
        hosts.change_host(
            host_id,
            {
                **dict.fromkeys(FULL.keys() - {"hostname", "status"}),
                "aliases": [],
                "addresses": [],
                "groups": [],
            },
        )
    session.expire_all()

    assert {
        name: value for name, value in shown(hosts.get_host(host_id)).items() if value
    } == {
        "hostname": "Web-1.example.net",
        "status": "maintenance",
    }
    assert hosts.get_host(host_id).ip_key is None
    for table in (HostAlias, HostAddress, group_members):
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_a_rename_moves_the_keys(session, writing, make_host):
    host_id = make_host(hostname="web-2", ip_addr="10.0.0.2")

    with writing():
        hosts.change_host(host_id, {"hostname": "DB-10", "ip_addr": "::a"})

    host = hosts.find_host("db-10")
    assert host.id == host_id
    assert host.hostname_sort == "db-210"
    assert host.ip_key == f"6{10:032x}"
    assert hosts.find_host("web-2") is None


def test_a_host_may_be_spelled_anew_but_not_like_another(session, writing, make_host):
    host_id = make_host(hostname="web1")
    make_host(hostname="web2")

    with writing():
        hosts.change_host(host_id, {"hostname": "WEB1."})
    with pytest.raises(InvalidInput), writing():
        hosts.change_host(host_id, {"hostname": "Web2"})

    assert hosts.get_host(host_id).hostname == "WEB1."


def test_two_hosts_can_have_the_same_address_and_are_shown(session, writing, make_host):
    ids = [make_host(hostname=name, ip_addr="10.0.0.1") for name in "abc"]
    make_host(hostname="d", ip_addr="::ffff:10.0.0.1")

    same = hosts.same_address(hosts.get_host(ids[0]))

    assert [host.hostname for host in same] == ["b", "c"]
    assert len(hosts.same_address(hosts.get_host(ids[0]), limit=1)) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a", "b"], ["b", "c"]),
        (["a", "b"], ["A", "b"]),
        (["a"], ["A."]),
        (["a", "b"], ["b", "a"]),
        ([], ["x"]),
        (["x"], []),
    ],
)
def test_aliases_are_exchanged(session, writing, make_host, before, after):
    host_id = make_host(hostname="h", aliases=before)

    with writing():
        hosts.change_host(host_id, {"aliases": after})
    session.expire_all()

    assert sorted(shown(hosts.get_host(host_id))["aliases"]) == sorted(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["::1", "::2"], ["::2", "::3"]),
        (["::1", "::2"], ["::2", "::1"]),
        (["::1"], []),
        ([], ["::1"]),
    ],
)
def test_addresses_are_exchanged(session, writing, make_host, before, after):
    host_id = make_host(hostname="h", addresses=before)

    with writing():
        hosts.change_host(host_id, {"addresses": after})
    session.expire_all()

    assert shown(hosts.get_host(host_id))["addresses"] == sorted(after)


def test_what_repeats_the_name_or_the_address_is_never_a_further_one(
    session, writing, make_host
):
    host_id = make_host(
        hostname="web1", aliases=["www"], ip_addr="::1", addresses=["::2"]
    )

    with writing():
        hosts.change_host(host_id, {"aliases": ["WEB1", "w"], "addresses": ["::1"]})
    assert shown(hosts.get_host(host_id))["aliases"] == ["w"]
    assert shown(hosts.get_host(host_id))["addresses"] == []

    with writing():
        hosts.change_host(host_id, {"addresses": ["::2", "::3"]})
        hosts.change_host(host_id, {"hostname": "W", "ip_addr": "::2"})
    session.expire_all()
    assert shown(hosts.get_host(host_id))["aliases"] == []
    assert shown(hosts.get_host(host_id))["addresses"] == ["::3"]


@pytest.mark.parametrize("given", [{"port": 0}, {"groups": ["no"]}, {"hostname": ""}])
def test_a_refused_change_changes_nothing(session, writing, make_host, given):
    host_id = make_host(hostname="web1", owner="me")

    with pytest.raises(InvalidInput), writing():
        hosts.change_host(host_id, {"owner": "you", "location": "new", **given})

    host = hosts.get_host(host_id)
    assert (host.owner, host.location, host.version) == ("me", None, 1)


def test_an_unknown_group_is_refused_with_the_nearest(
    session, writing, make_group, make_host
):
    make_group(name="eu-west")
    host_id = make_host()

    for name, hint in (("eu-wst", " Did you mean “eu-west”?"), ("zzz", "")):
        with pytest.raises(InvalidInput) as error, writing():
            hosts.change_host(host_id, {"groups": ["eu-west", name]})
        assert refused(error) == {"groups": f"Group “{name}” does not exist.{hint}"}
    with pytest.raises(InvalidInput) as error, writing():
        hosts.change_host(host_id, {"groups": ["EU-WEST"]})
    assert "Did you mean “eu-west”" in refused(error)["groups"]


# ---- two at once


def test_a_stale_version_is_a_conflict_and_changes_nothing(session, writing, make_host):
    host_id = make_host(hostname="web1", owner="me")
    with writing():
        hosts.change_host(host_id, {"owner": "you"}, version=1)

    with pytest.raises(Conflict, match="web1 was changed by someone else"), writing():
        hosts.change_host(host_id, {"owner": "we"}, version=1)
    with pytest.raises(Conflict), writing():
        hosts.delete_host(host_id, version=1)

    assert (hosts.get_host(host_id).owner, hosts.get_host(host_id).version) == (
        "you",
        2,
    )


@pytest.mark.parametrize(
    "changes",
    [
        ({"owner": "x"}, {"owner": "y"}),
        ({"aliases": ["x"]}, {"aliases": ["y"]}),
        ({"groups": ["a"]}, {"groups": ["a", "b"]}),
        ({"owner": "x"}, {"vars": {"y": 1}}),
    ],
)
def test_of_two_who_saw_the_same_version_one_gets_a_conflict(
    session, make_host, make_group, race, changes
):
    make_group(name="a")
    make_group(name="b")
    host_id = make_host(hostname="web1")

    outcomes = race(
        *(
            lambda given=given: hosts.change_host(host_id, given, version=1).version
            for given in changes
        )
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "int"]
    session.rollback()
    assert hosts.get_host(host_id).version == 2


def test_a_write_between_reading_and_writing_is_a_conflict(
    session, writing, make_host, monkeypatch
):
    """What the version column sees, though nobody gave a version."""
    host_id = make_host(hostname="web1")

    real = hosts.check_version

    def check_and_be_overtaken(host, version):
        real(host, version)
        with history.recording(session) as connection:
            connection.execute(sa.update(Host.__table__).values(version=7))

    monkeypatch.setattr(hosts, "check_version", check_and_be_overtaken)

    with pytest.raises(Conflict, match="web1 was changed by someone else"), writing():
        hosts.change_host(host_id, {"owner": "me"}, version=1)


# ---- delete


def test_a_deleted_host_is_gone_with_all_that_is_its_own(
    session, writing, make_group, make_host
):
    make_group(name="db")
    make_group(name="web")
    other = make_host(hostname="other", aliases=["www"], groups=["web"])
    host_id = make_host(**FULL)

    with writing():
        hosts.delete_host(host_id)

    assert session.scalars(sa.select(HostAlias.host_id)).all() == [other]
    assert session.scalars(sa.select(HostAddress.host_id)).all() == []
    assert session.scalars(sa.select(group_members.c.host_id)).all() == [other]
    with pytest.raises(NotFound, match=f"Host {host_id} does not exist"):
        hosts.get_host(host_id)


def test_what_is_gone_cannot_be_changed_or_deleted(session, writing, make_host):
    host_id = make_host()
    with writing():
        hosts.delete_host(host_id)

    for change in (hosts.delete_host, lambda id_: hosts.change_host(id_, {})):
        with pytest.raises(NotFound), writing():
            change(host_id)


def test_the_id_of_a_deleted_host_is_not_given_again(session, writing, make_host):
    first = make_host()
    with writing():
        hosts.delete_host(first)

    assert make_host() > first


def test_the_name_of_a_deleted_host_is_free(session, writing, make_host):
    host_id = make_host(hostname="web1")

    with writing():
        hosts.delete_host(host_id)
        hosts.add_host({"hostname": "WEB1"})

    assert hosts.find_host("web1").hostname == "WEB1"


# ---- what the database itself refuses


@pytest.mark.parametrize(
    "wrong",
    [
        {"hostname": ""},
        {"port": 0},
        {"port": 65536},
        {"owner": ""},
        {"ip_addr": ""},
        {"status": "gone"},
        {"hostname": None},
        {"vars": None},
    ],
)
def test_the_database_refuses_what_no_rule_would_let_through(app, make_host, wrong):
    make_host(hostname="web1")
    table = sa.table("hosts", *(sa.column(name) for name in wrong))

    with app.app_context(), pytest.raises(sa.exc.DBAPIError), db.engine.begin() as link:
        link.execute(sa.update(table).values(wrong))
