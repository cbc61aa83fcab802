"""A file is a view: the same hosts, columns and order as the list and the command."""

import csv
import io
import json
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from hostadmin import demo, history
from hostadmin.db.session import db
from hostadmin.exports.exporter import FORMATS
from hostadmin.formats import markdown
from hostadmin.limits import limits
from hostadmin.saved_views import HOSTS, View, Viewer, add_view

from ..helpers.content import content_of_hosts
from ..helpers.pages import parse

TABLES = [name for name, known in FORMATS.items() if known.has_columns]
WHOLE = [name for name in FORMATS if name not in TABLES]
QUERIES = ("", "env:prod", "-group:web", "web-1* or port:2222")
SORTS = (
    "",
    "hostname",
    "-hostname",
    "ip",
    "-ip",
    "owner",
    "-updated",
    "env,-ip",
    "-port,os",
)


@pytest.fixture
def inventory(session):
    demo.fill_if_empty(130)


def rows_of(format: str, data: bytes) -> list[list[Any]]:
    """Return the cells of a file with its header."""
    if format == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return book.get_sheet_by_index(0).to_python()
    text = data.decode()
    if format == "csv":
        return list(csv.reader(io.StringIO(text)))
    if format == "markdown":
        lines = [line.strip("| \n").split(" | ") for line in text.splitlines()]
        return [lines[0], *lines[2:]]
    records = json.loads(text)["hosts"] if format == "json" else None
    records = records or [json.loads(line) for line in text.splitlines()]
    return [list(records[0]), *(list(record.values()) for record in records)]


def listed(client, query: str, sort: str) -> list[str]:
    names: list[str] = []
    url = f"/hosts/?q={query}&sort={sort}&per_page=50"
    while url:
        page = parse(client.get(url))
        names += [link.text.strip() for link in page.select("td.is-main a")]
        following = page.select_one("a[rel=next][href]")
        url = following["href"] if following else ""
    return names


def test_page_file_and_command_have_the_same_hosts_in_the_same_order(
    inventory, client, runner, monkeypatch, subtests
):
    monkeypatch.setattr(limits, "export_batch", 20)
    for sort in SORTS:
        for query in QUERIES:
            with subtests.test(f"{query} by {sort}"):
                check_same_hosts(client, runner, query, sort)


def check_same_hosts(client, runner, query, sort):
    address = f"q={query}&sort={sort}&cols=hostname"
    files = {
        name: [
            row[0]
            for row in rows_of(name, client.get(f"/export/{name}?{address}").data)
        ][1:]
        for name in ("csv", "xlsx", "jsonl")
    }
    options = ("--columns", "hostname", *(("--sort", sort) if sort else ()))
    done = runner.invoke(args=["hosts", "export", *options, query])

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1:] == files["csv"]
    assert files["csv"] == files["xlsx"] == files["jsonl"]
    assert files["csv"] == listed(client, query, sort)


@pytest.fixture
def host(make_group, make_host):
    make_group(name="web")
    return make_host(
        hostname="a",
        ip_addr="10.0.0.1",
        groups=["web"],
        environment="=1+1",
        notes="x\n|y",
        vars={"rack": {"unit": 7}, "up": True, "text": "007"},
    )


COLS = "hostname,ip,groups,var.rack.unit,var.up,var.text,var.none,env,notes,created"


@pytest.mark.parametrize("format", TABLES)
def test_columns_are_those_of_the_list_with_a_column_a_variable(client, host, format):
    response = client.get(f"/export/{format}?cols={COLS}")

    assert response.status_code == 200
    header, row = rows_of(format, response.data)
    if format in ("csv", "xlsx"):
        assert header == [
            *("hostname", "ip_addr", "groups", "var.rack.unit", "var.up", "var.text"),
            *("var.none", "environment", "notes", "created_at"),
        ]
    if format == "csv":
        start = ["a", "10.0.0.1", "web", "7", "true", "'007", "", "'=1+1"]
        assert [cell.lstrip("'") for cell in row[:8]] == [c.lstrip("'") for c in start]
        assert row[7] == "'=1+1"
    if format == "xlsx":
        assert row[:8] == ["a", "10.0.0.1", "web", 7, True, "007", "", "=1+1"]
    if format in ("json", "jsonl"):
        assert row[:4] == [
            *("a", "10.0.0.1", ["web"]),
            {"rack": {"unit": 7}, "up": True, "text": "007"},
        ]
    if format == "markdown":
        assert row[:6] == ["a", "10.0.0.1", "web", "7", "true", "007"]
        assert row[8] == r"x<br>\|y" or row[8] == "x<br>\\"


