"""What goes out comes in again, unchanged."""

import contextlib
import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.errors import InvalidInput
from hostadmin.exports.exporter import FORMATS, export
from hostadmin.formats.rows import COLUMNS
from hostadmin.history import ActorContext, recorder
from hostadmin.imports import importer
from hostadmin.inventory import groups, hosts
from hostadmin.models import Host
from hostadmin.query.ast import EVERYTHING
from hostadmin.validation.host_fields import VOCABULARY_FIELDS
from hostadmin.validation.rules import clean_host
from hostadmin.validation.values import MAX_TEXT, STATUSES, name_key

# What spreadsheets and shells stumble over, and what only looks harmless.
TRICKY = "=+-@'\",;|#[]{}\\ aZ09ß\u0130é漢\U0001f600."
SHORT = st.text(st.sampled_from(TRICKY), min_size=1, max_size=12)
LONG = st.text(st.sampled_from(TRICKY + "\n\r\t"), min_size=1, max_size=40)
NAMES = SHORT.filter(lambda text: bool(name_key(text.strip())))
GROUPS = SHORT.map(lambda text: f"g{text.replace(',', '')}".strip())
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | LONG,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SHORT.map(lambda t: f"k{t}"), inner, max_size=3)
    ),
    max_leaves=6,
)
ADDRESSES = st.ip_addresses().map(str)
HOSTS = st.fixed_dictionaries(
    {"hostname": NAMES, "status": st.sampled_from(STATUSES)},
    optional={
        "aliases": st.lists(NAMES, max_size=3),
        "ip_addr": ADDRESSES,
        "addresses": st.lists(ADDRESSES, max_size=3),
        "port": st.none() | st.integers(1, 65535),
        **dict.fromkeys(VOCABULARY_FIELDS, SHORT),
        "groups": st.lists(GROUPS, max_size=3, unique=True),
        "notes": LONG,
        "vars": st.dictionaries(SHORT.map(lambda t: f"v{t}"), JSON, max_size=3),
    },
)
INVENTORIES = st.lists(
    HOSTS, max_size=6, unique_by=lambda host: name_key(host["hostname"].strip())
)


def exported() -> str:
    return "".join(export(db.session(), FORMATS["csv"], EVERYTHING, []))


def import_text(text: str, folder: Any) -> tuple[int, int, int, int]:
    path = folder / "hosts.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with importer.staged(str(path)) as plan:
        importer.make_plan(db.session(), plan)
        assert not list(plan.errors())
        act = ActorContext("tests", "import")
        history.write(act, lambda: importer.apply_plan(db.session(), plan))
        return plan.new, plan.changed, plan.unchanged, plan.bad_rows


def clear() -> None:
    with history.writing("tests"):
        for host in db.session.query(Host):
            hosts.delete_host(host.id)


def state() -> list[dict[str, Any]]:
    db.session.rollback()
    found = [recorder.snapshot(host) for host in db.session.query(Host)]
    return sorted(found, key=lambda fields: fields["hostname"])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(inventory=INVENTORIES)
def test_an_export_imports_to_no_change_and_to_the_same(session, tmp_path, inventory):
    clear()
    with history.writing("tests"):
        for given_host in inventory:
            fields = clean_host(given_host)
            for name in fields.get("groups", ()):
                with contextlib.suppress(InvalidInput):
                    groups.add_group({"name": name})
            hosts.add_host(fields)
    before = state()
    text = exported()

    assert import_text(text, tmp_path) == (0, 0, len(inventory), 0)
    assert state() == before
    clear()
    assert import_text(text, tmp_path) == (len(inventory), 0, 0, 0)
    assert state() == before


def test_the_header_names_the_fields_and_cells_are_plain(
    session, make_group, make_host
):
    make_group(name="web")
    make_host(
        hostname="web-1",
        aliases=["b", "a"],
        ip_addr="10.0.0.1",
        groups=["web"],
        notes="=1+1",
        vars={"a": 1},
    )

    header, row = csv.reader(io.StringIO(exported()))
    assert tuple(header) == COLUMNS
    assert dict(zip(header, row, strict=True)) == dict.fromkeys(COLUMNS, "") | {
        "hostname": "web-1",
        "aliases": "a,b",
        "ip_addr": "10.0.0.1",
        "port": "22",
        "status": "active",
        "groups": "web",
        "notes": "'=1+1",
        "vars": '{"a": 1}',
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_can_be_a_formula(session, make_host, start):
    make_host(hostname="web-1", notes=f"{start}cmd", owner="=x", aliases=["-a", "@b"])

    [_, row] = csv.reader(io.StringIO(exported(), newline=""))
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_the_longest_values_come_back(session, make_host, tmp_path):
    make_host(
        hostname="x" * MAX_TEXT,
        aliases=[f"{n:03}" + "," * 252 for n in range(64)],
        notes='"' * 65_536,
        vars={"a": '"' * 30_000},
    )

    assert import_text(exported(), tmp_path) == (0, 0, 1, 0)


def test_an_empty_inventory_is_a_header(session, tmp_path):
    text = exported()

    assert text.count("\n") == 1
    assert import_text(text, tmp_path) == (0, 0, 0, 0)
