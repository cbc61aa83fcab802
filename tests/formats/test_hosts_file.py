"""/etc/hosts: the first name is the host, the others are aliases."""

import pytest

from hostadmin.formats import hosts_file
from hostadmin.formats.detect import detect


def read(text: str):
    notes: list[str] = []
    rows = list(hosts_file.read("hosts", [text], notes))
    return rows, " ".join(notes)


def test_a_name_on_several_lines_has_several_addresses():
    rows, _ = read(
        "# made by hand\n"
        "10.0.0.1\tweb1.example.net web1 www # the front\n"
        "2001:DB8::1  web1.example.net  web1v6\n"
        "10.0.0.2 db1\n"
        "10.0.0.1 web1.example.net\n"
    )

    assert [dict(row.values) for row in rows] == [
        {
            "hostname": "web1.example.net",
            "ip_addr": "10.0.0.1",
            "addresses": ["2001:db8::1"],
            "aliases": ["web1", "www", "web1v6"],
        },
        {"hostname": "db1", "ip_addr": "10.0.0.2"},
    ]
    assert [row.line for row in rows] == [2, 4]


def test_names_of_this_machine_and_blocked_ones_are_left_out_and_shown():
    rows, notes = read(
        "127.0.0.1 localhost\n::1 ip6-localhost\nff02::1 ip6-allnodes\n"
        "0.0.0.0 ads.example.net\n255.255.255.255 broadcasthost\n10.0.0.1 web1\n"
    )

    assert [row.values["hostname"] for row in rows] == ["web1"]
    assert "left out" in notes
    assert "“ads.example.net”" in notes


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("10.0.0.300 web1", "10.0.0.300"),
        ("10.0.0.1", "has no name after it"),
        ("web1 10.0.0.1", "“web1” is not a valid IP address"),
    ],
)
def test_a_line_that_is_none_is_an_error(line, words):
    rows, _ = read(f"10.0.0.9 ok\n{line}\n")

    [bad] = [row for row in rows if row.errors]
    assert (bad.line, bad.errors[0].field) == (2, "ip_addr")
    assert words in bad.errors[0].message


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("127.0.0.1 localhost\n\n# x\n10.0.0.1 web1 # y\n", "hosts"),
        ("10.0.0.1\tweb1\n", "hosts"),
        ("fe80::1%lo0 localhost\n", "hosts"),
        ("10.0.0.1\n10.0.0.2\n", "ansible-ini"),
        ("10.0.0.1 ansible_host=10.0.0.2\n", "ansible-ini"),
        ("10.0.0.1,web1\n", "csv"),
    ],
)
def test_a_hosts_file_is_distinguished_from_other_lists(text, format):
    assert detect(text) == format
