"""``flask changes list`` and ``show``. On every database."""

import importlib
import json
import re
from types import SimpleNamespace

import pytest

from hostadmin import history
from hostadmin.history import ActorContext
from hostadmin.inventory import hosts
from hostadmin.models import ChangeEntry

from ..helpers.hosts import add_hosts


@pytest.fixture
def run(runner):
    def call(*args, code=0):
        result = runner.invoke(args=["changes", *args])
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.stderr

    return call


@pytest.fixture
def did(session):
    def do(work, actor="ann", source="web", message=None):
        history.write(ActorContext(actor, source, message), work)
        return history.written_change_set_id(session())

    return do


@pytest.fixture
def story(did):
    def many():
        add_hosts({"hostname": f"h{n}"} for n in range(9))

    first = did(lambda: hosts.add_host({"hostname": "a", "owner": "me"}))
    id_ = hosts.find_host("a").id
    return [
        first,
        did(
            lambda: hosts.change_host(id_, {"owner": "y\u00f6u"}), "bob", "api", "t\ta"
        ),
        did(many, "ann", "import", "hosts.csv"),
        did(lambda: hosts.delete_host(id_)),
    ]


def cells(text):
    return [line.split("\t") for line in text.splitlines()]


def test_list_prints_a_line_each_newest_first(run, story):
    found = cells(run("list"))

    assert [(row[0], *row[2:]) for row in found] == [
        (str(story[3]), "ann", "web", "deleted host a"),
        (str(story[2]), "ann", "import", "created 9 hosts “hosts.csv”"),
        (
            str(story[1]),
            "bob",
            "api",
            "changed host a: owner: me → y\u00f6u “t\\u0009a”",
        ),
        (str(story[0]), "ann", "web", "created host a"),
    ]
    for row in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[1])


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--actor", "bob"], [1]),
        (["--source", "import"], [2]),
        (["--host", "A"], [3, 1, 0]),
        (["--object", "h3"], [2]),
        (["--field", "owner", "--actor", "ann"], [3, 0]),
        (["--kind", "group"], []),
        (["--since", "today", "--limit", "2"], [3, 2]),
        (["--until=-1d"], []),
        (["--group", "nope"], []),
    ],
)
def test_list_takes_the_conditions_of_the_page(run, story, args, expected):
    assert [int(row[0]) for row in cells(run("list", *args))] == [
        story[n] for n in expected
    ]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--source", "wbe"], 1, "Did you mean “web”"),
        (["--field", "x"], 1, "Use one of: "),
        (["--since", "soon"], 1, "not a valid time"),
        (["--host", "a", "--object", "b"], 1, "not both"),
        (["--limit", "0"], 2, "limit"),
        (["--nope"], 2, "nope"),
    ],
)
def test_list_tells_what_makes_no_sense(run, args, code, message):
    assert message in run("list", *args, code=code)


def test_show_prints_every_value_as_json(run, session, story):
    _, second, third, fourth = story
    entry = session.query(ChangeEntry).filter_by(change_set_id=second).one()

    assert cells(run("show", str(second))) == [
        [
            str(entry.id),
            "changed",
            "host",
            str(entry.subject_id),
            "a",
            "owner",
            '"me"',
            '"y\u00f6u"',
        ]
    ]
    assert len({row[0] for row in cells(run("show", str(third)))}) == 9
    gone = {row[5]: json.loads(row[6]) for row in cells(run("show", str(fourth)))}
    assert gone == {
        "hostname": "a",
        "owner": "y\u00f6u",
        "port": 22,
        "status": "active",
    }


def test_show_of_one_entry(run, session, story):
    entry = session.query(ChangeEntry).filter_by(change_set_id=story[2]).first()
    found = cells(run("show", str(story[2]), "--entry", str(entry.id)))
    assert {row[4] for row in found} == {entry.subject_name}
    assert "has no entry 999999" in run(
        "show", str(story[2]), "--entry", "999999", code=1
    )


@pytest.mark.parametrize(
    ("id_", "code"), [("999999", 1), ("0", 2), ("x", 2), ("9" * 30, 2)]
)
def test_show_tells_a_bad_id(run, id_, code):
    run("show", id_, code=code)


def test_a_terminal_gets_tables_and_words(run, story, monkeypatch):
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    # The package has a group of commands of the same name.
    module = importlib.import_module("hostadmin.cli.changes")
    monkeypatch.setattr(module, "sys", terminal)

    listed = run("list", "--host", "a")
    shown = run("show", str(story[1]))

    assert listed.split()[:5] == ["id", "time", "actor", "source", "what"]
    assert "\t" not in listed
    assert shown.startswith(f"Change {story[1]}: changed host a: owner: me → y")
    assert "  owner: me → y\u00f6u\n" in shown
