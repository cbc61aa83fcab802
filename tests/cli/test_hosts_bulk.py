"""``flask hosts set|add-group|remove-group|retire|confirm|delete|…``."""

import pytest
import sqlalchemy as sa

from hostadmin.bulk_edit import apply
from hostadmin.cli import common, hosts_bulk, hosts_show
from hostadmin.inventory import hosts
from hostadmin.models import ChangeSet, Host

from ..helpers.dumps import dump


@pytest.fixture
def flask(runner):
    """Run ``flask`` with these words: exit code, stdout and stderr."""

    def run(*words, stdin=None):
        result = runner.invoke(args=["hosts", *words], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def inventory(make_host, make_group):
    make_group(name="web")
    make_host(hostname="web-1", environment="prod", owner="payments", groups=["web"])
    make_host(hostname="web-2", environment="prod", aliases=["www"], ip_addr="10.0.0.2")
    make_host(hostname="db-1", environment="dev", owner="data", addresses=["10.0.0.2"])


def owners(session):
    session.rollback()
    rows = session.execute(sa.select(Host.hostname, Host.owner).order_by(Host.hostname))
    found = dict(rows.all())
    session.rollback()
    return found


def test_set_says_what_it_would_do(flask, session, inventory):
    before = dump(session)
    code, out, err = flask("set", "env:prod", "owner=platform", "--dry-run")
    assert (code, err) == (0, "")
    assert out == (
        "owner: (not set) → platform: 1 host\n"
        "owner: payments → platform: 1 host\n"
        "change: web-1: owner payments → platform\n"
        "change: web-2: owner (not set) → platform\n"
        "2 hosts would be changed.\n"
    )
    assert dump(session) == before


def test_set_needs_yes_where_nobody_can_be_asked(flask, session, inventory):
    code, _, err = flask("set", "env:prod", "owner=platform")
    assert (code, "--yes" in err) == (1, True)
    assert owners(session)["web-1"] == "payments"

    code, out, _ = flask("set", "env:prod", "owner=platform", "--yes")
    number = session.scalar(sa.select(sa.func.max(ChangeSet.id)))
    assert (code, out) == (0, f"2 hosts changed. Saved as change {number}.\n")
    assert owners(session) == {"db-1": "data", "web-1": "platform", "web-2": "platform"}
    change = session.get(ChangeSet, number)
    assert (change.source, change.message) == ("command", "owner=platform for env:prod")


def test_several_fields_clear_set_and_give_a_reason(flask, session, inventory):
    words = ["owner=", "status=Maintenance", "var.net.mtu=9000", "port="]
    code, out, _ = flask("set", "web-1", *words, "--yes", "--message", "ticket 7")
    assert (code, out[:15]) == (0, "1 host changed.")
    session.rollback()
    host = hosts.find_host("web-1")
    assert (host.owner, host.port, host.status.value) == (None, None, "maintenance")
    assert host.vars == {"net": {"mtu": 9000}}
    last = session.scalars(sa.select(ChangeSet).order_by(ChangeSet.id.desc())).first()
    assert last.message == "ticket 7"


def test_groups(flask, session, inventory):
    assert flask("add-group", "env:prod", "wbe", "--yes")[::2] == (
        1,
        "Error: add-group: Group “wbe” does not exist. Did you mean “web”? "
        "Use --create to create missing groups.\n",
    )
    assert flask("add-group", "env:prod", "eu", "--yes", "--create")[1].startswith(
        "2 hosts changed, group eu created."
    )
    assert flask("add-group", "env:prod", "web", "--yes")[1].startswith(
        "1 host changed, 1 unchanged."
    )
    assert flask("remove-group", "*", "web", "eu", "--yes")[0] == 0
    session.rollback()
    assert hosts.find_host("web-1").groups == []
    assert flask("remove-group", "*", "wbe", "--yes")[0] == 1


def test_retire_confirm_delete(flask, session, inventory):
    assert flask("retire", "-env:prod", "--yes")[0] == 0
    session.rollback()
    assert hosts.find_host("db-1").status.value == "retired"
    assert flask("confirm", "*", "--yes")[1].startswith("3 hosts confirmed. Saved as")
    assert flask("delete", "status:retired", "--dry-run")[1] == (
        "delete: db-1\n1 host would be deleted.\n"
    )
    assert flask("delete", "status:retired", "--yes")[0] == 0
    assert set(owners(session)) == {"web-1", "web-2"}


def test_respell(flask, session, inventory):
    code, out, _ = flask("rename-value", "env", "prod", "Production", "--yes")
    assert (code, out[:16]) == (0, "2 hosts changed.")
    assert flask("rename-value", "env", "production", "production", "--yes")[0] == 0
    session.rollback()
    assert hosts.find_host("web-1").environment == "production"
    assert flask("rename-value", "port", "22", "23", "--yes")[0] == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("set", "", "owner=x", "--yes"), 2, "Use '*' for all hosts"),
        (("delete", " ", "--yes"), 2, "Use '*' for all hosts"),
        (("delete", "--yes"), 2, "QUERY"),
        (("retire",), 2, "QUERY"),
        (("set", "owner=x", "--yes"), 2, "FIELD=VALUE"),
        (("set", "web-1", "owner", "--yes"), 2, "not FIELD=VALUE"),
        (("set", "web-1", "=x", "--yes"), 2, "not FIELD=VALUE"),
        (("set", "web-1", "owner=x", "--yess"), 2, "not FIELD=VALUE"),
        (("delete", "web-1", "--dryrun"), 2, "extra argument"),
        (("add-group", "web-1"), 2, "GROUP"),
        (("set", "web-1", "colour=red", "--yes"), 1, "Unknown field “colour”"),
        (("set", "web-1", "hostname=x", "--yes"), 1, "cannot be set for many"),
        (("set", "web-1", "port=0", "--yes"), 1, "not a valid port"),
        (("set", "web-1", "status=gone", "--yes"), 1, "not a valid status"),
        (("set", "web-1", f"owner={'x' * 300}", "--yes"), 1, "at most 255"),
        (("set", "web-1", "var.a={", "--yes"), 1, "line 1"),
        (("set", "web-1", "owner=\udcff", "--yes"), 1, "invisible"),
        (("set", "evn:prod", "owner=x", "--yes"), 1, "Did you mean “env”"),
        (("delete", "env:", "--yes"), 1, "was expected"),
        (("delete", "group:nope", "--yes"), 1, "Group “nope” does not exist"),
        (("delete", "web-1", "--yes", "--message", "x" * 300), 1, "at most 255"),
        (("add-group", "web-1", "a,b", "--yes"), 1, "comma"),
    ],
)
def test_what_makes_no_sense_does_nothing(
    flask, session, inventory, words, code, message
):
    before = dump(session)
    answer = flask(*words)
    assert (answer[0], message in answer[2]) == (code, True), answer
    assert dump(session) == before


