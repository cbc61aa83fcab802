"""Tables as people and programs write them: the right value, or a question."""

import io
from typing import Any

import pytest

from hostadmin.errors import InvalidFile
from hostadmin.formats.csv_table import read as csv_read
from hostadmin.formats.read_options import (
    ReadOptions,
    column_choices,
    value_choices,
)
from hostadmin.formats.rows import Row


def read(text: str, **options: Any) -> tuple[list[Row], str]:
    notes: list[str] = []
    lines = io.StringIO(text, newline="")
    rows = list(csv_read.read("hosts.csv", lines, notes, ReadOptions(**options)))
    return rows, " ".join(notes)


def hosts(text: str, **options: Any) -> list[dict[str, Any]]:
    rows, _ = read(text, **options)
    assert [row.errors for row in rows] == [()] * len(rows)
    return [dict(row.values) for row in rows]


def columns(*choices: str) -> Any:
    return column_choices(choices)


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(InvalidFile) as caught:
        read(text, **options)
    return str(caught.value)


# ---- which column is what


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("VM,DNS Name,Host,Primary IP Address", "VM"),
        ("Host,VM Name,Cluster,IP Address", "VM Name"),
        ("DNS Name,Host,Zone,IP", "DNS Name"),
        ("Server Name,Host,Rack,IP", "Server Name"),
        ("Host,Hostname,Rack,IP", "Hostname"),
        ("Name,FQDN,Rack,IP", "Name"),
    ],
)
def test_the_most_specific_column_names_the_host(header, named):
    cells = [f"{heading}-1".lower().replace(" ", "") for heading in header.split(",")]
    cells[-1] = "10.0.0.1"
    [host] = hosts(f"{header}\n{','.join(cells)}\n")

    assert host["hostname"] == cells[header.split(",").index(named)]
    assert host["ip_addr"] == "10.0.0.1"


@pytest.mark.parametrize(
    "header", ["Name,Host,IP", "Device,Name,IP", "Name,Server Name,IP", "VM,Name,IP"]
)
def test_two_columns_that_could_be_the_name_are_asked(header):
    text = f"{header}\nfirst,second,10.0.0.1\n"
    message = refusal(text)

    one, other, _ = header.split(",")
    for name, value in ((one, "first"), (other, "second")):
        assert f"“{name}” (such as “{value}”)" in message
        assert f"--column 'hostname={name}'" in message
    assert message.startswith(
        "hosts.csv: Line 1: more than one column could be the name"
    )
    assert hosts(text, columns=columns(f"hostname={other}"))[0]["hostname"] == "second"


def test_two_columns_that_say_the_same_are_not_asked():
    [host] = hosts("Name,Server\nweb1,web1.example.net\n")

    assert host["hostname"] == "web1"


@pytest.mark.parametrize(
    "header",
    ["host_address", "AGENT_IP", "Primary IP Address", "Interface IP", "Management IP",
     "Public IPv4 address", "Internal IP", "device_ip_address", "IP-Adresse",
     "Adresse IP", "Dirección IP", "IPアドレス", "IP地址", "IP-адрес", "IP 주소",
     "Endereço IP", "Private IP address"],
)  # fmt: skip
def test_a_column_of_addresses_is_the_address(header):
    assert hosts(f"hostname,{header}\nsrv01,10.4.0.1\n") == [
        {"hostname": "srv01", "ip_addr": "10.4.0.1"}
    ]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Servername;Betriebssystem;Standort;Umgebung;Verantwortlich;Bemerkung",
            ("hostname", "os", "location", "environment", "owner", "notes"),
        ),
        (
            "ホスト名;OS;設置場所;環境;担当者;備考",
            ("hostname", "os", "location", "environment", "owner", "notes"),
        ),
        (
            "主机名;操作系统;机房;环境;负责人;备注",
            ("hostname", "os", "location", "environment", "owner", "notes"),
        ),
        (
            "Nom d'hôte;Système d'exploitation;Emplacement;Environnement;Responsable;"
            "Remarques",
            ("hostname", "os", "location", "environment", "owner", "notes"),
        ),
        (
            "Nombre de host;Sistema operativo;Ubicación;Entorno;Propietario;Notas",
            ("hostname", "os", "location", "environment", "owner", "notes"),
        ),
        (
            "Имя хоста;Операционная система;Расположение;Среда;Владелец;Примечание",
            ("hostname", "os", "location", "environment", "owner", "notes"),
        ),
    ],
)
def test_headers_in_other_languages_are_fields(header, fields):
    [host] = hosts(f"{header}\na;b;c;d;e;f\n")

    assert host == dict(zip(fields, "abcdef", strict=True))


