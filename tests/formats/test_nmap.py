"""Scans of nmap: who was there, when, and whether the scan came to its end."""

import datetime as dt
import shutil
import subprocess

import pytest

from hostadmin.errors import InvalidFile
from hostadmin.formats import nmap
from hostadmin.formats.detect import detect
from hostadmin.formats.document import Observed
from hostadmin.formats.read_options import ReadOptions
from hostadmin.formats.rows import Row

SCAN = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" start="1700000000" version="7.93" xmloutputversion="1.05">
<hosthint><status state="up"/><address addr="10.0.0.9" addrtype="ipv4"/></hosthint>
<host starttime="1700000001"><address addr="10.0.0.1" addrtype="ipv4"/>
<address addr="2001:db8::1" addrtype="ipv6"/>
<address addr="AA:BB:CC:00:00:01" addrtype="mac" vendor="X"/>
<status state="up" reason="arp-response"/>
<hostnames><hostname name="web1.example.net" type="PTR"/>
<hostname name="web1" type="user"/></hostnames>
<ports><port protocol="tcp" portid="80"><state state="closed"/></port>
<port protocol="tcp" portid="2222"><state state="open"/><service name="ssh"/></port>
</ports></host>
<host><status state="down"/><address addr="10.0.0.2" addrtype="ipv4"/></host>
<host><status state="up"/><address addr="10.0.0.3" addrtype="ipv4"/></host>
<runstats><finished time="1700000100"/><hosts up="2" down="1" total="3"/></runstats>
</nmaprun>
"""
WEB1 = {
    "hostname": "web1",
    "aliases": ["web1.example.net"],
    "ip_addr": "10.0.0.1",
    "addresses": ["2001:db8::1"],
    "port": "2222",
    "vars": {"mac_address": "AA:BB:CC:00:00:01", "open_ports": ["2222/tcp"]},
}


def read(text: str, size: int = 100, **options):
    notes: list[str] = []
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    items = list(nmap.read("scan.xml", pieces, notes, ReadOptions(**options)))
    assert isinstance(items[-1], Observed)
    return items[:-1], items[-1], " ".join(notes)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_hosts_that_are_up_and_have_a_name_are_read(size):
    rows, observed, notes = read(SCAN, size)

    assert [dict(row.values) for row in rows] == [WEB1]
    assert rows[0].line == 5
    assert observed == Observed(
        dt.datetime(2023, 11, 14, 22, 15, tzinfo=dt.UTC), is_complete=True
    )
    assert "1 host not up, and 1 without a name" in notes


def test_all_hosts_are_read_where_somebody_wants_them():
    rows, _, notes = read(SCAN, all_hosts=True)

    assert [row.values["ip_addr"] for row in rows] == [
        *("10.0.0.1", "10.0.0.2", "10.0.0.3"),
    ]
    assert notes == ""


@pytest.mark.parametrize("end", ["<runstats>", "</host>\n<host><status", "</nmaprun>"])
def test_a_scan_that_was_cut_off_is_never_complete(end):
    text = SCAN[: SCAN.index(end)]
    rows, observed, notes = read(text)

    assert [row.values["hostname"] for row in rows if isinstance(row, Row)] in (
        ["web1"],
        [],
    )
    assert not observed.is_complete
    assert "did not finish" in notes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            SCAN.replace("nmaprun>", 'nmaprun [<!ENTITY a "aaa">]>', 1),
            "XML entities are not supported",
        ),
        (
            SCAN.replace(
                "nmaprun>", 'nmaprun [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 1
            ),
            "XML entities are not supported",
        ),
        ("<nmaprun>" + "<a>" * 100, "nested more than 50 levels deep"),
        (SCAN.replace("</ports>", "</port>"), "line 13 is not valid XML"),
        ("<?xml version='1.0'?>\n<other><nmaprun/></other>", "not an nmap scan"),
    ],
)
def test_what_is_no_scan_is_refused(text, words):
    with pytest.raises(InvalidFile, match=words):
        read(text)


def test_a_scan_is_recognised():
    assert detect(SCAN) == "nmap"


@pytest.mark.skipif(shutil.which("nmap") is None, reason="nmap is not installed")
def test_a_scan_by_nmap_itself_is_read():
    text = subprocess.run(
        ["nmap", "-oX", "-", "-sT", "-Pn", "-p", "1", "localhost"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    rows, observed, _ = read(text)

    assert [(row.values["hostname"], row.values["ip_addr"]) for row in rows] == [
        ("localhost", "127.0.0.1")
    ]
    assert observed.is_complete
    assert observed.at is not None
    assert abs(dt.datetime.now(dt.UTC) - observed.at) < dt.timedelta(minutes=5)  # noqa: TID251 - nmap asks the clock, too
