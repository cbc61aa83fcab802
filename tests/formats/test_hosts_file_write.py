"""Hosts files hold the names of each address on one line, and no other lines."""

import re

from hostadmin.formats import hosts_file_write

from ..helpers.content import content_of_hosts

HOSTS = [
    {"hostname": "web-1", "ip_addr": "10.0.0.1", "aliases": ["www", "a b", "x#y"]},
    {"hostname": "lonely"},
    {"hostname": "Dual.", "ip_addr": "10.0.0.2", "addresses": ["2001:db8::2"]},
    {"hostname": "db_1", "ip_addr": "10.0.0.3"},
    {"hostname": "web-2", "ip_addr": "10.0.0.1", "aliases": ["www"]},
    {"hostname": "10.0.0.4", "ip_addr": "10.0.0.4"},
    {"hostname": "10.0.0.5", "ip_addr": "10.0.0.5", "aliases": ["five"]},
    {"hostname": "grün", "ip_addr": "10.0.0.6"},
    {"hostname": "x" * 64, "ip_addr": "10.0.0.7"},
    {"hostname": "bad\u2028name", "ip_addr": "10.0.0.8"},
]


def test_a_line_holds_all_names_of_an_address():
    notes: list[str] = []
    lines = "".join(hosts_file_write.write(content_of_hosts(HOSTS), notes)).splitlines()

    assert lines == [
        "10.0.0.1 web-1 www web-2",
        "10.0.0.2 Dual",
        "2001:db8::2 Dual",
        "10.0.0.3 db_1",
        "10.0.0.5 five",
    ]
    [unusable, shared, nowhere] = notes
    assert "“a b”, “x#y”, “grün”, “xxx" in unusable
    assert "bad\\u2028name" in unusable
    assert shared.endswith("Hosts with the same address are on one line: “10.0.0.1”.")
    assert nowhere == "Hosts without an address were left out: “lonely”."


def test_only_addresses_and_names_are_written_whatever_they_are_called():
    hosts = [
        {"hostname": f"a{chr(code)}b", "ip_addr": f"10.1.{code >> 8}.{code & 255}"}
        for code in (*range(1, 256), 0x2028, 0x202E, 0xFF0E)
    ]
    text = "".join(hosts_file_write.write(content_of_hosts(hosts), []))

    assert re.fullmatch(r"(?:[0-9.]+ a[A-Za-z0-9._-]b\n)+", text)
    assert len(text.splitlines()) == 10 + 26 + 26 + 3
