"""Commands as scripts see them: exit codes, plain lines, errors on stderr."""

import contextlib
import json
import subprocess
import sys

import pytest
import sqlalchemy as sa

from hostadmin.cli import common
from hostadmin.db.session import db
from hostadmin.models import ChangeSet

from ..helpers.apps import build_app
from ..helpers.paths import ROOT


@pytest.fixture
def flask(runner):
    """Run ``flask`` with these words: exit code, stdout and stderr."""

    def run(*words: str, stdin: bytes | str | None = None) -> tuple[int, str, str]:
        result = runner.invoke(args=list(words), input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def inventory(make_host, make_group):
    for name in ("eu", "web"):
        make_group(name=name)
    make_host(
        hostname="web-2",
        ip_addr="10.0.0.2",
        environment="prod",
        os="Debian 13",
        location="fra1",
        role="web",
        owner="search",
        groups=["web", "eu"],
    )
    make_host(hostname="web-10", environment="prod", port=None, status="offline")
    make_host(hostname="db-1", environment="dev")


def test_list_prints_a_host_a_line(flask, inventory):
    assert flask("hosts", "list") == (
        0,
        "db-1\t\t22\tactive\tdev\t\t\t\t\t\n"
        "web-2\t10.0.0.2\t22\tactive\tprod\tDebian 13\tfra1\tweb\tsearch\teu,web\n"
        "web-10\t\t\toffline\tprod\t\t\t\t\t\n",
        "",
    )


def test_a_query_says_which_hosts(flask, inventory):
    code, out, _ = flask("hosts", "list", "env:PROD status=offline")

    assert (code, out.split("\t")[0]) == (0, "web-10")
    assert flask("hosts", "export", "web-2")[1].count("\n") == 2


def test_a_query_may_begin_with_a_dash(flask, inventory):
    assert flask("hosts", "count", "-env:prod")[:2] == (0, "1\n")
    assert flask("hosts", "count", "--by", "env", "-by*")[1] == "prod\t2\ndev\t1\n"
    assert flask("hosts", "list", "-web")[1].startswith("db-1\t")


def test_the_place_of_an_error_is_marked(flask, inventory):
    assert flask("hosts", "list", "env:prod group:wep") == (
        1,
        "",
        "Error: Group “wep” does not exist. Did you mean “web”?\n"
        "  env:prod group:wep\n"
        "                 ^^^\n"
        "Try: env:prod group:web\n",
    )
    assert flask("hosts", "count", "日本 or")[2].splitlines()[1:] == [
        "  日本 or",
        "         ^",
    ]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("env:prdo", "Hint: did you mean env:prod (2 hosts)?\n"),
        ("search", "Hint: search is an owner: owner:search (1 host).\n"),
        ("env prod", "Hint: env is a field: env:prod (2 hosts).\n"),
        ("zzz", ""),
    ],
)
def test_what_finds_nothing_is_shown_with_what_finds_something(
    flask, inventory, query, hint
):
    assert flask("hosts", "list", query) == (0, "", hint)
    assert flask("hosts", "count", query) == (0, "0\n", hint)
    assert flask("hosts", "count", "--by", "os", query) == (0, "", hint)
    note = hint.replace("Hint: ", "Note: No host matches; ")
    assert flask("hosts", "export", "--columns", "hostname", query) == (
        *(0, "hostname\n", note),
    )


def test_count_prints_a_number(flask, inventory):
    assert flask("hosts", "count")[:2] == (0, "3\n")
    assert flask("hosts", "count", "env:prod")[:2] == (0, "2\n")
    assert flask("hosts", "count", "")[:2] == (0, "3\n")


