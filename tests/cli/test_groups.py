"""``flask groups``: lines for scripts, tables for people."""

import io
import sys

import pytest
from flask.testing import FlaskCliRunner


@pytest.fixture
def nested(make_group, make_host):
    make_group(name="web", vars={"port": 80, "a b": "x\ty"})
    make_group(name="Web*")
    make_group(name="front", description="[red] all of it", children=["web", "Web*"])
    make_host(hostname="web-10", groups=["web"])
    make_host(hostname="web-2", groups=["web", "front"])
    make_host(hostname="web-3", groups=["Web*"])
    make_host(hostname="alone")


def run(runner: FlaskCliRunner, *words: str) -> tuple[int, str, str]:
    result = runner.invoke(args=["groups", *words])
    return result.exit_code, result.stdout, result.stderr


def test_list_prints_a_group_a_line(runner, nested):
    assert run(runner, "list") == (
        0,
        "Web*\t1\t1\t\tfront\t\n"
        "front\t3\t1\tWeb*,web\t\t[red] all of it\n"
        "web\t2\t2\t\tfront\t\n",
        "",
    )


def test_show_prints_a_field_a_line_and_the_members(runner, nested):
    assert run(runner, "show", "web") == (
        0,
        "name\tweb\n"
        "description\t\n"
        "parents\tfront\n"
        "children\t\n"
        "hosts\t2\n"
        "members\t2\n"
        'vars\t{"port":80,"a b":"x\\ty"}\n'
        "member\tweb-2\n"
        "member\tweb-10\n",
        "",
    )
    assert "hosts\t3\nmembers\t1\n" in run(runner, "show", "front")[1]
    assert "hosts\t1\nmembers\t1\n" in run(runner, "show", "Web*")[1]


def test_a_group_that_is_not_there_is_shown(runner, nested):
    assert run(runner, "show", "wep") == (
        1,
        "",
        "Error: Group “wep” does not exist. Did you mean “web”?\n",
    )
    assert run(runner, "show", "WEB")[0] == 1
    assert run(runner, "show")[0] == 2
    assert run(runner, "show", "-x")[0] == 1


def test_nothing_is_no_line(runner):
    assert run(runner, "list") == (0, "", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_people_see_tables(app, nested, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    def shown(*words: str) -> str:
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        with pytest.raises(SystemExit), app.app_context():
            app.cli.main(["groups", *words], prog_name="flask")
        return screen.getvalue()

    assert "[red] all of it" in shown("list")
    page = shown("show", "web")
    assert "x\\u0009y" in page
    assert page.index("web-2") < page.index("web-10")
    assert "(not set)" in page
