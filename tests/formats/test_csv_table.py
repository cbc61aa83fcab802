"""Tables of text: what becomes of headers, cells and files that are none."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hostadmin.errors import InvalidFile
from hostadmin.formats.csv_table import cells
from hostadmin.formats.csv_table import read as csv_read
from hostadmin.formats.rows import Row
from hostadmin.imports import text_file

ReadFile = Callable[..., list[Row]]


def read(text: str, notes: list[str] | None = None) -> list[Row]:
    lines = io.StringIO(text, newline="")
    return list(csv_read.read("hosts.csv", lines, [] if notes is None else notes))


def values(text: str) -> list[dict[str, object]]:
    return [dict(row.values) for row in read(text)]


def messages(row: Row) -> str:
    return " ".join(f"{error.field} {error.message}" for error in row.errors)


@pytest.fixture
def read_file(tmp_path: Path) -> ReadFile:
    def run(content: bytes, notes: list[str] | None = None) -> list[Row]:
        path = tmp_path / "hosts.csv"
        path.write_bytes(content)
        file = text_file.open_text(str(path), io.BytesIO())
        with file.source:
            rows = list(csv_read.read(file.name, file.lines(), file.notes))
        if notes is not None:
            notes += file.notes
        return rows

    return run


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognised(delimiter):
    text = "hostname,ip_addr,port\nweb1,10.0.0.1,22\n".replace(",", delimiter)

    assert values(text) == [{"hostname": "web1", "ip_addr": "10.0.0.1", "port": "22"}]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Host Name", "hostname"),
        ("FQDN", "hostname"),
        ("dns_name", "hostname"),
        ("DNS Name", "hostname"),
        ("name", "hostname"),
    ],
)
def test_a_name_has_many_headers(header, field):
    assert values(f"{header},port\nweb1,22\n") == [{field: "web1", "port": "22"}]


@pytest.mark.parametrize(
    "header",
    ["ip", "IP Address", "address", "primary_ip4", "Private-IP", "ansible_host"],
)
def test_an_address_has_many_headers(header):
    assert values(f"name,{header}\nweb1,10.0.0.1/24\n") == [
        {"hostname": "web1", "ip_addr": "10.0.0.1"}
    ]


def test_a_name_in_ansible_host_stays_a_variable():
    [row] = read("name,ansible_host\nweb1,gate.example.net\n")

    assert row.values == {
        "hostname": "web1",
        "vars": {"ansible_host": "gate.example.net"},
    }


def test_netbox_labels_are_understood():
    text = (
        "IP Address,VRF,Status,Role,Tenant,Assigned,DNS Name,Description\n"
        "10.0.0.1/24,,Active,VIP,search,True,web1.example.net,front\n"
    )

    assert values(text) == [
        {
            "ip_addr": "10.0.0.1",
            "status": "Active",
            "role": "VIP",
            "owner": "search",
            "hostname": "web1.example.net",
            "notes": "front",
            "vars": {"Assigned": "True"},
        }
    ]


def test_phpipam_labels_are_understood():
    text = (
        "section,IP address,hostname,description,VRF,subnet,MAC,owner,device,note,tag\n"
        "lab,10.0.0.1,web1,,,10.0.0.0/24,00:11,search,sw1,by the door,Used\n"
    )
    [row] = values(text)

    assert row["ip_addr"] == "10.0.0.1"
    assert row["notes"] == "by the door"
    assert row["vars"] == {
        "section": "lab",
        "subnet": "10.0.0.0/24",
        "MAC": "00:11",
        "device": "sw1",
        "tag": "Used",
    }


def test_the_exact_name_of_a_field_wins_and_the_other_is_a_variable():
    assert values("name,hostname\nfront,web1\n") == [
        {"hostname": "web1", "vars": {"name": "front"}}
    ]


def test_both_families_of_addresses_are_read():
    assert values("name,ipv6,ipv4\nweb1,2001:db8::1,10.0.0.1\n") == [
        {"hostname": "web1", "ip_addr": "10.0.0.1", "addresses": ["2001:db8::1"]}
    ]


@pytest.mark.parametrize(
    "before",
    [
        "#TYPE System.Management.Automation.PSCustomObject\n",
        '"#TYPE Selected"\r\n',
        "# made by hand\n\n",
        "\n;;;\n",
        "sep=,\n",
    ],
)
def test_what_is_before_the_header_is_skipped(before):
    assert values(before + "hostname,ip\nweb1,10.0.0.1\n") == [
        {"hostname": "web1", "ip_addr": "10.0.0.1"}
    ]


def test_padded_cells_and_lists_are_read():
    [row] = values('name , groups,aliases\n web1 ,"a, b","[""x,y"", ""z""]"\n')

    assert row == {"hostname": " web1 ", "groups": ["a", "b"], "aliases": ["x,y", "z"]}


def test_variables_keep_their_types_in_the_column_vars():
    [row] = values('name,vars,rack\nweb1,"{""a"": 1, ""b"": [true]}",B4\n')

    assert row["vars"] == {"a": 1, "b": [True], "rack": "B4"}


def test_a_variable_stated_twice_is_an_error():
    [row] = read('name,vars,rack\nweb1,"{""rack"": 1}",B4\n')

    assert "“rack” is also a column" in messages(row)


def test_rows_keep_the_number_of_their_line():
    text = 'name,notes\nweb1,"one\ntwo"\n\nweb2,x\n'

    assert [row.line for row in read(text)] == [2, 5]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("web1", "has 1 cell, but the header has 2 columns"),
        ("web1,10.0.0.1,x", "has 3 cells, but the header has 2 columns"),
        ('"web1"x,10.0.0.1', "text after a closing quotation mark"),
    ],
)
def test_a_row_that_does_not_fit_is_an_error_of_that_row(row, words):
    bad, good = read(f"name,ip\n{row}\nweb2,10.0.0.2\n")

    assert words in messages(bad)
    assert good.values == {"hostname": "web2", "ip_addr": "10.0.0.2"}


def test_empty_cells_at_the_end_are_no_error():
    assert values("name,ip,,\nweb1,10.0.0.1,,\n") == [
        {"hostname": "web1", "ip_addr": "10.0.0.1"}
    ]


def test_a_repeated_header_is_skipped():
    text = "name,ip\nweb1,10.0.0.1\n"

    assert len(values(text + text)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nweb1,10.0.0.1\nweb2,10.0.0.2\n", "Line 2: no header"),
        ("name,ip\nweb1,10.0.0.1\n\nhostname,port\nweb2,22\n", "second table"),
        ("name,ip,Name\nweb1,10.0.0.1,x\n", "Line 1: columns 1 and 3"),
        ("# c\n\nname,rack,rack\nweb1,1,2\n", "Line 3: .* both called “rack”"),
        ("name,a,var.a\nweb1,1,2\n", "columns 2 and 3 are both the variable “a”"),
        ('name,notes\nweb1,"never closed\nweb2,x\n', "not closed"),
        ("name,notes\nweb1," + "x" * 200_000 + "\n", "over 128 KiB"),
        ("name" + ",x" * 600 + "\n", "601 columns"),
        ("# only\n# comments\n", "no header"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(text, words):
    with pytest.raises(InvalidFile, match=words) as caught:
        read(text)

    assert str(caught.value).startswith("hosts.csv: ")


BLANKS = "\t\r\n\0"
# The last four are the wide ones.
SIGNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
HOSTILE = st.text(alphabet="'\";,|#ab" + BLANKS + "".join(SIGNS), max_size=8)


@given(HOSTILE)
@example("\uff1d1+1")
@example("\n=1+1")
@example('a;"=1+1;b')
@example("a\t=1+1")
@example("'#")
@example("'n/a")
def test_the_formula_guard_is_undone_exactly(text):
    guarded = cells.guarded(text)

    assert cells.unguarded(guarded) == cells.unguarded(cells.literal(text)) == text
    assert not guarded.startswith((*SIGNS, *BLANKS))


@given(st.lists(HOSTILE, min_size=2, max_size=3), st.sampled_from(",;"))
def test_cells_are_in_quotes_as_those_of_the_library(line, delimiter):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerow(line)

    quoted = [cell for one in line for cell in cells.in_quotes([one], delimiter)]
    assert f"{delimiter.join(quoted)}\r\n" == file.getvalue()
    assert list(cells.in_quotes(line, delimiter)) == quoted


@given(st.lists(HOSTILE, min_size=2, max_size=3), st.sampled_from(",;\t"))
@example(["web1", 'a;"=1+1;b'], ";")
@example(["web1", "a\n=1+1"], ";")
@example(["web1", "a\t=1+1"], "\t")
def test_no_cell_is_a_formula_whatever_a_spreadsheet_splits_at(line, delimiter):
    assert cells.literals(line) == [cells.literal(cell) for cell in line]
    file = io.StringIO(newline="")
    csv.writer(file).writerow(cells.literals(line))

    opened = csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=delimiter)

    for cell in (cell for row in opened for cell in row):
        assert not cell.lstrip(BLANKS).startswith(SIGNS)


def test_an_apostrophe_of_its_own_stays():
    assert values("name,owner\nweb1,'t Hooft\n") == [
        {"hostname": "web1", "owner": "'t Hooft"}
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-1"]
)
def test_the_encoding_is_recognised(read_file, encoding):
    notes: list[str] = []
    [row] = read_file("name,location\nweb1,Zürich\n".encode(encoding), notes)

    assert row.values["location"] == "Zürich"
    is_noted = any("is not UTF-8" in note for note in notes)
    assert is_noted == (not encoding.startswith("utf"))


def test_line_ends_of_an_old_mac_are_understood(read_file):
    rows = read_file(b"name,ip\rweb1,10.0.0.1\rweb2,10.0.0.2\r")

    assert [row.line for row in rows] == [2, 3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04rest", "not a workbook"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"name,ip\nweb1\0,10.0.0.1\n", "not a text file"),
        ("name,ip\nweb1,10.0.0.1\n".encode("utf-16-le"), "not a text file"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"name,ip\n" + b"x" * 3_000_000, "line 2 is over"),
        (b"\xff\xfe" + b"a\0" * 5 + b"\x00\xd8", "line 1 is not utf-16"),
    ],
)
def test_what_is_no_text_is_refused(read_file, content, words):
    with pytest.raises(InvalidFile, match=words):
        read_file(content)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for path, words in (
        (tmp_path / "none.csv", "No such file"),
        (tmp_path, "is a directory"),
    ):
        with pytest.raises(InvalidFile, match=words):
            text_file.open_text(str(path), io.BytesIO())


def test_a_cell_that_could_be_a_template_is_kept_as_text():
    text = 'hostname,rack,label,vars\nweb-1,A 12,"{{ x }}","{""own"": ""{{ y }}""}"\n'

    assert values(text)[0]["vars"] == {
        "rack": "A 12",
        "label": {"__ansible_unsafe": "{{ x }}"},
        "own": "{{ y }}",
    }
