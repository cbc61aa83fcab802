"""Hostile and broken files through the pages of an import."""

import io
import socket
import threading
import tracemalloc

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.auth import tokens
from hostadmin.db.session import db
from hostadmin.imports import uploads
from hostadmin.imports.choices import Choices
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, FileImport
from hostadmin.models import file_import_pieces as pieces

from ..helpers.import_pages import message, numbers, step, stored, words
from ..helpers.pages import csrf
from ..helpers.web_server import ask, served
from ..helpers.workbooks import DATE, cell, compound_file, ods, sheet, xlsx, zipped

OURS = "hostname,ip_addr\nweb-1,10.0.0.1\nweb-2,10.0.0.2\n"
HOSTS = sheet([["Name", "IP"], ["web-1", "10.0.0.1"]])
SHEET = HOSTS.partition("<row")[0]
END = "</sheetData></worksheet>"


def with_cells(*cells: str) -> bytes:
    return xlsx({"A": f'{SHEET}<row r="1">{"".join(cells)}</row>{END}'})


FAR = with_cells(cell("Name", 0, "A1"), cell("x", 0, "XFD1"))
ENTITY = '<!DOCTYPE a [<!ENTITY a "aaaa">]>'
DEEP = b"[" * 100_000
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<nmaprun scanner="nmap"><host><status state="up"/>'
    b'<address addr="10.0.0.1"/><hostnames><hostname name="&a;"/></hostnames></host>'
    b"</nmaprun>"
)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (FAR, "wide.xlsx", "the header has 16,384 columns"),
        (
            xlsx({"A": f"{ENTITY}{HOSTS.replace('web-1', '&a;')}"}),
            "entities.xlsx",
            "damaged",
        ),
        (ods([["Name"], ["x" * 1000]], 2**31 - 1), "rows.ods", ""),
        (zipped({"hosts.csv": "hostname\nweb-1\n"}), "hosts.csv", "zip archive"),
        (zipped({"hosts.csv": "hostname\n" * 10**6}), "bomb.zip", "zip archive"),
        (
            compound_file({"EncryptedPackage": b"x" * 5000}),
            "secret.xlsx",
            "protected with a password",
        ),
        (DEEP, "deep.json", ""),
        (b'{"a":' * 50_000, "deep.json", ""),
        (b"a: &a [*a]\n", "loop.yml", ""),
        (EXTERNAL, "scan.xml", ""),
        (b"\x00\x01\x02\x03" * 500, "hosts.csv", ""),
        (b"hostname," + b"x," * 501 + b"\n", "wide.csv", "columns"),
        (b"%PDF-1.7\n", "hosts.pdf", ""),
        (b"\x1f\x8b\x08\x00" + b"x" * 100, "hosts.csv.gz", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_file_is_refused_in_words(upload, session, content, name, expected):
    page = upload(content, name)

    assert page.status_code == 200 or page.status_code == 400
    assert expected in message(page)
    assert message(page) or numbers(page)[0] == 0
    assert "root:" not in page.text
    assert stored(session) == {}


def test_the_end_of_a_name_says_nothing_of_what_a_file_is(upload):
    book = xlsx({"A": sheet([["hostname", "ip_addr"], ["web-1", "10.0.0.1"]])})

    assert numbers(upload(book, "hosts.csv"))[0] == 1
    assert numbers(upload(OURS, "hosts.xlsx"))[0] == 2


def test_a_workbook_is_read_as_it_is_shown(upload, press, session):
    table = sheet(
        [
            ["Servers", None, None, None],
            ["hostname", "location", "bought", "unit"],
            ["=A1&B1|web-1", "ams", (45000, DATE), 1.5],
            ["web-2", None, (45000.5, DATE), "=1+1|2"],
        ],
        merged=["A1:D1", "B3:B4"],
    )
    hidden = sheet([["hostname"], ["old-1"]])
    page = upload(xlsx({"Hosts": table, "Old": hidden}, hidden=["Old"]), "hosts.xlsx")

    assert "“Old”" in words(page)
    press(press(page) if step(page) == "columns" else page, go="import")
    found = stored(session)
    assert {name: host.location for name, host in found.items()} == {
        "web-1": "ams",
        "web-2": "ams",
    }
    assert found["web-1"].vars == {"bought": "2023-03-15", "unit": "1.5"}
    assert found["web-2"].vars["unit"] == "2"


class Endless(io.RawIOBase):
    """A line that goes on."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = min(len(buffer), self._left)
        buffer[:size] = b"x" * size
        self._left -= size
        return size


def test_a_line_without_end_costs_no_memory(app, client, session):
    source = io.BufferedReader(Endless(64 * 1024**2))
    row = {"owner": "somebody", "actor": "somebody", "address": None}
    tracemalloc.start()
    import_id = uploads.keep_upload(source, "a", 2**30, row, Choices().as_json())
    upload = uploads.find_upload(session, import_id)
    job_id = upload.job_id
    session.rollback()
    app.extensions["hostadmin_jobs"].run(job_id, 120)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    session.rollback()
    upload = uploads.find_upload(session, import_id)
    assert "over 1,048,576 characters" in (upload.problem or "")
    assert peak < 40 * 1024**2


def test_an_upload_that_is_cut_off_leaves_nothing(app, session):
    with history.writing("tests"):
        key = tokens.add_token("nightly", "editor")[1]
    head = (
        "POST /import/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        f"{key}\r\nContent-Type: multipart/form-data; boundary=end\r\n"
        "Content-Length: 9000000\r\n\r\n--end\r\nContent-Disposition: form-data; "
        'name="file"; filename="hosts.csv"\r\n\r\n'
    )
    with served(app) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.encode() + b"hostname\nweb-1\n" * 10_000)
        assert ask(port, "/login")[0] == 200
    session.rollback()
    for table in (FileImport, pieces):
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert stored(session) == {}


def test_two_people_bring_the_same_file_at_the_same_time(
    client_of, upload, press, session, monkeypatch
):
    monkeypatch.setattr(limits, "job_wait", 60.0)
    browsers = [client_of("editor"), client_of("admin")]
    for browser in browsers:
        csrf(browser, "/import/")
    begin = threading.Barrier(2)
    ends: list[str] = []

    def bring(browser) -> None:
        begin.wait()
        plan = upload(OURS, browser=browser)
        begin.wait()
        end = press(plan, browser=browser, go="import")
        ends.append(step(end))

    threads = [threading.Thread(target=bring, args=(one,)) for one in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    # The second hears that all of it is there already.
    assert sorted(ends) in (["done", "plan"], ["done", "done"])
    assert len(stored(session)) == 2
    written = sa.select(sa.func.count()).select_from(ChangeSet)
    assert session.scalar(written.where(ChangeSet.source == "import")) <= 2
    db.session.remove()


def test_a_session_that_ended_writes_nothing(upload, press, nobody, session):
    plan = upload(OURS)

    refused = press(plan, browser=nobody, go="import")

    assert refused.request.path == "/login"
    assert stored(session) == {}
    assert step(press(plan, go="import")) == "done"
    assert len(stored(session)) == 2
