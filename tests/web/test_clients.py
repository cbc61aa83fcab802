"""Whose turn a request takes: that of its account, whatever it shows."""

from base64 import b64encode

import pytest

from hostadmin import history
from hostadmin.auth import accounts, sessions, tokens
from hostadmin.db.session import db

ON_ONE_ENGINE = True

ADDRESS = "203.0.113.5"


@pytest.fixture
def turn_of(app):
    """Return whose turn a request takes that shows a cookie or a header."""

    def turn_of(cookie="", authorization=""):
        name = app.config["SESSION_COOKIE_NAME"]
        shown = {"HTTP_COOKIE": f"{name}={cookie}"} if cookie else {}
        if authorization:
            shown["HTTP_AUTHORIZATION"] = authorization
        return app.extensions["hostadmin_clients"].of({"REMOTE_ADDR": ADDRESS, **shown})

    return turn_of


@pytest.fixture
def signed(app):
    """Return a cookie of ours with this content."""
    return app.session_interface.get_signing_serializer(app).dumps


def test_each_text_of_a_cookie_takes_the_turn_of_its_session(signed, turn_of):
    turns = {turn_of(signed({"sid": "s", "_flashes": [n]})) for n in range(5)}

    assert turns == {turn_of(signed({"sid": "s"}))}
    assert turns != {turn_of(signed({"sid": "t"}))}


def test_what_nobody_signed_or_made_takes_the_turn_of_its_address(signed, turn_of):
    basic = b64encode(b"ann:hostadmin_made-up").decode()
    for shown in (
        {"cookie": f"{signed({'sid': 's'})}x"},
        {"cookie": "made-up"},
        {"cookie": signed({})},
        {"authorization": "Bearer hostadmin_made-up"},
        {"authorization": f"Basic {basic}"},
        {"authorization": "nonsense"},
        {},
    ):
        assert turn_of(**shown) == ADDRESS, shown


def test_all_sessions_and_tokens_of_an_account_take_one_turn(app, turn_of, signed):
    with app.app_context(), history.writing("tests"):
        ann = accounts.add_account("ann", "none", "viewer")
        db.session.flush()
        keys = [sessions.begin_session(ann, None, None) for _ in range(2)]
        token = tokens.add_token("tool", "viewer", owner=ann)[1]
        other = tokens.add_token("other tool", "viewer")[1]
    cookies = [signed({"sid": key}) for key in keys]
    bearers = [f"Bearer {token}", f"Bearer {other}"]
    for cookie in cookies:
        browser = app.test_client()
        browser.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
        assert browser.get("/hosts/").status_code == 200
    for bearer in bearers:
        headers = {"Authorization": bearer}
        assert app.test_client().get("/hosts/", headers=headers).status_code == 200

    turns = [*map(turn_of, cookies), *(turn_of("", bearer) for bearer in bearers)]
    assert turns[0] == turns[1] == turns[2]
    assert turns[3] not in (turns[0], ADDRESS)
    assert (
        turn_of("", f"Basic {b64encode(f'any:{token}'.encode()).decode()}") == turns[0]
    )


def test_the_password_of_a_proxy_is_the_turn_of_nobody(app, client, turn_of, signed):
    header = "Basic " + b64encode(b"proxy:for everybody").decode()
    assert client.get("/hosts/", headers={"Authorization": header}).status_code == 200

    assert turn_of(authorization=header) == ADDRESS
    assert turn_of(signed({"sid": "s"}), header) == "s"
