"""Plans and what is written: the same on every database."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.errors import Conflict
from hostadmin.history import ActorContext, recorder
from hostadmin.imports import importer
from hostadmin.inventory import hosts
from hostadmin.models import ChangeEntry, ChangeSet, Group, Host
from hostadmin.validation.values import HostStatus

from ..helpers.paths import REAL_INVENTORIES

ON_A_CLUSTER = True

REAL_FILE = REAL_INVENTORIES / "audit-na-values.csv"
ACT = ActorContext("tests", "import", "hosts.csv")

Summary = tuple[int, int, int, int]
ImportText = Callable[..., Summary]


def summary(plan: importer.Plan) -> Summary:
    return plan.new, plan.changed, plan.unchanged, plan.bad_rows


@pytest.fixture
def plan_text(session, tmp_path):
    """Plan a file of this text within the block."""

    def plan(text: str) -> Any:
        path = tmp_path / "hosts.csv"
        path.write_text(text, newline="")
        return importer.staged(str(path))

    return plan


@pytest.fixture
def import_text(session, plan_text) -> ImportText:
    """Import a file of this text; return new, changed, unchanged and bad rows."""

    def run(text: str) -> Summary:
        with plan_text(text) as plan:
            importer.make_plan(db.session(), plan)
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))
            return summary(plan)

    return run


def find(name: str) -> Host:
    db.session.rollback()
    host = hosts.find_host(name)
    assert host is not None
    return host


def last_entries() -> dict[str, dict[str, Any]]:
    db.session.rollback()
    newest = sa.select(sa.func.max(ChangeSet.id)).scalar_subquery()
    found = db.session.scalars(
        sa.select(ChangeEntry).where(ChangeEntry.change_set_id == newest)
    )
    return {entry.subject_name: entry.changes for entry in found}


FULL = (
    "hostname,aliases,ip_addr,addresses,port,status,environment,os,location,role,owner,"
    "groups,notes,vars,rack\n"
    'web-1,"www,web",10.0.0.1,2001:db8::1,2222,Staged,prod,Debian 13,fra1,web,'
    'search,"web,eu",hello,"{""a"": 1}",B4\n'
)


def test_every_field_of_a_new_host_is_written_and_recorded(import_text):
    assert import_text(FULL) == (1, 0, 0, 0)

    host = find("web-1")
    assert host.port == 2222
    assert host.status is HostStatus.STAGED
    assert host.environment == "prod"
    assert [str(alias) for alias in host.aliases] == ["web", "www"]
    assert [str(address) for address in host.addresses] == ["2001:db8::1"]
    assert [group.name for group in host.groups] == ["eu", "web"]
    assert host.vars == {"a": 1, "rack": "B4"}
    assert (host.version, host.ip_key) == (1, "4" + "0a000001".rjust(32, "0"))
    entries = last_entries()
    assert entries["web-1"] == {
        field: [None, value] for field, value in recorder.snapshot(host).items()
    }
    assert set(entries) == {"web-1", "web", "eu"}


def test_the_change_set_says_who_and_what(import_text, session):
    import_text("name\nweb-1\n")

    [found] = session.scalars(sa.select(ChangeSet))
    assert (found.actor, found.source, found.message) == (
        "tests",
        "import",
        "hosts.csv",
    )


def test_the_same_file_again_changes_nothing_and_confirms(import_text, session):
    import_text(FULL)
    before = find("web-1")
    version, confirmed = before.version, before.confirmed_at

    assert import_text(FULL) == (0, 0, 1, 0)
    after = find("web-1")
    assert after.version == version
    assert after.confirmed_at > confirmed
    last = session.scalars(sa.select(ChangeSet).order_by(ChangeSet.id.desc())).first()
    assert last.confirmed_count == 1
    assert last_entries() == {}


def test_stated_fields_overwrite_and_the_others_stay(import_text):
    import_text(FULL)

    assert import_text("name,port,owner,env\nWEB-1.,22,,PROD\n") == (0, 1, 0, 0)
    host = find("web-1")
    assert (host.hostname, host.port, host.owner) == ("web-1", 22, "search")
    assert host.environment == "prod"
    assert host.version == 2
    assert last_entries() == {"web-1": {"port": [2222, 22]}}


def test_lists_and_variables_gain_what_is_stated(import_text):
    import_text(FULL)
    text = (
        "name,aliases,addresses,groups,a,b\n"
        'web-1,"WWW,web-1,new","10.0.0.1,10.0.0.9","eu,extra",2,3\n'
    )

    assert import_text(text) == (0, 1, 0, 0)
    host = find("web-1")
    assert sorted(map(str, host.aliases)) == ["new", "web", "www"]
    assert sorted(map(str, host.addresses)) == ["10.0.0.9", "2001:db8::1"]
    assert [group.name for group in host.groups] == ["eu", "extra", "web"]
    assert host.vars == {"a": "2", "b": "3", "rack": "B4"}
    entries = last_entries()
    assert entries["web-1"]["aliases"] == [["web", "www"], ["new", "web", "www"]]
    ids = {group.name: group.id for group in host.groups}
    assert entries["web-1"]["groups"] == [
        [{"id": ids[name], "name": name} for name in names]
        for names in (["eu", "web"], ["eu", "extra", "web"])
    ]


def test_an_unset_port_stays_unset(import_text):
    import_text("name,port\nweb-1,\nweb-2,22\n")

    assert [find(name).port for name in ("web-1", "web-2")] == [None, 22]


def test_a_term_gets_the_spelling_in_use(import_text, make_host, plan_text):
    make_host(hostname="old", environment="Prod")
    text = "name,env,owner\nweb-1,PROD,Search\nweb-2,prod,search\n"

    with plan_text(text) as plan:
        importer.make_plan(db.session(), plan)
        planned = [row.changes["environment"][1] for row in plan.rows()]
    import_text(text)

    assert planned == ["Prod", "Prod"]
    assert [find(name).environment for name in ("web-1", "web-2")] == ["Prod"] * 2
    assert [find(name).owner for name in ("web-1", "web-2")] == ["Search"] * 2


def test_the_plan_says_what_will_happen_and_writes_nothing(
    make_host, plan_text, session
):
    make_host(hostname="web-1", port=22)
    make_host(hostname="web-2")
    with plan_text("name,port\nweb-1,2222\nweb-2,22\nweb-3,22\n") as plan:
        importer.make_plan(db.session(), plan)
        session.rollback()
        found = [(row.hostname, row.action) for row in plan.rows()]
        changes = next(iter(plan.rows())).changes

    assert found == [("web-1", "changed"), ("web-2", "same"), ("web-3", "new")]
    assert changes == {"port": [22, 2222]}
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            "web1,10.0.0.300",
            "line 2 (web1): ip_addr: “10.0.0.300” is not a valid IP address",
        ),
        ("web1,010.0.0.1", "010 has a leading zero"),
        ("web1,N/A", "“N/A” is not a valid IP address"),
        ("we\u200bb1,10.0.0.1", "U+200B"),
        ('"we\nb1",10.0.0.1', "U+000A"),
    ],
)
def test_a_bad_row_is_named_with_field_and_reason(errors_of, rows, words):
    [message] = errors_of(f"name,ip\n{rows}\n")

    assert words in message


def test_every_error_of_a_row_is_shown(errors_of):
    found = errors_of("name,ip,port,status\nweb1,x,70000,activ\n")

    assert len(found) == 3
    assert "Did you mean “active”?" in " ".join(found)


def test_one_name_twice_is_an_error_that_names_both_lines(errors_of):
    found = errors_of("name,ip\nweb1,10.0.0.1\nweb2,10.0.0.2\nWEB1.,10.0.0.3\n")

    assert [text.partition(";")[0] for text in found] == [
        "line 2 (web1): hostname is a duplicate of line 4",
        "line 4 (WEB1.): hostname is a duplicate of line 2",
    ]


def test_one_address_twice_without_a_name_names_the_address(errors_of):
    found = errors_of("name,ip\n,10.0.0.1\nweb,10.0.0.1\n,10.0.0.1\n")

    assert [text.partition(";")[0] for text in found] == [
        "line 2 (10.0.0.1): ip_addr is a duplicate of line 4",
        "line 4 (10.0.0.1): ip_addr is a duplicate of line 2",
    ]


def test_a_bad_row_counts_when_its_name_is_there_twice(errors_of):
    found = errors_of("name,ip\nweb1,N/A\nweb1,10.0.0.1\n")

    assert [text[:6] for text in found] == ["line 2", "line 3"]


def test_rows_without_a_name_are_found_by_address(import_text, make_host):
    make_host(hostname="web-1", ip_addr="10.0.0.1")
    make_host(hostname="web-2", addresses=["2001:db8::2"])

    text = "ip,rack\n10.0.0.1,A\n2001:DB8::2,B\n10.0.0.3,C\n"
    assert import_text(text) == (1, 2, 0, 0)
    assert find("web-1").vars == {"rack": "A"}
    assert find("10.0.0.3").ip_addr == "10.0.0.3"
    assert import_text(text) == (0, 0, 3, 0)


def test_an_address_of_several_hosts_names_none(errors_of, make_host):
    for name in ("web-1", "web-2"):
        make_host(hostname=name, ip_addr="10.0.0.1")

    [message] = errors_of("ip,rack\n10.0.0.1,A\n")
    assert "10.0.0.1 belongs to 2 hosts (“web-1”, “web-2”)" in message


def test_a_row_that_says_nothing_of_a_host_is_an_error(errors_of):
    [message] = errors_of("name,ip,rack\n,,A\n")

    assert message == "line 2: hostname is missing, and so is the address."


def test_limits_hold_for_what_a_host_has_afterwards(errors_of, make_host):
    make_host(hostname="web-1", aliases=[f"a{n}" for n in range(60)])
    added = ",".join(f"b{n}" for n in range(5))

    [message] = errors_of(f'name,aliases\nweb-1,"{added}"\n')
    assert "there would be 65; at most 64" in message


def test_bad_rows_are_left_out_of_what_is_written(import_text):
    assert import_text("name,ip\nweb1,10.0.0.1\nweb2,N/A\n") == (1, 0, 0, 1)
    assert find("web1")
    assert hosts.find_host("web2") is None


def test_a_host_changed_since_the_plan_is_a_conflict(
    make_host, plan_text, import_text, session
):
    host_id = make_host(hostname="web-1", port=22)
    with plan_text("name,port\nweb-1,2222\nweb-2,22\n") as plan:
        importer.make_plan(db.session(), plan)
        with history.writing("somebody", "web"):
            hosts.change_host(host_id, {"notes": "mine"})
        with pytest.raises(Conflict):
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))
        session.rollback()
        assert hosts.find_host("web-2") is None

        importer.make_plan(db.session(), plan)
        history.write(ACT, lambda: importer.apply_plan(db.session(), plan))
    assert (find("web-1").port, find("web-1").notes) == (2222, "mine")


def test_a_host_added_since_the_plan_is_a_conflict(make_host, plan_text, session):
    with plan_text("name,port\nweb-1,2222\n") as plan:
        importer.make_plan(db.session(), plan)
        make_host(hostname="WEB-1")
        with pytest.raises(Conflict):
            history.write(ACT, lambda: importer.apply_plan(db.session(), plan))


def test_many_rows_over_several_batches(import_text, session):
    text = io.StringIO()
    text.write("name,ip,groups\n")
    for number in range(2_500):
        text.write(f"n{number},10.0.{number // 250}.{number % 250},g{number % 3}\n")

    assert import_text(text.getvalue()) == (2_500, 0, 0, 0)
    assert import_text(text.getvalue()) == (0, 0, 2_500, 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(Group)) == 3


@pytest.mark.skipif(not REAL_FILE.exists(), reason="the file is not in the repository")
def test_a_real_file_with_bad_addresses(session):
    with importer.staged(str(REAL_FILE)) as plan:
        importer.make_plan(db.session(), plan)

        assert summary(plan) == (12, 0, 0, 18)
        assert all("“N/A”" in str(error) for error in plan.errors())
