"""Every format: what goes out comes in again, unchanged, on every database."""

import contextlib
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.exports.exporter import FORMATS, encoded, export
from hostadmin.history import ActorContext, recorder
from hostadmin.imports import importer
from hostadmin.inventory import groups, hosts
from hostadmin.inventory.inventory_vars import change_inventory
from hostadmin.models import Group, Host, Inventory
from hostadmin.query.ast import EVERYTHING
from hostadmin.validation.values import STATUSES, name_key

from ..helpers.apps import empty_tables

# What YAML, INI, Jinja, spreadsheets and shells stumble over.
WORDS = st.sampled_from(
    [
        *("web", "WEB", "10.0.0.1", "10.0.0.10", "2001:db8::1", "2001:DB8::1"),
        *("yes", "No", "null", "~", "on", "y", "12", "1.5", "1e3", "0x1", "007"),
        *("web[01:03]", "db:2222", "[::1]:22", "a b", "a, b", "[a]", "x#y", "- z"),
        *("=1+1", "'=1", "''@a", "+1", "@x", "-x", "'", '"', "\\", "<<", "*e", "&e"),
        *("{{ x }}", "{% x %}", "{# x", "all", "ungrouped", "_meta", "plugin", "%"),
        *("2024-01-01", "12:30", "!vault x", "|", ">", "?", "grün", "İ", "\U0001f600"),
        *("hostname", "name", "hosts", "vars", "#TYPE", "# c", "N/A", "true", "[]"),
    ]
)
SHORT = WORDS | st.text(
    st.sampled_from("=+-@'\",;|#[]{}:\\ aZ09ßİé漢\U0001f600.%&*!?<>~$`"),
    min_size=1,
    max_size=10,
)
LONG = SHORT | st.text(st.sampled_from("=-@'\" #:{}%a\n\r\té\u200d"), max_size=20)
NAMES = SHORT.map(str.strip).filter(lambda text: bool(name_key(text)))
GROUP_NAMES = (
    st.sampled_from(["web", "env-prod", "env_prod", "env prod", "1st", "_1st", "no"])
    | SHORT.map(lambda text: text.replace(",", "").strip())
).filter(lambda text: bool(text) and text not in ("all", "ungrouped"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | LONG
)
KEYS = SHORT.map(str.strip).filter(bool)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.builds(lambda text: {"__ansible_vault": text}, LONG)
        | st.builds(lambda item: {"__ansible_unsafe": item}, LONG)
    ),
    max_leaves=5,
)
SPECIAL = st.fixed_dictionaries(
    {},
    optional={
        "ansible_host": WORDS | JSON,
        "ansible_port": st.sampled_from([22, 2222, "22", 0, 99999, True, None]) | JSON,
        "ansible_group_priority": st.sampled_from([1, 10, "10"]),
        "hostadmin_status": st.sampled_from(["retired", "nonsense", None]),
        "hostadmin_ip_addr": WORDS,
        "hostadmin_vars": JSON,
        "hostadmin_aliases": JSON,
    },
)
VARS = st.builds(
    lambda special, others: special | others,
    SPECIAL,
    st.dictionaries(KEYS, JSON, max_size=3),
)
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "2001:db8::1", "::ffff:10.0.0.1"])


# The others are for programs that want to know only some of it.
COMPLETE = ("csv", "json", "jsonl", "ansible", "ansible-yaml")


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(GROUP_NAMES, unique=True, max_size=4))
    return {
        "vars": draw(VARS),
        "groups": [
            {
                "name": name,
                "description": draw(st.none() | SHORT),
                "vars": draw(VARS),
                # Those that come after it: so there is no ring.
                "children": [n for n in names[place + 1 :] if draw(st.booleans())],
            }
            for place, name in enumerate(names)
        ],
        "hosts": [
            {
                "hostname": name,
                "status": draw(st.sampled_from(STATUSES)),
                "aliases": draw(st.lists(NAMES, max_size=2)),
                "ip_addr": draw(st.none() | ADDRESSES),
                "addresses": draw(st.lists(ADDRESSES, max_size=2)),
                "port": draw(st.sampled_from([None, 22, 2222])),
                **{field: draw(st.none() | SHORT) for field in ("owner", "role")},
                "groups": [name for name in names if draw(st.booleans())],
                "notes": draw(st.none() | LONG),
                "vars": draw(VARS),
            }
            for name in draw(
                st.lists(NAMES, min_size=1, max_size=3, unique_by=name_key)
            )
        ],
    }


def clear() -> None:
    """Empty the tables as no function of ours could."""
    db.session.rollback()
    with db.engine.begin() as connection:
        empty_tables(connection)


def fill(inventory: dict[str, Any]) -> None:
    with history.writing("tests"):
        for group in reversed(inventory["groups"]):
            groups.add_group(group)
        for host in inventory["hosts"]:
            hosts.add_host(host)
        if inventory["vars"]:
            change_inventory({"vars": inventory["vars"]}, 0)


def state(kind: type[Host | Group | Inventory]) -> list[str]:
    db.session.rollback()
    found = [recorder.snapshot(row) for row in db.session.scalars(sa.select(kind))]
    for fields in found:
        for name in ("groups", "children"):
            # Their ids are new.
            if name in fields:
                fields[name] = [group["name"] for group in fields[name]]
    # As JSON: in Python, True == 1 == 1.0.
    return sorted(json.dumps(fields, sort_keys=True) for fields in found)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(inventory=inventories())
def test_every_export_is_imported_without_change(session, tmp_path, inventory):
    clear()
    fill(inventory)
    before = {kind: state(kind) for kind in (Host, Group, Inventory)}
    whole: dict[str, Path] = {}
    for name in COMPLETE:
        notes: list[str] = []
        path = write(name, tmp_path, notes)
        with planned(path) as plan:
            assert [row for row in plan.rows() if row.action != "same"] == []
            assert [row for row in plan.group_rows() if row.action != "same"] == []
            if not any("left out" in note for note in notes):
                assert plan.hosts.unchanged == len(inventory["hosts"])
                whole[name] = path
    for name, path in whole.items():
        clear()
        with planned(path) as plan:
            act = ActorContext("tests", "import")
            history.write(act, functools.partial(apply, plan))
        kinds = (Host,) if name == "csv" else before
        assert {kind: state(kind) for kind in kinds} == {k: before[k] for k in kinds}


def write(name: str, folder: Path, notes: list[str]) -> Path:
    path = folder / f"{name}{FORMATS[name].suffix}"
    pieces = export(db.session(), FORMATS[name], EVERYTHING, notes)
    path.write_bytes(b"".join(encoded(pieces)))
    return path


@contextlib.contextmanager
def planned(path: Path) -> Iterator[importer.Plan]:
    with importer.staged(str(path)) as plan:
        importer.make_plan(db.session(), plan)
        db.session.rollback()
        assert [str(error) for error in plan.errors()] == []
        yield plan


def apply(plan: importer.Plan) -> None:
    importer.apply_plan(db.session(), plan)
