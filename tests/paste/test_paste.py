"""Pasted names: what is read out of a text, and which hosts are found by it."""

import time

import pytest
import sqlalchemy as sa

from hostadmin import history, saved_views
from hostadmin.errors import Conflict, InvalidValue
from hostadmin.history import ActorContext
from hostadmin.inventory import host_sets, hosts
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, Host, HostSet, host_set_members
from hostadmin.paste import (
    add_names,
    find_pasted,
    plan_names,
    read_pasted,
)
from hostadmin.paste import (
    parse as paste_parse,
)
from hostadmin.query.parser import parse
from hostadmin.query.sql.compiler import select_ids

from ..helpers.races import run_at_once

_DIGITS = ("01", "02", "10")
_TO_299 = [*map(str, range(1, 299)), "299"]


def names_of(text):
    return [name.text for cell in read_pasted(text) for name in cell.names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web-1\nweb-2\r\nweb-3", ["web-1", "web-2", "web-3"]),
        (
            "web-1, web-2;web-3\tweb-4|web-5",
            ["web-1", "web-2", "web-3", "web-4", "web-5"],
        ),
        ("web-1 web-2", ["web-1", "web-2"]),
        ("web-1\n\n  web-1  \nweb-1", ["web-1"]),
        ("# all of them\nweb-1 # the first\nweb#2", ["web-1", "web#2"]),
        ("\"web-1\", 'web-2', `web-3`, “web-4”", ["web-1", "web-2", "web-3", "web-4"]),
        ("web-1.example.net.", ["web-1.example.net"]),
        ("web-1:22 web-2:https web-3:", ["web-1", "web-2", "web-3"]),
        ("ssh://root@web-1:22/x?y#z", ["web-1"]),
        (
            "https://web-1.example.net/path, http://user:pa@web-2:80",
            ["web-1.example.net", "web-2"],
        ),
        ("https://[2001:DB8::1]:8443/", ["2001:db8::1"]),
        ("root@web-1 ann@web-2:/etc/hosts", ["web-1", "web-2"]),
        ("10.0.0.1:22 10.0.0.2/24", ["10.0.0.1", "10.0.0.2"]),
        (
            "[2001:db8::1]:22 [::1] 2001:DB8:0::2 fe80::1%eth0",
            ["2001:db8::1", "::1", "2001:db8::2", "fe80::1"],
        ),
        (
            "- web-1\n* web-2\n• web-3\n1. web-4\n12) web-5",
            ["web-1", "web-2", "web-3", "web-4", "web-5"],
        ),
        ("<ul><li>web-1</li><li><b>web-2</b></li></ul>", ["web-1", "web-2"]),
        ('<a href="https://other/">web-1</a><br/>web-2', ["web-1", "web-2"]),
        ("<web-1> <https://web-2/>", ["web-1", "web-2"]),
        ("web&#45;1&nbsp;web-2&amp;", ["web-1", "web-2&"]),
        ("[web-1](https://other/x) **web-2**", ["web-1", "web-2"]),
        ("| web-1 | 10.0.0.1 |\n|---|---|", ["web-1", "10.0.0.1"]),
        ("(web-1) {web-2} web-3! web-4?", ["web-1", "web-2", "web-3", "web-4"]),
        ("web-1\u200b\ufeff web\u00ad-2\u00a0web-3", ["web-1", "web-2", "web-3"]),
        ("web-33/web-34", ["web-33", "web-34"]),
        ("10.0.0.2/10.0.0.3", ["10.0.0.2", "10.0.0.3"]),
        ("a1/b1/c1:22", ["a1", "b1", "c1"]),
        ("10.0.0.2/255.255.255.0", ["10.0.0.2"]),
        ("2001:db8::1/64/web-1", ["2001:db8::1", "web-1"]),
        ("web[1-3]", ["web1", "web2", "web3"]),
        ("web[09:10].example.net", ["web09.example.net", "web10.example.net"]),
        ("db-{a..c}", ["db-a", "db-b", "db-c"]),
        ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("web[1-2]/db[1-2]", ["web1", "web2", "db1", "db2"]),
        ("web[1-9999]", ["web[1-9999]"]),
        ("web[3-1]", ["web[3-1]"]),
        # netbox 1586, ClusterShell, shells: lists of numbers and ranges
        ("web[1,3-4]", ["web1", "web3", "web4"]),
        ("r[1,2]n{3,4}, db-{a,b}", [*("r1n3", "r1n4", "r2n3", "r2n4"), "db-a", "db-b"]),
        ("web[01-02,10].example.net", [f"web{n}.example.net" for n in _DIGITS]),
        # netbox 243, 9202: ranges in names of blades and ports
        (
            "Server[1-3] A[8-10]",
            [*("Server1", "Server2", "Server3"), "A8", "A9", "A10"],
        ),
        ("[web-1,web-2]", ["web-1", "web-2"]),
        ('["web-1","web-2"]', ["web-1", "web-2"]),
        ("x[1,2]y[1-999]", ["x1y[1-999]", "x2y[1-999]"]),
        ("x[" + ",".join(map(str, range(300))) + "]", ["x[0", *_TO_299]),
        # phpipam: the ends of a range with blanks between
        ("10.0.0.1 - 10.0.0.3", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        ("10.0.0.1 to 10.0.0.2, db", ["10.0.0.1", "10.0.0.2", "db"]),
        ("10.0.0.9-11", ["10.0.0.9", "10.0.0.10", "10.0.0.11"]),
        ("10.0.0.255-10.0.1.0", ["10.0.0.255", "10.0.1.0"]),
        ("10.0.0.1-10.9.0.1", ["10.0.0.1-10.9.0.1"]),
        ("web-1，web-2；web-3、web-4", ["web-1", "web-2", "web-3", "web-4"]),  # noqa: RUF001
        ("-- => ... /// \n,;,;\t||", []),
        ("", []),
        ("10.0.0.01 aa:bb:cc:dd:ee:ff", ["10.0.0.01", "aa:bb:cc:dd:ee:ff"]),
        ("_sip._tcp web_1", ["_sip._tcp", "web_1"]),
        ("MÜNCHEN-1 münchen-1", ["MÜNCHEN-1", "münchen-1"]),
    ],
)
def test_names_are_read_out_of_anything(text, names):
    assert names_of(text) == names


