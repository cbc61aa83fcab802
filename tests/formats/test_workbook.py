"""Spreadsheets: the same rules as for CSV, and sheets, dates and merged cells."""

import io
import os
import subprocess
from typing import Any, BinaryIO

import pytest

from hostadmin.errors import InvalidFile
from hostadmin.formats import workbook
from hostadmin.formats.read_options import ReadOptions
from hostadmin.formats.workbook import Workbook

from ..helpers.workbooks import (
    DATE,
    PADDED,
    cell,
    compound_file,
    ods,
    sheet,
    xls,
    xlsx,
    zipped,
)


def read(content: bytes, **options: Any) -> tuple[list[dict[str, Any]], str]:
    source: BinaryIO = io.BytesIO(content)
    assert workbook.is_workbook(source)
    file = Workbook("hosts.xlsx", source)
    rows = list(workbook.read(file, ReadOptions(**options)))
    assert [row.errors for row in rows] == [()] * len(rows)
    return [dict(row.values) for row in rows], " ".join(file.notes)


def refusal(content: bytes, **options: Any) -> str:
    with pytest.raises(InvalidFile) as caught:
        read(content, **options)
    assert str(caught.value).startswith("hosts.xlsx: ")
    return str(caught.value)


HOSTS = sheet([["Name", "IP"], ["web1", "10.0.0.1"]])
WEB1 = {"hostname": "web1", "ip_addr": "10.0.0.1"}


def test_values_are_read_as_they_are_shown():
    table = sheet(
        [
            ["Servers of 2026"],
            [],
            ["Name", "SSH port", "bought", "at", "asset", "ok", "sum", "load", "err"],
            ["web1", 22, (45000, DATE), (45000.5, DATE), 1234567890123, True,
             "=A1&B1|web1x", 0.1, "#N/A"],
        ]
    )  # fmt: skip
    rows, notes = read(xlsx({"Hosts": table}))

    assert rows == [
        {
            "hostname": "web1",
            "port": "22",
            "vars": {
                "bought": "2023-03-15",
                "at": "2023-03-15 12:00:00",
                "asset": "1234567890123",
                "ok": "TRUE",
                "sum": "web1x",
                "load": "0.1",
            },
        }
    ]
    assert (
        "The header is in line 3; the lines above it were not read: “Servers of 2026”"
        in notes
    )
    assert "“Name” is hostname" in notes


def test_rows_keep_their_numbers_where_the_table_begins_further_down():
    rows = f'<row r="7">{cell("Name", 0, "C7")}{cell("OS", 0, "D7")}</row>'
    rows += f'<row r="9">{cell("web1", 0, "C9")}{cell("x", 0, "D9")}</row>'
    content = xlsx(
        {"A": HOSTS.partition("<row")[0] + rows + "</sheetData></worksheet>"}
    )
    file = Workbook("hosts.xlsx", io.BytesIO(content))
    [row] = workbook.read(file, ReadOptions())

    assert (row.line, dict(row.values)) == (9, {"hostname": "web1", "os": "x"})


def test_cells_that_are_merged_over_rows_hold_for_each():
    table = sheet(
        [["Name", "Site"], ["web1", "ams"], ["web2", None], ["web3", "fra"]],
        merged=["B2:B3", "A1:A1"],
    )
    rows, _ = read(xlsx({"Hosts": table}))

    assert [row["location"] for row in rows] == ["ams", "ams", "fra"]


def test_a_title_that_is_merged_over_columns_is_one_cell():
    table = sheet(
        [["Our hosts", None, None], ["Name", "IP", "OS"], ["web1", "10.0.0.1", "x"]],
        merged=["A1:C1"],
    )

    assert read(xlsx({"Hosts": table}))[0] == [{**WEB1, "os": "x"}]


def test_several_sheets_are_asked():
    content = xlsx({"vInfo": HOSTS, "vCPU": HOSTS, "empty": sheet([])})

    message = refusal(content)
    assert "has 2 sheets: “vInfo”, “vCPU”. Choose one with --sheet" in message
    assert read(content, sheet="vcpu")[0] == [WEB1]
    assert "unknown sheet “x”. Use one of: “vInfo”" in refusal(content, sheet="x")