def test_counts_by_value_come_highest_first(flask, inventory):
    assert flask("hosts", "count", "--by", "env")[1] == "prod\t2\ndev\t1\n"
    assert flask("hosts", "count", "--by", "owner")[1] == "\t2\nsearch\t1\n"
    assert flask("hosts", "count", "--by", "env", "--by", "status")[1] == (
        "dev\tactive\t1\nprod\tactive\t1\nprod\toffline\t1\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("count", "env:"), 1, "a value of “env” was expected"),
        (("list", "evn:prod"), 1, "Did you mean"),
        (("list", "env:\udcff"), 1, "U+DCFF"),
        (("export", "port:x"), 1, "is not a valid port"),
        (("count", "(" * 3_000), 1, "more than 20 levels deep"),
        (("list", "env:prod", "web"), 2, "unexpected extra argument"),
        (("count", "--filter", "env_equals=prod"), 2, "unexpected extra"),
        (("count", "--by", "evn"), 1, "Unknown field"),
        (("count", *("--by", "env") * 3), 2, "at most two"),
        (("export", "--format", "xml"), 2, "xml"),
        (("import",), 2, "FILE"),
        (("import", "/no/such/file.csv"), 1, "No such file"),
        (("import", "no\udcff.csv"), 1, "No such file"),
        (("import", "a\0b"), 1, "file does not exist"),
        (("import", "/"), 1, "is a directory"),
        (("import", sys.executable), 1, "is a program"),
    ],
)
def test_what_makes_no_sense_is_shown_in_words(flask, words, code, message):
    found, out, err = flask("hosts", *words)

    assert (found, out) == (code, "")
    assert message in err
    assert "SELECT" not in err


def test_an_import_says_what_it_did(flask, session):
    table = "name,ip\nweb1,10.0.0.1\nweb2,10.0.0.2\n"

    assert flask("hosts", "import", "-", stdin=table) == (
        0,
        "2 hosts added, 0 changed, 0 unchanged.\n",
        "Note: Columns: “name” is hostname; “ip” is ip_addr.\n",
    )
    assert flask("hosts", "import", "-", stdin=table)[1] == (
        "0 hosts added, 0 changed, 2 unchanged.\n"
    )
    last = session.scalars(sa.select(ChangeSet).order_by(ChangeSet.id.desc())).first()
    assert (last.actor, last.source, last.message) == (
        common.actor(),
        "import",
        "standard input",
    )


BAD = "name,ip\nweb1,10.0.0.1\nweb2,N/A\nweb3,10.0.0.300\n"


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_with_bad_rows_nothing_is_written_and_each_is_named(flask, words):
    code, _, err = flask("hosts", "import", "-", *words, stdin=BAD)

    assert code == 1
    assert "line 3 (web2): ip_addr: “N/A” is not a valid IP address" in err
    assert "line 4 (web3): ip_addr" in err
    assert "2 rows with errors, 1 good. Nothing was written" in err
    assert flask("hosts", "count")[1] == "0\n"


def test_bad_rows_are_left_out_on_demand(flask):
    code, out, err = flask("hosts", "import", "-", "--skip-errors", stdin=BAD)

    assert (code, out) == (
        0,
        "1 host added, 0 changed, 0 unchanged, 2 rows with errors left out.\n",
    )
    assert err.count("line ") == 2


def test_nothing_but_bad_rows_is_a_failure(flask):
    code, _, err = flask(
        "hosts", "import", "-", "--skip-errors", stdin="name,ip\nweb2,N/A\n"
    )

    assert code == 1
    assert "Nothing was written" in err


def test_a_dry_run_shows_from_and_to_and_writes_nothing(flask, inventory):
    code, out, _ = flask(
        *("hosts", "import", "-", "--dry-run"),
        stdin="name,env,groups,a\nweb-2,dev,new,\nweb-3,,,x\n",
    )

    assert (code, out) == (
        0,
        "new group: new\n"
        "changed: web-2: environment “prod” → “dev”; "
        "groups “eu, web” → “eu, new, web”\n"
        "new: web-3: vars.a “x”\n"
        "1 host would be added, 1 would be changed, 0 unchanged; "
        "1 group would be added, 0 would be changed, 0 unchanged.\n",
    )
    assert flask("hosts", "count")[1] == "3\n"