def test_the_address_inside_comes_before_the_one_outside():
    text = "Name,Public IPv4 address,Private IP address\nw1,203.0.113.7,10.0.0.1\n"

    assert hosts(text) == [
        {"hostname": "w1", "ip_addr": "10.0.0.1", "addresses": ["203.0.113.7"]}
    ]


def test_what_each_column_became_is_shown():
    _, notes = read("VM,Rack,Host,OS\nw1,B4,esx1,Debian\n")

    assert "Columns: “VM” is hostname; “OS” is os; variables: “Rack”, “Host”." in notes


def test_a_column_of_addresses_that_is_a_variable_is_shown():
    text = "hostname,uplink,gateway,mask\nw1,10.0.0.2,10.0.0.254,255.255.255.0\n"
    _, notes = read(text)

    assert "“uplink” holds addresses" in notes
    assert "--column 'ip_addr=uplink'" in notes
    assert "“gateway” holds" not in notes
    assert "“mask” holds" not in notes
    assert hosts(text, columns=columns("ip_addr=uplink"))[0]["ip_addr"] == "10.0.0.2"


def test_a_name_of_many_rows_is_shown_and_joined_with_another_column():
    text = "Name,Instance ID,Private IP address\nworker,i-1,10.0.0.1\nworker,i-2,\n"
    _, notes = read(text)

    assert "--column 'hostname=Instance ID'" in notes
    chosen = columns("hostname=Name", "hostname=Instance ID")
    names = [host["hostname"] for host in hosts(text, columns=chosen)]
    assert names == ["worker-i-1", "worker-i-2"]


def test_columns_can_be_chosen_as_fields_variables_or_nothing():
    text = "Knoten,wer,x,y\nw1,ops,1,2\n"
    chosen = columns("hostname=Knoten", "owner=wer", "var.rack=x", "ignore=y")

    assert hosts(text, columns=chosen) == [
        {"hostname": "w1", "owner": "ops", "vars": {"rack": "1"}}
    ]


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (("hostname=Nope",), "unknown column “Nope”. Use one of: “Name”, “IP”, “OS”."),
        (("hostname=Name", "os=Name"), "imports “Name” as hostname and as os"),
        (("os=Name", "os=OS"), "imports two columns as os"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(choices, words):
    assert words in refusal("Name,IP,OS\na,10.0.0.1,b\n", columns=columns(*choices))


# ---- where the header is


@pytest.mark.parametrize(
    "above",
    [
        "Server inventory Q3 2026;;\n;;\n",
        "Hosts\n\n",
        "Report of;2026-11-29;\nprinted by;ops;\n",
        '"Title\nover two lines";;\n',
        "\ufeff;;\n# made by hand\n",
    ],
)
def test_titles_above_the_header_are_not_hosts(above):
    rows, notes = read(f"{above}Name;IP Address;Owner\nweb1;10.0.0.1;ops\n")

    assert [dict(row.values) for row in rows] == [
        {"hostname": "web1", "ip_addr": "10.0.0.1", "owner": "ops"}
    ]
    assert rows[0].line == f"{above}x".count("\n") + 2
    assert ("lines above it were not read" in notes) == any(map(str.isalnum, above[:3]))


def test_a_row_above_what_looks_like_a_header_is_asked():
    text = "web1,10.0.0.1,x\nname,ip,os\nweb2,10.0.0.2,y\n"
    message = refusal(text)

    assert "Line 2 looks like the header" in message
    assert "--header-row 2" in message
    assert hosts(text, header_row=2) == [
        {"hostname": "web2", "ip_addr": "10.0.0.2", "os": "y"}
    ]


def test_a_value_that_many_rows_have_is_no_header():
    assert "no header" in refusal("web1,server,x\nweb2,server,y\n")


def test_a_table_without_header_is_read_by_numbers_of_columns():
    text = "A18;PC1;10.0.0.1\nA19;PC2;10.0.0.2\n"
    chosen = columns("hostname=2", "ip_addr=3")

    assert "no header" in refusal(text)
    assert hosts(text, columns=chosen, header_row=0) == [
        {"hostname": "PC1", "ip_addr": "10.0.0.1"},
        {"hostname": "PC2", "ip_addr": "10.0.0.2"},
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Hostname;IP;Notes (who, what, when, why)\nweb1;10.0.0.1;x\n", 1),
        ("Name|IP, primary and others|OS, version\nweb1|10.0.0.1|b\n", 1),
        ("Name\tNotes, of all; kinds\nweb1\tx\n", 1),
        ("sep=;\nname;a,b,c,d\nweb1;x\n", 1),
        ("name,a;b;c;d\nweb1,x\n", 1),
    ],
)
def test_the_delimiter_is_the_one_that_gives_a_known_header(text, count):
    found = hosts(text)

    assert len(found) == count
    assert found[0]["hostname"] == "web1"


