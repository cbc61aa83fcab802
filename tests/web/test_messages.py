"""Messages wait for the next page, but not without bound."""

from hostadmin.web.messages import MOST

from ..helpers.load import add
from ..helpers.pages import csrf, parse

ON_ONE_ENGINE = True


def test_a_client_that_only_sends_forms_keeps_its_session(client):
    token = csrf(client, "/hosts/new/")
    for number in range(4 * MOST):
        assert add(client, token, f"web-{number}").status_code == 302

    with client.session_transaction() as session:
        assert len(session["_flashes"]) == MOST
    page = parse(client.get("/hosts/"))
    assert f"web-{4 * MOST - 1}" in page.select_one("#messages").text