def test_words_around_names_are_no_new_hosts():
    text = "Please reboot web-1 and mail.example.net tonight, in 20 minutes\nmail"
    names = [name for cell in read_pasted(text) for name in cell.names]

    assert [n.text for n in names if n.is_prose] == (
        ["Please", "reboot", "and", "tonight", "in", "20", "minutes"]
    )
    assert [n.text for n in names if not n.is_prose] == (
        ["web-1", "mail.example.net", "mail"]
    )


def test_a_port_is_kept_with_an_address():
    (cell,) = read_pasted("[2001:db8::1]:2222")
    assert [(name.text, name.port) for name in cell.names] == [("2001:db8::1", 2222)]
    assert [
        name.port for cell in read_pasted("a:0,b:99999,c:x") for name in cell.names
    ] == [None] * 3


@pytest.mark.parametrize(
    "text",
    [
        "<" * 200_000,
        "<td " * 50_000,
        "[" * 200_000,
        "[a,b]{" * 50_000,
        "x[1,2]" * 50_000,
        "x[" + "1," * 400_000,
        "1.1.1.1 - " * 20_000,
        "](" * 100_000,
        "#" * 200_000,
        " #" * 100_000,
        "&#" * 100_000,
        "::" * 100_000,
        "a" * 1_000_000,
        "\x00\x1b[31m\ud800" * 50_000,
        '"' * 300_000,
        "- " * 100_000,
        "1" * 500_000 + ".",
        "x@" * 100_000,
    ],
)
def test_hostile_texts_are_read_quickly(text):
    start = time.process_time()
    read_pasted(text)
    assert time.process_time() - start < 2


