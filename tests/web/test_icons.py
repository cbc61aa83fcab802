"""The icons of the pages: one file, which browsers keep."""

import re

from ..helpers.pages import parse
from ..helpers.paths import ROOT
from ..icons import FILE, NAMES, draw

# Where templates name icons; beside them stand kinds of messages.
SHOWN = re.compile(r"icon\([^()]*|message_icons = .*")
KINDS = {"success", "error", "warning"}


def test_the_file_is_what_lucide_draws():
    assert FILE.read_text() == draw()


def test_every_icon_that_a_template_shows_is_drawn_and_no_other():
    text = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    shown = re.findall(r"'([a-z0-9-]+)'", "".join(SHOWN.findall(text)))

    assert {*shown} - KINDS == {*NAMES}


def test_a_page_shows_them_from_a_file_that_browsers_keep(client):
    [address] = {
        use["href"].split("#")[0] for use in parse(client.get("/help/")).select("use")
    }
    answer = client.get(address)

    assert answer.mimetype == "image/svg+xml"
    assert "immutable" in answer.headers["Cache-Control"]
    assert 'id="menu"' in answer.text
