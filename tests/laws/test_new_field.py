"""A text is one entry and its columns, a kind of value one class; all else follows.

A copy of the program is given a text, and a number of a kind that it did not know;
then every page, command, format and the API are asked for them.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

from ..helpers.paths import ROOT

ENTRIES = """
    _text("tier", "Tier", also=("level",), headers=("cabinettier",), is_listed=False),
    HostField(
        "height", "height", "Height", "units", "units high", sort="height",
        is_groupable=True,
    ),
    HostField(
        "groups","""
COLUMNS = """
    tier: Mapped[str | None] = mapped_column(key_text(MAX_TEXT), active_history=True)
    tier_sort: Mapped[str | None] = mapped_column(TERM_ORDER)
    height: Mapped[int | None] = mapped_column()
    vars: Mapped"""
KIND = """
from ...errors import QueryError
from ..parse_values import Range
from .ordered import Number


class Units(Number):
    name = "units"
    expected = ("a number of units",)
    offered = {"1": "flat", "4": "high"}

    def read(self, value: str) -> Range:
        if not value.isdigit():
            raise QueryError(f"{value} is no height.")
        return Range(int(value), int(value))
"""


def insert(path, before, text):
    """Put the text in the place of what is there once."""
    old = path.read_text()
    assert old.count(before) == 1, f"{before!r} stands {old.count(before)} times"
    path.write_text(old.replace(before, text))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new_field")
    package = folder / "hostadmin"
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("hostadmin", "templates", "static"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    fields = package / "validation" / "host_fields.py"
    insert(fields, '\n    HostField(\n        "groups",', ENTRIES)
    insert(package / "models" / "host.py", "\n    vars: Mapped", COLUMNS)
    kinds = package / "query" / "kinds"
    (kinds / "units.py").write_text(KIND)
    insert(kinds / "__init__.py", "(Name, Alias,", "(Units, Name, Alias,")
    insert(kinds / "__init__.py", "\n\nKINDS", "\nfrom .units import Units\n\nKINDS")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.helpers.new_field_answers"),
            f"sqlite:///{folder}/hosts.sqlite",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TEXT = [
    ("column", "Hostname Tier Height Actions web-1 Gold 4 Edit web-2"),
    ("usual columns", "Tier Gold 1 (not set) 1"),
    ("sort", "Sort: Tier"),
    ("sentence", "Hosts with the tier Gold"),
    ("sentence of hosts without", "Hosts without a tier"),
    ("clause", "Hosts where tier contains old or port is 1"),
    ("filter", "tier^=go (remove)"),
    ("other name in a query", "tier:gold (remove)"),
    ("stats", "2 hosts, by tier"),
    ("stats", "Gold 1 host 50.0 % (not set) 1 host 50.0 %"),
    ("overview", "By tier CSV of hosts by tier Value Hosts Share Gold 1 host"),
    ("cross table", "Tier prod (not set) Total Gold 1 0 1"),
    ("help", "tier level : != ~ ^= $= in is empty tier; case is ignored"),
    ("completion of the field", '"text":"tier:"'),
    ("completion of values", '"count":1,"description":"","end":6,"kind":"value"'),
    ("create form", "Owner Tier Groups"),
    ("details", "Tier Gold"),
    ("edit form", "Gold"),
    ("after the edit", "Hosts with the tier Silver"),
    ("bulk form", "Owner Tier Port Notes"),
    ("bulk plan", "tier Silver → lead 1"),
    ("history", "Changed host web-1 : tier: Gold → Silver"),
    ("import", "1 host added, 0 changed, 0 unchanged."),
    ("list", "0 web-3\t\t\tactive\t\t\t\t\t\tbronze\t"),
    ("count", "0 bronze\t1\nSilver\t1\n\t1\n"),
    ("set", "0 1 host changed."),
    ("show", "tier\tlead"),
    ("help of set", "role, owner, tier, port, notes"),
    ("export csv", "role,owner,tier,groups"),
    ("export csv", "web-3,,,,,active,,,,,,lead,,,"),
    ("export json", '"tier": "lead"'),
    ("export jsonl", '"tier": "lead"'),
    ("export ansible", '"hostadmin_tier":{"__ansible_unsafe":"lead"}'),
    ("export ansible-yaml", 'hostadmin_tier: !unsafe "lead"'),
    ("api list", "200 [{'hostname': 'web-3', 'tier': 'lead', 'height': None}]"),
    ("api create", "201 Bronze"),
    ("api get", "200 Bronze"),
    ("api patch", "200 bronze age"),
    ("api filter", "200 1"),
    ("api sort", "['Silver', 'lead']"),
    ("api counts of the text", '{"values":["lead"],"hosts":1,"q":"tier:lead"}'),
    ("api changes", '"changes": {"tier": ["Bronze", "bronze age"]}'),
    ("api refused", "422 [{'pointer': '#/tier', 'detail': 'is not text.'}]"),
    *(
        ("api described", f'"{name}": {{"anyOf": [{{"type": "string"}}')
        for name in ("Host", "ListedHost", "NewHost", "HostChange")
    ),
]
NUMBER = [
    ("kind", "Hosts where height is in 4 to 5"),
    ("kind compared", "Hosts where height is above 4"),
    ("kind compared", "Hostname Height Actions web-2 5 Edit Selected"),
    ("kind refused", "400 Query Find tall is no height. (characters 8–11)"),
    ("kind refused", "Expected: a number of units."),
    ("kind counted", "4 1 host 50.0 % 5 1 host 50.0 %"),
    ("kind completed", '"description":"high","end":7,"kind":"value","label":"4"'),
    ("operators", '"label":"height>="'),
    ("api list by a number", "200 [{'hostname': 'web-2'}]"),
    ("api counts of the number", '{"values":["4"],"hosts":1,"q":"height:4"}'),
    ("help", "height : != < <= > >= in is empty units high"),
]


@pytest.mark.parametrize(("page", "words"), TEXT)
def test_a_text_is_one_entry_and_its_columns(answers, page, words):
    assert words in answers[page]


@pytest.mark.parametrize(("page", "words"), NUMBER)
def test_a_kind_of_value_is_one_class(answers, page, words):
    assert words in answers[page]
