"""What the documentation says is so."""

import importlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hostadmin.config import PREFIX, Settings
from hostadmin.query.ast import EVERYTHING
from hostadmin.query.fields import FIELDS, find_field
from hostadmin.query.parse_terms import MAX_TERMS, operators_of
from hostadmin.query.parse_values import MAX_VALUES
from hostadmin.query.parser import MAX_DEPTH, MAX_LENGTH, parse
from hostadmin.query.to_text import to_text
from hostadmin.query.url_filters import FILTER_WORDS

ROOT = Path(__file__).parent.parent
DOCS = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
# The page defines a model of its own, so it gets a process of its own.
RUN = """
import sys
from app import make_app
from hostadmin.db.session import Base, db
app = make_app()
with app.app_context():
    names = app.make_shell_context()
    try:
        exec(compile(sys.stdin.read(), "docs/orm.md", "exec"), names)
        db.session.rollback()
    finally:
        Base.metadata.drop_all(db.engine)
"""


def snippets(path: Path) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", path.read_text(), re.S))


@pytest.fixture
def empty_database(database, app):
    """A database that the page can make its tables in, and that is put back."""
    from hostadmin.db.session import Base, db

    with app.app_context():
        Base.metadata.drop_all(db.engine)
    yield database
    with app.app_context():
        Base.metadata.create_all(db.engine)


def test_the_snippets_of_the_orm_page_run(empty_database):
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=snippets(ROOT / "docs/orm.md"),
        cwd=ROOT,
        env=os.environ
        | {"HOSTADMIN_DATABASE_URI": empty_database, "HOSTADMIN_SECRET_KEY": "x" * 40},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_the_lines_of_host_on_the_orm_page_are_those_of_the_model():
    model = (ROOT / "hostadmin/models/host.py").read_text().splitlines()
    [shown] = re.findall(r"```py\n(.*?)```", (ROOT / "docs/orm.md").read_text(), re.S)

    assert [line for line in shown.splitlines() if line not in model] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_to_files(path):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


def is_there(name):
    """Whether ``room.module`` is a module, a folder, or what a room offers."""
    path = ROOT / "hostadmin" / name.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    room, _, rest = name.partition(".")
    return hasattr(importlib.import_module(f"hostadmin.{room}"), rest)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_modules_and_files_that_are_named_exist(path):
    text = path.read_text()
    rooms = {child.name for child in (ROOT / "hostadmin").iterdir() if child.is_dir()}
    modules = [
        name
        for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", text)
        if name.partition(".")[0] in rooms
    ]
    files = re.findall(r"`((?:hostadmin|tests|templates|docs)/[\w/.]*)`", text)

    assert [name for name in modules if not is_there(name)] == []
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_table_of_settings_is_complete():
    text = (ROOT / "docs/configuration.md").read_text()
    documented = set(re.findall(rf"^\| `({PREFIX}\w+)`", text, re.M))

    fields = {PREFIX + name.upper() for name in Settings.model_fields}
    assert documented == fields - {f"{PREFIX}TESTING"}


def test_the_table_of_findings_is_complete():
    text = (ROOT / "docs/configuration.md").read_text()
    documented = re.findall(r"^\| (H\d{3}) \|", text, re.M)
    source = (ROOT / "hostadmin/deploy_check.py").read_text()

    assert documented == re.findall(r'"(H\d{3})"', source)


def test_every_promise_of_security_has_tests_that_exist():
    text = (ROOT / "SECURITY.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", text))
    files = (ROOT / "tests").rglob("test_*.py")
    there = {
        name
        for path in files
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.M)
    }

    assert len(named) > 40
    assert named - there == set()


def test_commands_of_the_readme_exist(runner):
    text = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()

    for target in set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for words in set(re.findall(r"`flask ([a-z]+ [a-z]+)", text)):
        assert runner.invoke(args=[*words.split(), "--help"]).exit_code == 0, words


def test_the_sample_file_has_hosts_and_no_errors(runner):
    sample = str(ROOT / "docs/sample-hosts.csv")

    answer = runner.invoke(args=["hosts", "import", sample, "--dry-run"])

    assert answer.exit_code == 0, answer.output
    assert "8 hosts would be added" in answer.output


QUERY_PAGE = ROOT / "docs/query-language.md"


def table_after(heading: str) -> list[list[str]]:
    section = QUERY_PAGE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_query_page_names_every_field_with_its_operators():
    fields = [*FIELDS.values(), replace(find_field("var.NAME"), name="var.NAME")]

    assert table_after("Fields") == [
        [
            f"`{field.name}`",
            ", ".join(f"`{name}`" for name in field.aliases),
            " ".join(f"`{sign}`" for sign in operators_of(field)),
            field.description,
        ]
        for field in fields
    ]


def test_every_query_on_the_query_page_is_understood():
    text = QUERY_PAGE.read_text().split("## Fields")[0]
    examples = [
        example
        for row in re.findall(r"^\|[^|]+\|([^|]+)\|$", text, re.M)
        for example in re.findall(r"`([^`]+)`", row)
    ]

    assert len(examples) > 20
    for example in examples:
        assert parse(to_text(parse(example))) == parse(example) != EVERYTHING


def test_the_query_page_names_the_limits_and_every_filter_operation():
    text = " ".join(QUERY_PAGE.read_text().split())

    assert f"{MAX_LENGTH:,} characters, {MAX_TERMS} conditions" in text
    assert f"{MAX_VALUES:,} values in a list, parentheses and variables " in text
    assert f"{MAX_DEPTH} levels deep" in text
    for operation in FILTER_WORDS:
        assert f"`{operation}`" in text