def test_an_export_is_imported_without_change(flask, inventory):
    code, out, _ = flask("hosts", "export", "--format", "csv")

    assert code == 0
    assert flask("hosts", "import", "-", stdin=out)[1] == (
        "0 hosts added, 0 changed, 3 unchanged.\n"
    )


def test_a_file_says_on_stderr_what_it_does_not_hold(flask, make_group, inventory):
    make_group(name="env-prod", description="all of it", children=["web"])
    make_group(name="{{ prod }}")

    code, out, err = flask("hosts", "export", "--format", "ansible", "web-2")
    assert (code, list(json.loads(out)["_meta"]["hostvars"])) == (0, ["web-2"])
    assert err == ""
    _, out, err = flask("hosts", "export", "--format", "ansible")
    assert {"env-prod", "__ prod __"} <= json.loads(out).keys()
    assert err == (
        "Note: Group names that Ansible cannot read were replaced: "
        "“{{ prod }} → __ prod __”.\n"
    )
    _, out, err = flask("hosts", "export")
    assert out.count("\n") == 4
    assert err.startswith("Note: CSV cannot hold")
    assert "“env-prod”, “{{ prod }}”" in err


def test_variables_of_all_hosts_are_counted_where_csv_leaves_them_out(flask):
    code, _, err = flask("hosts", "import", "-", stdin="all: {vars: {a: 1}}\n")
    assert (code, err) == (0, "Note: The file has no hosts.\n")

    assert flask("hosts", "export")[2] == (
        "Note: CSV cannot hold variables of all hosts (1). JSON can.\n"
    )


def test_a_file_without_anything_is_shown_once(flask):
    code, _, err = flask("hosts", "import", "-", stdin="all: {hosts: }\n")

    assert (code, err) == (0, "Note: The file has no hosts.\n")


def test_a_database_without_tables_is_shown(tmp_path):
    app = build_app(f"sqlite:///{tmp_path}/empty.sqlite")
    with app.app_context():
        db.drop_all()
        db.engine.dispose()
    result = app.test_cli_runner().invoke(args=["hosts", "list"])

    assert result.exit_code == 1
    assert "has no tables yet. Run: flask database upgrade" in result.stderr


def test_a_locked_database_is_shown(tmp_path):
    app = build_app(f"sqlite:///{tmp_path}/locked.sqlite")
    with app.app_context(), contextlib.ExitStack() as stack:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        stack.callback(db.engine.dispose)
        raw = stack.enter_context(contextlib.closing(db.engine.raw_connection()))
        raw.cursor().execute("BEGIN EXCLUSIVE")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("hostadmin.db.engines.sqlite.set_up", lambda *_: None)
            result = app.test_cli_runner().invoke(
                args=["hosts", "import", "-"], input="name\nweb1\n"
            )
        raw.rollback()

    assert result.exit_code == 1
    assert "another change has locked it. Nothing was saved." in result.stderr


def test_a_reader_that_has_enough_is_no_error(tmp_path):
    app = build_app(f"sqlite:///{tmp_path}/hosts.sqlite")
    with app.app_context():
        db.engine.dispose()
    rows = "".join(f"host{number}.example.net\n" for number in range(5_000))
    command = [sys.executable, "-m", "flask", "hosts"]
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOSTADMIN_DATABASE_URI": f"sqlite:///{tmp_path}/hosts.sqlite",
        "HOSTADMIN_SECRET_KEY": "x" * 40,
    }
    subprocess.run(
        [*command, "import", "-"],
        input=f"name\n{rows}",
        cwd=ROOT,
        env=environment,
        text=True,
        check=True,
        capture_output=True,
    )
    with subprocess.Popen(
        [*command, "list"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"host0.")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