def test_columns_read_back_to_the_same_hosts(client, runner, host, tmp_path):
    for format in ("csv", "json", "jsonl"):
        path = tmp_path / f"hosts.{format}"
        cols = "hostname,ip,groups,env,var.up,created"
        path.write_bytes(client.get(f"/export/{format}?cols={cols}").data)
        done = runner.invoke(args=["hosts", "import", str(path), "--dry-run"])
        assert done.exit_code == 0, done.stderr
        assert "1 unchanged" in done.stdout + done.stderr or format == "csv"


@pytest.mark.parametrize("format", WHOLE)
def test_a_whole_file_refuses_columns(client, runner, host, format):
    for args in ("cols=hostname", "fields=shown"):
        response = client.get(f"/export/{format}?{args}")
        assert response.status_code == 400
        assert "Columns cannot be chosen" in response.text
    done = runner.invoke(
        args=["hosts", "export", "--format", format, "--columns", "ip"]
    )
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Columns cannot be chosen" in done.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("cols=nope", "Unknown column “nope”"),
        ("cols=check", "cannot be shown as a column"),
        ("cols=hostname&fields=all", "not both"),
        ("cols=a&cols=b", "more than once"),
        ("fields=some", "is not valid for fields"),
        ("sort=nope", "Unknown column “nope”"),
        ("sort=notes", "cannot be sorted"),
        ("view=nope", "The hosts view “nope” does not exist"),
        ("excel=yes", "is not valid for excel. Use 1 or 0."),
        ("per_page=5", "Unknown parameter “per_page”"),
        ("cursor=x", "Unknown parameter “cursor”"),
    ],
)
def test_what_makes_no_sense_is_refused(client, host, args, words):
    response = client.get(f"/export/csv?{args}")

    assert response.status_code == 400
    assert words in str(response.json)


def test_a_command_refuses_the_same(runner, host):
    for options in (
        ("--columns", "nope"),
        ("--sort", "nope"),
        ("--view", "nope"),
        ("--port", "22"),
        ("--format", "json", "--excel"),
    ):
        done = runner.invoke(args=["hosts", "export", *options])
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: ")


def test_a_view_says_query_columns_and_order(session, client, runner, make_host):
    for name, env in (("a", "prod"), ("b", "prod"), ("c", "dev")):
        make_host(hostname=name, environment=env)
    with history.writing("tests"):
        options = (("sort", "-hostname"), ("cols", "hostname,status"))
        given = View("Prod", HOSTS, "env:prod", options, shared=True)
        add_view(db.session(), Viewer(), given)

    text = client.get("/export/csv?view=prod").text
    done = runner.invoke(args=["hosts", "export", "--view", "Prod"])
    assert text == done.stdout == "hostname,status\nb,active\na,active\n"
    narrowed = client.get("/export/csv?view=Prod&q=b&cols=hostname&sort=hostname")
    assert narrowed.text == "hostname\nb\n"
    assert '"hostname": "b"' in client.get("/export/json?view=Prod&fields=all").text
    whole = client.get("/export/ssh_config?view=Prod").text
    assert [line for line in whole.splitlines() if line.startswith("Host ")] == [
        *("Host b", "Host a")
    ]


def test_csv_for_excel_has_a_mark_and_semicolons(client, runner, host, tmp_path):
    data = client.get("/export/csv?excel=1").data
    done = runner.invoke(args=["hosts", "export", "--excel"])

    assert data.startswith(b"\xef\xbb\xbfhostname;aliases;ip_addr;")
    assert done.stdout_bytes == data
    (tmp_path / "hosts.csv").write_bytes(data)
    done = runner.invoke(args=["hosts", "import", str(tmp_path / "hosts.csv")])
    assert done.exit_code == 0, done.stderr
    assert "1 unchanged" in done.stdout + done.stderr


