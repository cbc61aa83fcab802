"""What a plan says is worth a look: it never stops an import, and never cries wolf."""

import pytest

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.imports import importer
from hostadmin.inventory import hosts


@pytest.fixture
def warned(session, tmp_path):
    """Plan a file of this text; return kind and words of each warning."""

    def plan(text: str, **same: str) -> list[tuple[str, str]]:
        path = tmp_path / "hosts.csv"
        path.write_text(text)
        with importer.staged(str(path)) as plan:
            plan.same = {name.replace("_", "-"): other for name, other in same.items()}
            importer.make_plan(db.session(), plan)
            rows = plan.staging.warning_page("", 0, 100)
            assert sum(plan.warnings.values()) == len(rows)
            return [(kind, message) for _, kind, _, _, message, _ in rows]

    return plan


@pytest.fixture
def fleet(make_host):
    for number in range(3):
        make_host(
            hostname=f"app-{number}.example.net", owner="platform", os="Debian 12"
        )
    make_host(hostname="db-1", ip_addr="10.0.0.9", owner="storage")


def test_a_first_import_has_no_warnings(warned):
    assert warned("hostname,owner\nweb-1,platform\nweb-2,platfrom\n") == []


@pytest.mark.parametrize(
    ("owner", "warning"),
    [
        ("Platfrom", "New owner “Platfrom”. Did you mean platform (3 hosts)?"),
        # The same value in another spelling is that value, and another one is new.
        ("PLATFORM", ""),
        ("payments", ""),
    ],
)
def test_a_new_value_near_one_in_use(warned, fleet, owner, warning):
    found = warned(f"hostname,owner\nnew-1,{owner}\ndb-1,{owner}\n")
    assert found == ([("value", warning)] if warning else [])


def test_other_numbers_are_other_values(warned, fleet):
    assert warned("hostname,os\nnew-1,Debian 13\n") == []


def test_a_name_that_a_host_had_before(warned, fleet):
    with history.writing("ann"):
        hosts.change_host(hosts.find_host("db-1").id, {"hostname": "db-9"})

    assert warned("hostname\nDB-1\n") == [("former", "“db-9” used to have this name.")]
    # Taken for that host, it is no new one.
    assert warned("hostname\ndb-1\n", db_1="db-9") == []


def test_a_name_of_a_host_that_is_gone_is_free(warned, fleet):
    with history.writing("ann"):
        hosts.delete_host(hosts.find_host("db-1").id)
    assert warned("hostname\ndb-1\n") == []


def test_the_address_of_another_host(warned, fleet):
    found = warned("hostname,ip_addr\nnew-1,10.0.0.9\nnew-2,10.0.0.10\n")
    assert found == [("address", "“db-1” has the same address.")]


def test_the_address_of_two_other_hosts(warned, fleet):
    with history.writing("ann"):
        hosts.add_host({"hostname": "db-2", "ip_addr": "10.0.0.9"})
    found = warned("hostname,ip_addr\nnew-1,10.0.0.9\n")
    assert found == [("address", "“db-1” and 1 more have the same address.")]


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("db\u20111", "Looks like the host “db-1”."),
        ("d\u042c-1", ""),
        ("xn--db-1-", "Looks like the host “db-1”."),
    ],
)
def test_a_name_that_looks_like_another(warned, fleet, name, warning):
    found = [words for kind, words in warned(f"hostname\n{name}\n") if kind == "look"]
    assert found == ([warning] if warning else [])


def test_the_same_name_with_and_without_its_domain(warned, fleet):
    found = warned("hostname\napp-1\ndb-1.example.net\napp-1x\n10.0.0.9\n")
    assert found == [
        ("short", "“db-1” has the same short name."),
        ("short", "“app-1.example.net” has the same short name."),
    ]
