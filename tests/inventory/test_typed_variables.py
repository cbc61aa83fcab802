"""What is typed as the value of a variable comes back as it was, on every way in."""

import json

import pytest
import sqlalchemy as sa

from hostadmin.models import Host

from ..helpers.api import Program
from ..helpers.pages import form_of

# Serials, times, rack units, versions, country codes, modes of files: with the public
# thread in which a program made something else of them.
TYPED = [
    "0001234",  # snipe-it 3392, 7431
    "001122334455",
    "000000",  # ansible 77617
    "070",  # ansible 56034
    "0755",  # ansible 31952
    "05.30",  # ansible 73306
    "1.10",
    "5E3",
    "56L",  # ansible 44237
    "no",
    "0x10",
    "1_000",
    "12:30",
    "2026-01-01",
    "99999999999999999999",
]
PLAIN = [("17", 17), ("1.5", 1.5), ("true", True), ("[1, a]", [1, "a"])]


def stored(session):
    session.rollback()
    return session.scalars(sa.select(Host)).one().vars


def add_by_form(client, runner, tmp_path, value):
    url = "/hosts/new/"
    fields = form_of(client, url) | {"hostname": "a", "vars": f"x: {value}"}
    assert client.post(url, data=fields).status_code == 302


def set_by_command(client, runner, tmp_path, value):
    add_by_form(client, runner, tmp_path, "before")
    done = runner.invoke(args=["hosts", "set", "a", f"var.x={value}", "--yes"])
    assert done.exit_code == 0, done.stderr


def import_column(client, runner, tmp_path, value):
    cell = f'"{value}"' if "," in value else value
    import_text(runner, tmp_path / "a.csv", f"hostname,x\na,{cell}\n")


def import_vars_column(client, runner, tmp_path, value):
    import_text(runner, tmp_path / "a.csv", f'hostname,vars\na,"x: {value}"\n')


def import_text(runner, path, text):
    path.write_text(text)
    done = runner.invoke(args=["hosts", "import", str(path)])
    assert done.exit_code == 0, done.stderr


# An Ansible inventory is read as Ansible reads it: there, 070 is 56.
WAYS = (add_by_form, set_by_command, import_column, import_vars_column)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_was_typed_is_kept_and_shown_again(
    app, client, runner, session, tmp_path, way
):
    program = Program(app)
    for number, value in enumerate(TYPED):
        folder = tmp_path / str(number)
        folder.mkdir()
        way(client, runner, folder, value)
        assert stored(session) == {"x": value}
        url = f"/hosts/edit/?id={session.scalars(sa.select(Host.id)).one()}"
        shown = form_of(client, url)
        assert shown["vars"].strip() in (f"x: '{value}'", f"x: {value}")
        # Saved again as it is shown, it is the same.
        assert client.post(url, data=shown | {"notes": str(number)}).status_code == 302
        assert stored(session) == {"x": value}
        sent = program.call("GET", "/hosts?q=hostname:a").json
        assert json.dumps({"x": value})[1:-1] in json.dumps(sent)
        assert value in client.get("/export/csv?q=hostname:a").text
        runner.invoke(args=["hosts", "delete", "a", "--yes"])


def test_the_api_keeps_the_types_of_json(app, session, make_host):
    program = Program(app)
    for value in (*TYPED, *(plain for _, plain in PLAIN)):
        made = program.call("POST", "/hosts", {"hostname": "a", "vars": {"x": value}})
        assert made.json["vars"] == {"x": value}
        assert type(stored(session)["x"]) is type(value)
        address = f"/hosts/{made.json['id']}"
        program.call("DELETE", address, If_Match='"1"')


@pytest.mark.parametrize(("text", "value"), PLAIN)
def test_what_is_plainly_something_is_that(
    client, runner, session, tmp_path, text, value
):
    add_by_form(client, runner, tmp_path, text)

    assert stored(session) == {"x": value}
