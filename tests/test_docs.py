"""What the documentation says is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hostadmin.config import PREFIX, Settings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# The page defines a model of its own, so it gets a process of its own.
RUN = """
import sys
from app import app
from hostadmin.database import Base, db
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
    from hostadmin.database import Base, db

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


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_to_files(path):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_table_of_settings_is_complete():
    text = (ROOT / "docs/configuration.md").read_text()
    told = set(re.findall(rf"^\| `({PREFIX}\w+)`", text, re.M))

    fields = {PREFIX + name.upper() for name in Settings.model_fields}
    assert told == fields - {f"{PREFIX}TESTING"}


def test_commands_of_the_readme_exist(runner):
    text = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()

    for target in set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for words in set(re.findall(r"`flask ([a-z]+ [a-z]+)", text)):
        assert runner.invoke(args=[*words.split(), "--help"]).exit_code == 0, words