def test_hidden_sheets_are_shown_and_read_only_by_name():
    content = xlsx({"Hosts": HOSTS, "Old": HOSTS}, hidden=["Old"])
    rows, notes = read(content)

    assert rows == [WEB1]
    assert "Hidden sheets were not read: “Old”" in notes
    assert read(content, sheet="Old")[0] == [WEB1]
    hidden = xlsx({"Hosts": sheet([]), "Old": HOSTS}, hidden=["Old"])
    assert "Hidden sheets: “Old”" in refusal(hidden)


def test_zeros_that_only_a_format_shows_are_shown():
    table = sheet([["Name", "asset"], ["web1", (123, PADDED)]])
    rows, notes = read(xlsx({"Hosts": table}))

    assert rows[0]["vars"] == {"asset": "123"}
    assert "leading zeros" in notes


def test_ods_is_read_as_well():
    assert read(ods([["Name", "IP"], ["web1", "10.0.0.1"]]))[0] == [WEB1]


def test_options_of_tables_hold_for_workbooks():
    rows, _ = read(
        xlsx({"Hosts": sheet([["a", "b"], ["web1", "10.0.0.1"]])}),
        columns={"hostname": ("a",), "ip_addr": ("b",)},
    )

    assert rows == [WEB1]


def far(reference: str) -> str:
    row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    rows = f'<row r="1">{cell("Name", 0, "A1")}</row>'
    rows += f'<row r="{row}">{cell("x", 0, reference)}</row>'
    return HOSTS.partition("<row")[0] + rows + "</sheetData></worksheet>"


HOSTILE = {
    "a cell at the far end": (
        xlsx({"A": far("XFD1048576")}),
        "far to the",
    ),
    "rows that repeat": (
        ods([["Name"], ["x" * 1000]], 2**31 - 1),
        "far to the|nothing",
    ),
    "entities": (
        xlsx({"A": '<!DOCTYPE a [<!ENTITY a "aaaa">]>' + HOSTS.replace("web1", "&a;")}),
        "damaged",
    ),
    "no XML": (xlsx({"A": "<worksheet"}), "damaged"),
    "not a workbook": (zipped({"xl/workbook.xml": "x"}), "damaged"),
    "parts": (
        zipped({"xl/workbook.xml": "", **{f"x{n}": "" for n in range(10_001)}}),
        "over 1,073,741,824 bytes",
    ),
    "old and broken": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "damaged"),
    "encrypted": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(2_000)
        + "EncryptedPackage".encode("utf-16-le"),
        "protected with a password",
    ),
    "encrypted ods": (
        zipped(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "META-INF/manifest.xml": "<manifest:encryption-data/>",
                "content.xml": "",
            }
        ),
        "protected with a password",
    ),
    "empty": (
        xlsx({"A": sheet([]), "B": sheet([])}),
        "sheets of the workbook are empty",
    ),
}


@pytest.mark.parametrize(("content", "words"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_sound_workbook_is_refused(content, words):
    source = io.BytesIO(content)
    file = Workbook("hosts.xlsx", source)

    assert workbook.is_workbook(source)
    with pytest.raises(InvalidFile, match=words):
        list(workbook.read(file, ReadOptions()))


def test_a_bomb_is_refused_by_what_it_says_of_itself(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1_000_000)
    bomb = xlsx({"A": HOSTS, "B": " " * 1_000_001})

    assert "over 1,000,000 bytes" in refusal(bomb)


def test_the_process_that_reads_is_gone_at_the_end():
    many = sheet([["Name", "IP"], *([f"web{n}", "10.0.0.1"] for n in range(5_000))])
    file = Workbook("hosts.xlsx", io.BytesIO(xlsx({"A": many})))
    rows = workbook.read(file, ReadOptions())
    next(rows)
    rows.close()

    children = subprocess.run(
        ["ps", "-o", "args", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "workbook_process" not in children


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04rest", zipped({"hosts.csv": "x"}), b""]
)
def test_other_archives_are_no_workbooks(content):
    assert not workbook.is_workbook(io.BytesIO(content))


def test_a_workbook_of_excel_97_is_read_as_one_of_today():
    rows, _ = read(xls([["Name", "IP", "Port"], ["wéb1", "10.0.0.1", 22.0]]))

    assert rows == [{"hostname": "wéb1", "ip_addr": "10.0.0.1", "port": "22"}]


def test_what_is_no_workbook_inside_of_a_file_of_office_is_refused():
    assert "damaged" in refusal(compound_file({"WordDocument": b"Hello"}))
    assert "password" in refusal(compound_file({"EncryptedPackage": b"x" * 5000}))
