"""Reading the HTML that the app answers with."""

import re

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

TOKEN = re.compile(r'<input\b[^>]*\bname="csrf_token"[^>]*\bvalue="([^"]+)"')
# Browsers end a cell where the next one begins; Python's parser would nest them.
CELLS = re.compile(r"(?=<t[dh][ >]|</tr>)")


def parse(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(CELLS.sub("</td>", response.text), "html.parser")


def csrf(client: FlaskClient, url: str) -> str:
    """Fetch a page with a form and return its CSRF token."""
    response = client.get(url)
    assert response.status_code == 200, f"{url} answered {response.status}"
    # To read all of the page would take longer than to make it.
    found = TOKEN.search(response.text)
    assert found is not None, f"{url} holds no CSRF token"
    return found[1]


def form_of(client: FlaskClient, url: str) -> dict[str, str]:
    """Return what the form of a page would send as it is."""
    return fields_of(client.get(url))


def fields_of(response: TestResponse) -> dict[str, str]:
    """Return the same of a page that was fetched."""
    page = parse(response)
    fields = {}
    for field in page.select("main form [name]"):
        if field.name == "textarea":
            # The first line end after the tag is not a part of the text.
            text = field.text.replace("\r\n", "\n")
            fields[field["name"]] = text.removeprefix("\n")
        elif field.name == "select":
            chosen = field.select_one("option[selected]")
            fields[field["name"]] = chosen["value"] if chosen else ""
        else:
            fields[field["name"]] = field.get("value", "")
    return fields


def errors(response) -> dict[str, str]:
    """Return field → what the page says is wrong with it."""
    page, found = parse(response), {}
    for field in page.select("[aria-invalid=true]"):
        for part in field.get("aria-describedby", "").split():
            message = page.find(id=part)
            if message is not None and "error" in " ".join(message.get("class", [])):
                found[field["name"]] = " ".join(message.text.split())
    return found