def test_what_is_there_again_is_read_once(monkeypatch):
    read = []
    cell = paste_parse._cell
    monkeypatch.setattr(
        paste_parse, "_cell", lambda text: read.append(text) or cell(text)
    )

    assert names_of("web-1, db-1;web-1\n" * 1_000) == ["web-1", "db-1"]
    assert len(read) < 10


def test_too_many_names_are_refused_in_words(monkeypatch):
    monkeypatch.setattr(limits, "pasted_names", 3)
    assert len(read_pasted("a b c a b c")) == 1
    with pytest.raises(InvalidValue, match="More than 3 different names"):
        read_pasted("a\nb\nc\nd")


# ---- finding


@pytest.fixture
def some(make_host):
    return {
        name: make_host(hostname=name, **fields)
        for name, fields in {
            "Web-1": {"ip_addr": "10.0.0.1", "aliases": ["www", "shop"]},
            "web-2": {"ip_addr": "10.0.0.2", "addresses": ["2001:db8::2"]},
            "db-1.example.net": {"aliases": ["shop", "web-2"]},
            "relay-a": {"ip_addr": "10.0.0.9", "port": 2201},
            "relay-b": {"ip_addr": "10.0.0.9", "port": 2202},
            "10.0.0.50": {"ip_addr": "10.0.0.51"},
            "Rack 7, unit: 1": {},
            "my host 1": {},
            "app-1.a.example": {},
            "app-1.b.example": {},
        }.items()
    }


@pytest.fixture
def find(session, some):
    def run(text):
        session.rollback()
        return find_pasted(session(), read_pasted(text))

    return run


def found(answer):
    return [(one.given, one.how, one.host.hostname) for one in answer.found]


def ambiguous(answer):
    return [
        (doubt.given, doubt.how, [c.hostname for c in doubt.candidates])
        for doubt in answer.ambiguous
    ]


def missing(answer):
    return [name.text for name in answer.missing]


def test_hosts_are_found_by_name_alias_and_any_address(find):
    answer = find("WEB-1\nwww\n10.0.0.2\n2001:DB8::2\n10.0.0.50\nnowhere\n10.9.9.9")

    assert found(answer) == [
        ("WEB-1", "name", "Web-1"),
        ("www", "alias", "Web-1"),
        ("10.0.0.2", "address", "web-2"),
        ("2001:db8::2", "address", "web-2"),
        # A host with this name goes before one with the address.
        ("10.0.0.50", "name", "10.0.0.50"),
    ]
    assert missing(answer) == ["nowhere", "10.9.9.9"]
    assert answer.ambiguous == []
    assert sorted(answer.hosts().values()) == ["10.0.0.50", "Web-1", "web-2"]


def test_what_several_answer_to_is_shown_with_its_candidates(find, some):
    answer = find("shop, 10.0.0.9, web-2")

    assert ambiguous(answer) == [
        ("shop", "alias", ["Web-1", "db-1.example.net"]),
        ("10.0.0.9", "address", ["relay-a", "relay-b"]),
    ]
    # A name goes before another's alias.
    assert found(answer) == [("web-2", "name", "web-2")]
    picked = answer.hosts([some["relay-a"], some["my host 1"], 10**9])
    assert set(picked) == {some["web-2"], some["relay-a"]}


def test_a_port_tells_hosts_at_one_address_apart(find):
    answer = find("10.0.0.9:2202 10.0.0.9:99 10.0.0.1:8080")

    assert found(answer) == [
        ("10.0.0.9", "address", "relay-b"),
        ("10.0.0.1", "address", "Web-1"),
    ]
    assert ambiguous(answer) == [("10.0.0.9", "address", ["relay-a", "relay-b"])]


def test_names_with_blanks_are_found_whole_before_their_words_are(find):
    answer = find("my  host 1\nMY HOST 1 web-2\nis down since 3 days")

    assert found(answer) == [
        ("my host 1", "name", "my host 1"),
        ("web-2", "name", "web-2"),
    ]
    assert missing(answer) == ["MY", "HOST", "1", "is", "down", "since", "3", "days"]