def test_the_delimiter_can_be_chosen():
    assert hosts("name,a:os\nweb1:x\n", delimiter=":", columns=columns("hostname=1"),
                 header_row=0)[1] == {"hostname": "web1"}  # fmt: skip


def test_a_heading_goes_over_lines():
    text = 'Name,"IP\nAddress","Serial\r\nnumber"\nw1,10.0.0.1,S1\n'

    assert hosts(text) == [
        {"hostname": "w1", "ip_addr": "10.0.0.1", "vars": {"Serial number": "S1"}}
    ]


@pytest.mark.parametrize(
    ("header", "first"),
    [("", 0), ("Unnamed: 0", 0), ("#", 1), ("", 1)],
)
def test_a_column_that_counts_the_rows_is_left_out(header, first):
    text = f"{header},hostname,port\n{first},web1,22.0\n{first + 1},web2,\n"

    assert hosts(text) == [{"hostname": "web1", "port": "22"}, {"hostname": "web2"}]


def test_a_column_without_name_that_holds_something_is_an_error():
    rows, _ = read(",hostname\nx,web1\n")

    assert "column without a name" in rows[0].errors[0].message


# ---- rows that are no hosts


@pytest.mark.parametrize(
    "text",
    [
        "hostname\nweb1\n# db\n",
        "hostname,ip\nweb1,10.0.0.1\n# db,\n",
        "hostname,ip\n# db\nweb1,10.0.0.1\n",
        "#hostname,ip\nweb1,10.0.0.1\n",
        "# a, b; c\nhostname,ip\nweb1,10.0.0.1\n#web2,10.0.0.2\n",
    ],
)
def test_comments_are_comments_in_a_table_of_any_width(text):
    assert [host["hostname"] for host in hosts(text)] == ["web1"]


def test_a_row_left_out_as_a_comment_is_shown():
    _, notes = read("hostname,ip\nweb1,10.0.0.1\n#web2,10.0.0.2\n")

    assert "left out as comments: line 3 “#web2”" in notes


def test_a_sign_in_another_column_is_no_comment():
    assert len(hosts("ticket,hostname\n#12,web1\n#13,web2\n")) == 2


@pytest.mark.parametrize(
    "heading", ["WEB SERVERS,,", "DATABASES,,", "Servers in Berlin:,,", "Racks,,"]
)
def test_the_heading_of_a_section_is_no_host(heading):
    text = f"Name,IP,OS\n{heading}\nweb1,10.0.0.1,a\nweb2,,\n"
    rows, notes = read(text)

    assert [row.values["hostname"] for row in rows] == ["web1", "web2"]
    assert f"line 2 “{heading.rstrip(',')}”" in notes
    assert len(hosts(text, bare_names=True)) == 3


def test_a_heading_in_a_narrow_table_is_asked():
    rows, _ = read("Name,IP\nWEB SERVERS,\nweb1,10.0.0.1\n")

    assert "--bare-names" in rows[0].errors[0].message


def test_names_that_look_like_the_others_are_hosts():
    assert len(hosts("Name,IP,OS\nPC ONE,10.0.0.1,x\nPC TWO,,\n")) == 2
    assert len(hosts("Name,IP,OS\nFile server,,\nMail server,,\n")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffhostname,ip_addr\r\nw1,10.0.0.1\r\n\ufeffhostname,ip_addr\r\nw2,\r\n",
        "hostname,ip_addr\nw1,\n\nHostname,IP_addr\nw2,\n",
        "hostname\nw1\nhostname\nw2\n",
    ],
)
def test_a_repeated_header_is_skipped_wherever_it_is(text):
    assert [host["hostname"] for host in hosts(text)] == ["w1", "w2"]


@pytest.mark.parametrize(
    "second",
    ["hostname,serial", "\nName,weird", "hostname,port", "\nhost,a"],
)
def test_a_second_table_is_refused(second):
    assert "header of a second table" in refusal(f"hostname,ip\nw1,\n{second}\nw2,x\n")


# ---- what is in a cell


