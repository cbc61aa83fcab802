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