def test_similar_names_are_offered_and_not_taken(find):
    answer = find("app-1\ndb-1\nweb-2.example.org\ndb-1.example.com")

    assert answer.found == []
    assert ambiguous(answer) == [
        ("app-1", "short name", ["app-1.a.example", "app-1.b.example"]),
        ("db-1", "short name", ["db-1.example.net"]),
        ("web-2.example.org", "short name", ["web-2"]),
    ]
    assert missing(answer) == ["db-1.example.com"]


def test_what_no_name_can_be_is_not_found_on_any_engine(find):
    answer = find("a\x00b\nc\ud800d\n" + "x" * 5_000 + "\n%\n_\n'; drop table hosts")

    assert answer.found == []
    # Cut, it would be another name, which could even be added.
    assert len(answer.missing[2].text) == 5_000


def test_many_names_take_few_statements(find, statements):
    text = "\n".join(f"no-{n}.example" for n in range(3_000))
    with statements() as seen:
        answer = find(text)

    assert len(answer.missing) == 3_000
    # Names and aliases, 500 at once; beyond 2,000 no similar names.
    assert len(seen) <= 12


# ---- sets


def test_a_set_is_named_by_a_query(session, some, runner):
    ids = [some["Web-1"], some["relay-a"]]
    number = history.write(
        ActorContext("ann", "web"), lambda: host_sets.keep_set(session(), ids)
    )

    def hosts_of(query):
        return set(session.scalars(select_ids(session(), parse(query))))

    assert hosts_of(f"set:{number}") == set(ids)
    assert hosts_of(f"-set:{number}") == set(some.values()) - set(ids)
    assert hosts_of(f"set:{number} web") == {some["Web-1"]}
    listed = runner.invoke(args=["hosts", "count", f"set:{number}"])
    assert listed.output == "2\n"
    # It is a selection, not a condition: what is deleted and comes back is in it again.
    history.write(ActorContext("ann", "web"), lambda: hosts.delete_host(ids[0]))
    assert hosts_of(f"set:{number}") == {ids[1]}
    assert session.query(ChangeSet).count() == len(some) + 1


@pytest.mark.parametrize("value", ["99999", "0", "-1", "x", "1" * 30, "1.5"])
def test_a_set_that_is_not_there_is_an_error(client, some, value):
    answer = client.get("/hosts/", query_string={"q": f"set:{value}"})
    assert answer.status_code == 400
    assert "web-2" not in answer.text


def test_old_sets_go_unless_a_view_names_them(session, monkeypatch):
    def keep(*ids):
        return history.write(
            ActorContext("a", "web"), lambda: host_sets.keep_set(session(), ids)
        )

    named, old = keep(1, 2), keep(3)
    view = saved_views.View("kept", "hosts", f"env:prod (set:{named} or web)")
    history.write(
        ActorContext("a", "web"),
        lambda: saved_views.add_view(session(), saved_views.Viewer(), view),
    )
    monkeypatch.setattr(limits, "set_age", -limits.set_age)
    new = keep(4)

    assert {one.id for one in session.query(HostSet)} == {named, new}
    left = session.execute(host_set_members.select()).all()
    assert {row.set_id for row in left} == {named, new}
    assert old not in {named, new}


def test_sets_kept_at_the_same_moment_are_no_more_than_an_account_has(
    app, session, monkeypatch
):
    monkeypatch.setattr(limits, "account_sets", 2)

    kept = run_at_once(
        app, *[lambda: host_sets.keep_set(session(), [1, 2], 7) for _ in range(8)]
    )

    assert len(set(kept)) == 8
    assert session.scalar(sa.select(sa.func.count(HostSet.id))) == 2


