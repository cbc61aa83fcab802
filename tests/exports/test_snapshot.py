"""What files are written from: complete, as of one moment, whatever is stored."""

import contextlib
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy.exc import DBAPIError

from hostadmin import demo, history
from hostadmin.db.session import db
from hostadmin.errors import QueryError
from hostadmin.exports.exporter import FORMATS, encoded, export
from hostadmin.exports.json_cells import JsonCells
from hostadmin.exports.snapshot import Snapshot, snapshot
from hostadmin.formats.rows import COLUMNS
from hostadmin.inventory import hosts as host_functions
from hostadmin.inventory.inventory_vars import change_inventory
from hostadmin.limits import limits
from hostadmin.models import Group, Host
from hostadmin.query.parser import parse
from hostadmin.query.sql.compiler import select_hosts

QUERIES = ("", "env:prod", "-group:web", "group:platform", "web-1* or port:2222", "no")


@pytest.fixture
def inventory(session):
    demo.fill_if_empty(130)
    with history.writing("tests"):
        change_inventory({"vars": {"dns": ["10.0.0.1"]}}, 0)


def as_objects(query: str) -> list[dict[str, Any]]:
    """Return what the mapped objects say, the slow way."""
    found = []
    for host in db.session.scalars(select_hosts(db.session(), parse(query))):
        row = {name: getattr(host, name) for name in COLUMNS}
        for name in ("aliases", "addresses", "groups"):
            row[name] = [str(item) for item in row[name]]
        row["status"] = host.status.value
        found.append((host.id, row))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def as_lists(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in COLUMNS}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()}


def rows_of(source: Snapshot) -> list[dict[str, Any]]:
    found = []
    for columns in source.host_columns:
        for row in zip(*columns.values(), strict=True):
            found.append(dict(zip(columns, row, strict=True)))
            found[-1]["vars"] = json.loads(found[-1]["vars"])
    return found


def members_of(source: Snapshot) -> dict[str | None, list[str]]:
    names = [None, *(group["name"] for group in source.groups)]
    return {name: list(source.members(name)) for name in names}


@pytest.mark.parametrize("few", [0, 50_000])
def test_rows_say_what_objects_say(inventory, monkeypatch, few):
    monkeypatch.setattr(limits, "export_batch", 20)
    monkeypatch.setattr(limits, "export_hosts_in_memory", few)
    for query in QUERIES:
        expected = as_objects(query)
        db.session.rollback()
        with snapshot(db.engine, parse(query)) as source:
            members = members_of(source)
            rows = [as_lists(row) for row in source.hosts]
            by_field = [as_lists(row) for row in rows_of(source)]

        assert rows == by_field == expected
        assert members.pop(None) == [r["hostname"] for r in rows if not r["groups"]]
        for name, inside in members.items():
            assert inside == [r["hostname"] for r in rows if name in r["groups"]]
        assert {name for row in rows for name in row["groups"]} <= members.keys()


def test_a_query_keeps_the_groups_around_its_hosts(session, make_group, make_host):
    make_group(name="leaf")
    make_group(name="twig", children=["leaf"])
    make_group(name="other")
    make_group(name="tree", children=["twig", "other"], vars={"a": 1})
    make_host(hostname="a", groups=["leaf"])
    make_host(hostname="b", groups=["other"])

    with snapshot(db.engine, parse("a")) as source:
        nesting = {group["name"]: group["children"] for group in source.groups}
    with snapshot(db.engine) as source:
        everything = {group["name"]: group["children"] for group in source.groups}

    assert nesting == {"leaf": [], "twig": ["leaf"], "tree": ["twig"]}
    assert everything == nesting | {"other": [], "tree": ["other", "twig"]}


def test_a_file_shows_one_moment(inventory, make_host, monkeypatch):
    monkeypatch.setattr(limits, "export_batch", 10)
    pieces = export(db.session(), FORMATS["jsonl"], parse("-gone"), [])
    text = next(pieces)

    make_host(hostname="late")
    with history.writing("tests"):
        ids = db.session.scalars(sa.select(Host.id).order_by(Host.id.desc()).limit(9))
        for id_ in ids.all():
            host_functions.delete_host(id_)
    text += "".join(pieces)

    records = [json.loads(line) for line in text.splitlines()]
    assert len([r for r in records if "hostname" in r]) == 130
    assert "late" not in text