@pytest.mark.parametrize(
    ("cell", "groups"),
    [
        ("web;db", ["web", "db"]),
        ("web|db", ["web", "db"]),
        ("web / db", ["web", "db"]),
        ('"web\ndb"', ["web", "db"]),
        ('"web; db, eu"', ["web", "db", "eu"]),
        ("eu/west", ["eu/west"]),
        ("what; is (this)?", ["what; is (this)?"]),
        ('"[""web;db""]"', ["web;db"]),
    ],
)
def test_groups_have_many_separators(cell, groups):
    [host] = hosts(f"hostname,groups\nw1,{cell}\n")

    assert host["groups"] == groups


@pytest.mark.parametrize(
    ("cell", "addresses"),
    [
        ('"10.2.0.1, fe80::a:b:c:d"', ["10.2.0.1", "fe80::a:b:c:d"]),
        ("10.2.0.2;10.2.0.3", ["10.2.0.2", "10.2.0.3"]),
        ('"10.2.0.4\n10.2.0.5"', ["10.2.0.4", "10.2.0.5"]),
        ("10.2.0.6 10.2.0.7", ["10.2.0.6", "10.2.0.7"]),
        ("10.2.0.8 / 10.2.0.9", ["10.2.0.8", "10.2.0.9"]),
        ("10.2.0.8/10.2.0.9", ["10.2.0.8", "10.2.0.9"]),
        ("10.2.0.9:22", ["10.2.0.9"]),
        ("[2001:db8::1]:22", ["2001:db8::1"]),
        ("10.2.0.12/255.255.255.0", ["10.2.0.12"]),
        ("10.2.0.12/24", ["10.2.0.12"]),
        ("2001:db8::2/64", ["2001:db8::2"]),
        ("fe80::1%eth0", ["fe80::1"]),
    ],
)
def test_a_cell_holds_several_addresses(cell, addresses):
    first, *others = addresses
    further = {"addresses": others} if others else {}

    assert hosts(f"hostname,ip\nw1,{cell}\n") == [
        {"hostname": "w1", "ip_addr": first, **further}
    ]


@pytest.mark.parametrize("cell", ["10.0.0.1 (old)", "10.0.0.1-10.0.0.9", "see wiki"])
def test_what_is_more_than_addresses_stays_for_the_rules(cell):
    assert hosts(f"hostname,ip\nw1,{cell}\n")[0]["ip_addr"] == cell


PLACEHOLDERS = ["NULL", "#N/A", "-", "n/a", "--", "none", "#REF!", "None", "?", "TBD",
                "unknown", "(none)", "–", "NaN"]  # fmt: skip


@pytest.mark.parametrize("word", PLACEHOLDERS)
def test_a_placeholder_is_nothing_and_is_shown(word):
    text = f"hostname,os,role,groups,port,rack\nw1,{word},{word},{word},{word},{word}\n"
    rows, notes = read(text)

    assert [dict(row.values) for row in rows] == [{"hostname": "w1"}]
    assert f"line 2 “{word}”" in notes
    kept = hosts(text, keep_placeholders=True)[0]
    assert (kept["os"], kept["vars"]) == (word, {"rack": word})


@pytest.mark.parametrize("word", ["Namibia", "NA", "non", "nullipara", "0", "false"])
def test_a_word_is_no_placeholder(word):
    assert hosts(f"hostname,os\nw1,{word}\n")[0]["os"] == word


def test_a_placeholder_for_an_address_is_an_error_with_its_remedy():
    rows, _ = read("hostname,ip\nw1,N/A\n")

    assert rows[0].errors[0].message == (
        "“N/A” is not a valid IP address; --value 'ip_addr:N/A=' reads it as empty."
    )
    text = "hostname,ip\nw1,n/a\nw2,N/A\n"
    found = hosts(text, values=value_choices(["ip_addr:N/A="]))
    assert found == [{"hostname": "w1"}, {"hostname": "w2"}]


def test_values_are_mapped_whatever_their_case():
    text = 'hostname,status,groups\nw1,In Service,"Web, x"\nw2,STOPPED (a=b),x\n'
    mapped = value_choices(
        ["status:in service=active", "status:Stopped (a=b)=offline", "groups:web=front"]
    )

    assert hosts(text, values=mapped) == [
        {"hostname": "w1", "status": "active", "groups": ["front", "x"]},
        {"hostname": "w2", "status": "offline", "groups": ["x"]},
    ]


def test_a_placeholder_for_a_further_address_is_nothing():
    text = "Name,Private IP address,Elastic IP,IPv6 address\nw1,10.0.0.1,–,-\n"
    rows, notes = read(text)

    assert [dict(row.values) for row in rows] == [
        {"hostname": "w1", "ip_addr": "10.0.0.1"}
    ]
    assert "line 2 “–”" in notes