def test_an_account_keeps_so_many_sets_and_hosts_and_no_more(session, monkeypatch):
    def keep(*ids, owner=7):
        return history.write(
            ActorContext("a", "web"), lambda: host_sets.keep_set(session(), ids, owner)
        )

    def left():
        rows = session.execute(host_set_members.select()).all()
        return [one.id for one in session.query(HostSet).order_by(HostSet.id)], {
            row.set_id for row in rows
        }

    monkeypatch.setattr(limits, "account_sets", 3)
    monkeypatch.setattr(limits, "account_set_hosts", 10)
    others_set = keep(*range(10), owner=8)
    named = keep(1, 2, 3)
    view = saved_views.View("kept", "hosts", f"set:{named}")
    history.write(
        ActorContext("a", "web"),
        lambda: saved_views.add_view(session(), saved_views.Viewer(7), view),
    )
    kept = [keep(1, 2) for _ in range(4)]
    assert left() == ([others_set, named, *kept[2:]], {others_set, named, *kept[2:]})
    large = keep(*range(7))
    assert left()[0] == [others_set, named, large]

    with pytest.raises(InvalidValue, match="Delete a view"):
        keep(*range(8))
    assert left()[0] == [others_set, named, large]


# ---- the command


def test_the_command_says_what_became_of_each_name(runner, some, tmp_path):
    def lines(*args, **more):
        result = runner.invoke(args=["hosts", "find", *args], **more)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()

    text = "www\nshop # two\n10.0.0.9:2201\nno\x1b[31mpe\n"
    expected = [
        "www\talias\tWeb-1",
        "10.0.0.9\taddress\trelay-a",
        "shop\tambiguous\tWeb-1,db-1.example.net",
        "no[31mpe\tnot found\t",
    ]
    file = tmp_path / "names.txt"
    file.write_text(text)
    assert lines(str(file)) == lines(input=text) == lines("-", input=text) == expected
    assert lines("--names", input=text) == ["Web-1", "relay-a"]
    assert runner.invoke(args=["hosts", "find"], input="").exit_code == 1


def test_the_command_refuses_too_much_in_words(runner, some, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "pasted_names", 2)
    result = runner.invoke(args=["hosts", "find"], input="a\nb\nc")
    assert result.exit_code == 1
    assert "More than 2 different names" in result.stderr
    assert runner.invoke(args=["hosts", "find", str(tmp_path / "no")]).exit_code == 1


# ---- adding


def plan(session, text):
    session.rollback()
    return plan_names(session(), text.splitlines())


def test_the_missing_are_added_as_one_change_that_can_be_undone(session, some, runner):
    text = "new-1\n10.7.0.1\n\n  New-1 \nweb-1\nbad\u202ename\n" + "x" * 256
    seen = plan(session, text)

    assert [host["hostname"] for host in seen.new.values()] == ["new-1", "10.7.0.1"]
    assert seen.taken == ["web-1"]
    assert [name[:9] for name, _ in seen.bad] == ["bad\u202ename"[:9], "x" * 9]
    names = history.write(
        ActorContext("ann", "web"),
        lambda: add_names(session(), text.splitlines(), seen.digest),
    )
    change = history.written_change_set_id(session())
    assert sorted(names.values()) == ["10.7.0.1", "new-1"]
    session.rollback()
    assert hosts.find_host("10.7.0.1").ip_addr == "10.7.0.1"
    assert hosts.find_host("new-1").port == 22
    undone = runner.invoke(args=["changes", "undo", str(change), "--yes"])
    assert undone.exit_code == 0, undone.output
    session.rollback()
    assert session.query(Host).count() == len(some)


def test_only_what_was_shown_is_added(session, some, make_host):
    digest = plan(session, "new-1\nnew-2").digest
    make_host(hostname="NEW-2")

    for text in ("new-1\nnew-2", "new-1", "new-1\nnew-2\nnew-3"):
        with pytest.raises(Conflict, match="changed since the preview"):
            history.write(
                ActorContext("ann", "web"),
                lambda text=text: add_names(session(), text.splitlines(), digest),
            )
    session.rollback()
    assert hosts.find_host("new-1") is None


def test_too_many_new_names_are_a_file(session, monkeypatch):
    monkeypatch.setattr(limits, "pasted_new_hosts", 2)
    with pytest.raises(InvalidValue, match="Import them from a file"):
        plan(session, "a\nb\nc")
