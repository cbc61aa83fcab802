"""Files that are none, or hold what nobody should take: refused in words."""

import gzip
import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from hostadmin.errors import InvalidFile
from hostadmin.imports import importer, read_file
from hostadmin.imports.staging import Staging
from hostadmin.models import ChangeSet, Group, Host


@pytest.fixture
def refuse(runner, session, tmp_path) -> Callable[..., str]:
    """Import these bytes, which must fail and leave nothing; return what was shown."""

    def run(content: bytes, name: str = "hosts.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        start = time.monotonic()
        result = runner.invoke(args=["hosts", "import", str(path)])
        assert time.monotonic() - start < 20
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        session.rollback()
        for model in (Host, Group, ChangeSet):
            assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
        assert (result.exit_code, result.stdout) == (1, "")
        message: str = result.stderr
        return message

    return run


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hosts.csv", "name\nweb1\n")
    return buffer.getvalue()


def bomb() -> str:
    lines = ["    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 10):
        inner = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"    a{number}: &a{number} [{inner}]")
    return "\n".join(["all:", "  vars:", *lines, "  hosts:", "    web1:"])


DEEP = "[" * 100_000 + "]" * 100_000
NOT_READ = {
    "zip": (zipped(), "is a zip archive, not a workbook; unpack it first"),
    "gzip": (gzip.compress(b"name\nweb1\n"), "compressed with gzip; unpack it first"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "is a picture"),
    "utf-16": ("name\nweb1\n".encode("utf-16-le"), "UTF-16 without a byte order mark"),
    "nul": (b"name\nwe\0b1\n", "is not a text file"),
    "empty": (b"", "is empty"),
    "web page": (b"<!DOCTYPE html>\n<html><body>Log in</body></html>", "a web page"),
    "xhtml": (b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html/>', "a web page"),
    "xml": (b'<?xml version="1.0"?>\n<opml/>', "is XML"),
    "columns": (b"name" + b",x" * 100_000, "has 100,001 columns; at most 500"),
    "no header": (b"web1,10.0.0.1\nweb2,10.0.0.2\n", "Line 1: no header"),
    "two tables": (
        b"name,ip\nweb1,\n\nname,port\nweb2,22\n",
        "Line 4 is the header of",
    ),
    "same columns": (
        b"name,ip,name\na,,b\n",
        "Line 1: columns 1 and 3 are both called",
    ),
    "aliases": (bomb().encode(), "line 9: over 2,000,000 values"),
    "tag": (
        b"all:\n  vars:\n    x: !!python/object/apply:os.system [true]\n",
        "line 3: the tag “tag:yaml.org,2002:python/object/apply:os.system”",
    ),
    "playbook": (b"---\n- hosts: all\n  tasks: []\n", "is not an Ansible inventory"),
    "other YAML": (
        b"services:\n  web:\n    image: nginx\n",
        "is not an Ansible inventory",
    ),
    "other JSON": (b'{"name": "x", "version": "1"}', "but not an Ansible inventory"),
    "deep YAML": (f"all:\n  vars:\n    x: {DEEP}\n".encode(), "nested more than 200"),
    "deep JSON": (
        f'{{"hosts": [{{"hostname": "a", "vars": {{"x": {DEEP}}}}}]}}'.encode(),
        "is nested too deep",
    ),
    "deep Ansible JSON": (
        f'{{"all": {{"hosts": ["a"], "vars": {{"x": {DEEP}}}}}}}'.encode(),
        "is nested too deep",
    ),
    "digits": (
        b'{"hosts": [{"hostname": "a", "port": ' + b"9" * 5_000 + b"}]}",
        "a number of thousands of digits",
    ),
    "double name": (
        b'{"all": {"hosts": ["a"]}, "_meta": {"hostvars": {"a": {"x": 1, "x": 2}}}}',
        "the name “x” appears twice in one object",
    ),
}


@pytest.mark.parametrize(("content", "words"), NOT_READ.values(), ids=NOT_READ)
def test_what_is_no_file_of_hosts_is_refused(refuse, content, words):
    message = refuse(content)

    assert message.count("\n") == 1
    assert message.startswith("Error: ")
    assert words in message


GOOD = [f"web{number}" for number in range(999)]
BAD_ROWS = {
    "table": (
        "name,ip\n" + "".join(f"{n},\n" for n in GOOD) + "bad,10.0.0.300\n",
        1001,
    ),
    "INI": ("[a]\n" + "\n".join([*GOOD, 'bad x="']), 1001),
    "YAML": (
        "all:\n  hosts:\n" + "".join(f"    {n}:\n" for n in GOOD) + "    bad: [1]\n",
        1002,
    ),
    "JSON Lines": (
        "".join(json.dumps({"hostname": n}) + "\n" for n in GOOD) + '{"hostname":\n',
        1000,
    ),
    "JSON": (
        json.dumps([{"hostname": n} for n in [*GOOD, 7]], indent=0),
        2 + 3 * 999,
    ),
}


@pytest.mark.parametrize(("text", "line"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_one_bad_row_in_a_thousand_is_named(refuse, text, line):
    lines = refuse(text.encode()).splitlines()
    lines = [one for one in lines if not one.startswith("Note: Columns: ")]

    assert lines[0].startswith(f"line {line}")
    assert lines[1].startswith(
        "Error: 1 row with errors, 999 good. Nothing was written."
    )


NAMED = {
    "NUL far behind": ("name\n" + " \n" * 40_000 + "we\0b\n", "is U+0000"),
    "NaN in JSON": ('[{"hostname": "a", "vars": {"x": NaN}}]', "“x” is nan"),
    "NaN in YAML": ("all:\n  hosts:\n    a: {x: .nan}\n", "“x” is nan"),
    "NaN in a table": (
        'name,vars\na,"{""x"": NaN}"\n',
        "NaN is not a valid JSON number",
    ),
    "same name in JSON": ('[{"hostname": "a", "hostname": "b"}]', "appears twice"),
    "same name in YAML": ("all:\n  hosts:\n    a: {x: 1, x: 2}\n", "appears twice"),
    "lone surrogate": ('[{"hostname": "a\\ud800"}]', "U+D800"),
    "ring": ("[a:children]\nb\n[b:children]\na\n", "would be inside itself: a > b > a"),
    "itself": ("[a:children]\na\n", "would be inside itself: a > a"),
}


@pytest.mark.parametrize(("text", "words"), NAMED.values(), ids=NAMED)
def test_what_is_wrong_in_a_row_is_named(refuse, text, words):
    assert words in refuse(text.encode())


def test_most_of_very_many_rows_cannot_be_bad(session, tmp_path, monkeypatch):
    monkeypatch.setattr(read_file, "MAX_BAD", 100)
    path = tmp_path / "file"
    path.write_text("name,ip\n" + "".join(f"h{n},x\n" for n in range(2_000)))

    with pytest.raises(
        InvalidFile, match="over 100 rows with errors and fewer good ones"
    ):
        importer.staged(str(path)).__enter__()


@pytest.mark.parametrize(
    "start",
    ["", "name\n", "[web]\n", '{"hosts":[{"hostname":"', '{"hostname":"a"}\n{"a":"'],
)
def test_a_line_without_end_costs_no_memory(session, tmp_path: Path, start):
    path = tmp_path / "file"
    with path.open("w") as file:
        file.write(start)
        for _ in range(50):
            file.write("x" * 1024**2)
    tracemalloc.start()
    with pytest.raises(InvalidFile, match="over"), importer.staged(str(path)):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 30 * 1024**2


@pytest.mark.parametrize(
    ("start", "empty"),
    [
        ("", "# c\n"),
        ("name,ip\na,\n", "\n"),
        ("name,ip\na,\n", ",\n"),
        ("[web]\na\n", "\n"),
        ('{"hostname":"a"}\n{"hostname":"b"}\n', " \n"),
    ],
)
def test_lines_that_state_nothing_come_to_an_end(tmp_path: Path, start, empty):
    path = tmp_path / "file"
    path.write_text(start + empty * (2 * 1024**2 + 5))
    with (
        pytest.raises(InvalidFile, match="the 2,097,152 lines up to here are empty"),
        importer.staged(str(path)),
    ):
        pass


# ---- what is taken all the same


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("name,ip\nwéb1,10.0.0.1\n".encode("utf-16"), "wéb1"),
        ("[web]\nwéb1 a=1\n".encode("utf-16"), "wéb1"),
        ('{"hosts": [{"hostname": "wéb1"}]}'.encode("utf-8-sig"), "wéb1"),
        (b"# from the wiki\n\nname,ip\nweb1,10.0.0.1\n", "web1"),
        (b"[web]\r\nweb1 a=1\r\n", "web1"),
    ],
)
def test_encodings_and_comments_are_understood(session, tmp_path, content, name):
    path = tmp_path / "file"
    path.write_bytes(content)

    with importer.staged(str(path)) as plan:
        importer.make_plan(session(), plan)
        assert [row.name for row in plan.rows()] == [name]


def test_a_list_of_names_is_recognised(session, tmp_path):
    path = tmp_path / "file"
    path.write_text("machines\nweb1\nweb2\n")

    with importer.staged(str(path)) as plan:
        importer.make_plan(session(), plan)
        assert plan.new == 3
        assert plan.notes == ["Read as a list of names, starting with “machines”."]


def test_an_open_file_is_read_as_well(session):
    source = io.BytesIO("[web]\nwéb1 a=1\n".encode())

    with importer.staged_upload("hosts.ini", source) as plan:
        importer.make_plan(session(), plan)
        assert [row.name for row in plan.rows()] == ["wéb1"]
    with pytest.raises(InvalidFile, match="is a zip archive"):
        importer.staged_upload("hosts.csv", io.BytesIO(zipped())).__enter__()


@pytest.mark.parametrize(
    "text",
    [
        "[web]\nweb\n",
        "name,groups\nweb,web\n",
        '[{"hostname": "web", "groups": ["web"]}]',
        '{"hostadmin": 1, "groups": [{"name": "web"}], "hosts": [{"hostname": "web"}]}',
        '{"name": "web"}\n{"hostname": "web"}\n',
    ],
)
def test_a_host_named_like_a_group_is_shown(session, tmp_path, text):
    path = tmp_path / "file"
    path.write_text(text)

    with importer.staged(str(path)) as plan:
        assert any("same name as a host: “web”" in note for note in plan.notes)
        importer.make_plan(session(), plan)
        assert (plan.hosts.new, plan.groups.new) == (1, 1)


@pytest.mark.parametrize("text", ["[]", '{"hostadmin": 1, "hosts": []}', "name,ip\n"])
def test_a_file_without_hosts_is_shown(session, tmp_path, text):
    path = tmp_path / "file"
    path.write_text(text)

    with importer.staged(str(path)) as plan:
        importer.make_plan(session(), plan)
        assert plan.hosts.total == 0
        assert any("has no" in note for note in plan.notes)


def test_the_staging_removes_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    with Staging() as staging:
        staging.hosts.add([(n, {"hostname": f"h{n}" * 50}) for n in range(50_000)])
    assert list(tmp_path.iterdir()) == []