def test_the_number_of_statements_follows_the_batches(inventory, statements):
    def sent(query: str) -> int:
        with statements() as seen:
            list(export(db.session(), FORMATS["csv"], parse(query), []))
        return len(seen)

    assert sent("") < 10
    assert sent("env:prod") == sent("env:dev") < 15


def test_a_query_that_makes_no_sense_is_refused_before_anything(inventory):
    with pytest.raises(QueryError):
        export(db.session(), FORMATS["ansible"], parse("group:nowhere"), [])


OBJECTS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=4,
    ),
)


@given(found=OBJECTS, ascii=st.booleans())
@settings(deadline=None)
def test_a_cell_becomes_text_that_is_json_for_sure(found, ascii):
    cell = json.dumps(found, ensure_ascii=ascii)
    cells = JsonCells()
    text = cells.text(cell)

    again = json.loads(text, parse_constant=pytest.fail)
    assert json.dumps(again) == json.dumps(cells.object(cell))
    if "NaN" not in cell and "Infinity" not in cell:
        assert json.dumps(again) == json.dumps(found)
        assert cells.unread == 0


@pytest.mark.parametrize(
    "cell",
    [
        *('{"a": 01}', '{"a": 1, }', '{"a": 1 "b": 2}', '{"a": tru}', '{"a"}', "[1]"),
        *('{"a": "\n"}', '{"a": "x"y"}', '{"a": -}', '{"a": 1}{', "", None, '{"a":'),
    ],
)
def test_what_is_no_object_becomes_an_empty_one(cell):
    assert JsonCells().text(cell) == "{}"


# ---- what nobody can enter, but may be there


class AnsibleLoader(yaml.SafeLoader):
    """Knows the tags of Ansible."""


for tag in ("!vault", "!unsafe"):
    AnsibleLoader.add_constructor(tag, lambda loader, node: node.value)


POISON = {
    "surrogate": '{"a": "\\ud83d", "b": 1}',
    "controls": '{"a": "\\u0000\\u0007\\u2028\\ufffe\\u0085"}',
    "deep": '{"a": ' + "[" * 500 + "]" * 500 + "}",
    "long": '{"a": "' + "x" * 200_000 + '"}',
    "digits": '{"a": ' + "9" * 400 + "}",
    "infinite": '{"a": 1e999, "b": 1}',
    "nan": '{"a": NaN, "b": [-Infinity]}',
    "broken": '{"a": ',
    "list": "[1]",
    "null": "null",
    "bottomless": '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "longest": '{"a": ' + "9" * 5_000 + "}",
}


def put(name: str, text: str) -> None:
    db.session.rollback()
    # All but SQLite look whether it is JSON, each in its own way.
    with contextlib.suppress(DBAPIError), db.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE hosts SET vars = :text WHERE hostname = :name"),
            {"text": text, "name": name},
        )


@pytest.mark.parametrize("format", FORMATS)
def test_no_stored_value_breaks_a_file(session, make_host, make_group, format):
    for number, (name, text) in enumerate(POISON.items(), start=1):
        make_host(hostname=name, ip_addr=f"10.0.0.{number}")
        put(name, text)
    make_host(hostname="\u0130=1+1", notes="a\r\n\tb", owner="{{ x }}")
    group = make_group(name="-1 {{ y }}", vars={"z": "{% z %}"})
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(
            sa.update(Group.__table__).values(description="a\nb: \x85 #\u2028")
        )
        connection.execute(
            sa.text("UPDATE hosts SET owner = :text WHERE hostname = 'deep'"),
            {"text": "\x07\x1b[31m\n= \u2029"},
        )
    assert group
    notes: list[str] = []

    data = b"".join(encoded(export(db.session(), FORMATS[format], parse(""), notes)))

    if format == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        text = str(book.get_sheet_by_index(0).to_python())
    else:
        text = data.decode()
    for name in POISON:
        assert name in text
    if format in ("json", "ansible"):
        json.loads(text, parse_constant=pytest.fail)
    if format == "ansible-yaml":
        # As Ansible reads it.
        yaml.load(text, Loader=AnsibleLoader)  # noqa: S506 - derived from the safe one
    if format == "jsonl":
        for line in text.removesuffix("\n").split("\n"):
            json.loads(line, parse_constant=pytest.fail)
    assert [note for note in notes if "in variables that JSON cannot hold" in note]