def test_a_workbook_holds_texts_that_are_texts_and_tells_what_it_does_not(
    make_host, client
):
    make_host(
        hostname="=cmd|' /C calc'!A0",
        notes="http://example.net",
        owner="@x",
        vars={"long": "x" * 32_768, "n": 12345678901234567890, "f": 1.5},
    )

    response = client.get("/export/xlsx?cols=hostname,notes,owner,var.long,var.n,var.f")
    _, row = rows_of("xlsx", response.data)
    assert row == [
        *("=cmd|' /C calc'!A0", "http://example.net", "@x", ""),
        *("12345678901234567890", 1.5),
    ]
    note = response.headers["X-Hostadmin-Note"]
    assert note.startswith("Texts of over 32,767 characters do not fit")
    assert note.isascii()


def test_http_tells_what_a_file_does_not_hold(client, make_host):
    make_host(hostname="böse* name")
    response = client.get("/export/ssh_config")

    assert "X-Hostadmin-Note" in response.headers
    assert (
        'one name were left out: "b\\xf6se* name".'
        in response.headers["X-Hostadmin-Note"]
    )
    assert response.text.startswith("# Note: Hosts whose names ssh")


def test_the_menu_offers_what_is_shown_and_each_link_works(client, host):
    page = parse(client.get("/hosts/?q=-nobody&sort=-ip&cols=hostname,var.up"))
    menu = parse(client.get(page.select_one("a#export")["href"])).select_one(".exports")
    links = {a.text: a["href"] for a in menu.select(".menu a")}

    shown = links["CSV of 1 host, columns as shown"]
    assert client.get(shown).text == "hostname,var.up\na,true\n"
    assert "sort=-ip" in shown
    assert "CSV of 1 host, all fields" in links
    assert "ssh_config of 1 host" in links
    for url in links.values():
        assert client.get(url).status_code == 200
    address = menu.select_one("#export-address")["value"]
    assert address == f"http://localhost{shown}"
    assert address in menu.select_one("#export-curl")["value"]


def test_markdown_keeps_text_from_being_markup():
    hosts = [{"hostname": "a_b", "notes": "<b>&*x* `c` [l](u) a\\|b\r\n_e_"}]
    text = "".join(markdown.write(content_of_hosts(hosts), []))

    cells = text.splitlines()[2].split(" | ")
    assert cells[0] == "| a_b"
    notes = "&lt;b&gt;&amp;\\*x\\* \\`c\\` \\[l\\](u) a\\\\\\|b<br>\\_e\\_"
    assert notes in text


def test_each_variable_of_the_hosts_is_a_column_if_asked(client, make_host):
    make_host(hostname="a", vars={"rack": "r1", "net.mtu": 9000, "x": {"y": 1}})
    make_host(hostname="b", vars={"rack": None, "asset": 7})
    make_host(hostname="other", vars={"secret": 1})

    file = client.get("/export/csv?q=name:a,b&cols=hostname,var.*,port")
    rows = list(csv.DictReader(io.StringIO(file.text)))

    assert [*rows[0]] == [
        *("hostname", "var.asset", "var.net.mtu", "var.rack", "var.x", "port"),
    ]
    assert rows[0]["var.x"] == '{"y":1}'
    assert (rows[0]["var.net.mtu"], rows[1]["var.asset"]) == ("9000", "7")
    lines = client.get("/export/jsonl?q=a&cols=hostname,var.*").text.splitlines()
    assert json.loads(lines[0])["vars"] == {
        "rack": "r1",
        "net.mtu": 9000,
        "x": {"y": 1},
    }
    sheet = client.get("/export/xlsx?q=name:a,b&cols=hostname,var.*,var.rack")
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.data))
    assert len(book.get_sheet_by_index(0).to_python()[0]) == 5


def test_more_variables_than_anybody_reads_are_refused(client, make_host, monkeypatch):
    make_host(vars={f"v{number}": 1 for number in range(4)})
    monkeypatch.setattr(limits, "export_variables", 3)

    response = client.get("/export/csv?cols=hostname,var.*")

    assert response.status_code == 400
    assert "more than 3 variables" in response.text