def test_nothing_that_matches_is_shown(flask, session, inventory):
    for words in (("delete", "env:nowhere"), ("set", "env:nowhere", "owner=x")):
        assert flask(*words, "--yes") == (
            0,
            "No hosts match. Nothing was changed.\n",
            "",
        )
        assert flask(*words)[1] == "No hosts match. Nothing was changed.\n"
    assert flask("set", "web-1", "owner=payments", "--yes")[1] == (
        "Nothing to change on 1 host.\n"
    )


def test_a_terminal_is_asked(flask, monkeypatch, session, inventory, make_host):
    monkeypatch.setattr(common, "is_terminal", lambda: True)
    assert flask("set", "web-1", "owner=x", stdin="n\n")[0] == 1
    assert owners(session)["web-1"] == "payments"
    assert flask("set", "web-1", "owner=x", stdin="y\n")[0] == 0
    assert owners(session)["web-1"] == "x"

    for number in range(50):
        make_host(hostname=f"many-{number}")
    assert flask("delete", "many", stdin="y\n")[0] == 0
    for number in range(51):
        make_host(hostname=f"many-{number}")
    for typed in ("y\n", "50\n", "\n"):
        assert flask("delete", "many", stdin=typed)[0] == 1
    assert len(owners(session)) == 54
    assert flask("delete", "many", stdin="51\n")[0] == 0
    assert len(owners(session)) == 3


def test_what_changed_while_it_was_asked_is_shown(
    app, flask, monkeypatch, session, inventory
):
    def meddle():
        with app.app_context():
            hosts_bulk.write(
                hosts_bulk.ActorContext("bob", "web"), lambda: hosts.delete_host(id_)
            )
        return True

    session.rollback()
    id_ = hosts.find_host("web-1").id
    session.rollback()
    monkeypatch.setattr(common, "is_terminal", meddle)
    code, _, err = flask("delete", "env:prod", stdin="y\n")
    assert (code, "“web-1” was deleted by bob (change" in err) == (1, True), err
    assert apply.NOT_AS_SEEN in err
    assert set(owners(session)) == {"db-1", "web-2"}


# ---- show


def test_show_finds_by_name_alias_and_address(flask, make_host, make_group):
    make_group(name="a")
    make_group(name="b")
    make_host(
        hostname="Web-1",
        aliases=["www", "w 2"],
        ip_addr="10.0.0.1",
        addresses=["2001:db8::1"],
        groups=["b", "a"],
        notes="one\ttab\nline \\",
        vars={"x": [1, "é"]},
        port=None,
    )
    code, out, err = flask("show", "web-1")
    assert (code, err) == (0, "")
    lines = dict(line.split("\t", 1) for line in out.splitlines())
    assert lines["hostname"] == "Web-1"
    assert lines["port"] == lines["owner"] == ""
    assert lines["groups"] == "a,b"
    assert lines["aliases"] == "w 2\twww"
    assert lines["addresses"] == "2001:db8::1"
    assert lines["notes"] == "one\\ttab\\nline \\\\"
    assert lines["vars"] == '{"x":[1,"é"]}'
    for name in ("WWW", "10.0.0.1", "2001:DB8:0::1"):
        assert flask("show", name)[1] == out


def test_show_says_what_is_not_there_or_not_clear(flask, inventory):
    assert flask("show", "web-11")[::2] == (
        1,
        "Error: Host “web-11” does not exist. Did you mean “web-1”?\n",
    )
    assert flask("show", "10.0.0.2")[::2] == (
        1,
        "Error: “10.0.0.2” matches 2 hosts: “db-1”, “web-2”.\n",
    )
    assert flask("show", "")[0] == 1
    assert flask("show")[0] == 2


def test_show_on_a_terminal_is_a_table(flask, monkeypatch, make_host):
    make_host(hostname="[red]a", vars={"k": "v\x1b"[:1]})
    monkeypatch.setattr(hosts_show, "_on_terminal", lambda: True)
    code, out, _ = flask("show", "[red]a")
    assert code == 0
    assert "[red]a" in out
    assert "(not set)" in out
    assert "the host" in out
