"""Reading the HTML that the app answers with."""

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def parse(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def csrf(client: FlaskClient, url: str) -> str:
    """Fetch a page with a form and return its CSRF token."""
    response = client.get(url)
    assert response.status_code == 200, f"{url} answered {response.status}"
    field = parse(response).select_one("input[name=csrf_token]")
    assert field is not None, f"{url} holds no CSRF token"
    return str(field["value"])


def form_of(client: FlaskClient, url: str) -> dict[str, str]:
    """Return what the form of a page would send as it is."""
    page = parse(client.get(url))
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
    found = {}
    for field in parse(response).select("[aria-invalid=true]"):
        for part in field.get("aria-describedby", "").split():
            message = parse(response).find(id=part)
            if message is not None and "error" in " ".join(message.get("class", [])):
                found[field["name"]] = " ".join(message.text.split())
    return found
