"""What comes from outside with a request: names, origins, proxies, sizes, ways back."""

import pytest
from flask import Flask, request

from hostadmin import create_app
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.permissions import policy
from hostadmin.validation.local_path import own_path
from hostadmin.web.proxies import client_address
from hostadmin.web.security import is_allowed

from ..helpers.accounts import log_in
from ..helpers.apps import SeparateClient
from ..helpers.pages import csrf, parse

ON_ONE_ENGINE = True

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def apps():
    """Apps by their database and settings: one takes longer to build than to ask."""
    built: dict[str, Flask] = {}
    yield built
    for app in built.values():
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app_with(app, database, apps, monkeypatch):
    """Return an app with further settings, on the tables of ``app``."""
    for endpoint in ("seen", "away"):
        monkeypatch.setitem(policy.POLICY, endpoint, {"GET": policy.OPEN})

    def build(**settings) -> Flask:
        name = f"{database} {settings}"
        if name not in apps:
            apps[name] = _build(database, settings)
        return apps[name]

    return build


def _build(database, settings) -> Flask:
    built = create_app(
        Settings(_env_file=None, database_uri=database, secret_key=KEY, **settings)
    )
    built.test_client_class = SeparateClient

    @built.get("/seen")
    def seen():
        return {
            "client": client_address(),
            "host": request.host,
            "scheme": request.scheme,
            "left": sorted(k for k in request.environ if "FORWARDED" in k),
        }

    @built.get("/away")
    def away():
        return "", 302, {"Location": built.extensions["away"]}

    return built


def seen(app, peer="127.0.0.1", **headers):
    return app.test_client().get(
        "/seen",
        headers={name.replace("_", "-"): text for name, text in headers.items()},
        environ_base={"REMOTE_ADDR": peer},
    )


# ---- proxies


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9, 10.1.0.7", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "nonsense, 10.1.0.7", "10.1.0.7"),
        ("127.0.0.1", "<script>", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.1.0.1, 10.1.0.2", "10.1.0.1"),
        # Anyone who is none of our proxies says what they like.
        ("203.0.113.5", "6.6.6.6", "203.0.113.5"),
        ("10.2.0.1", "6.6.6.6", "10.2.0.1"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy_of_ours(
    app_with, peer, forwarded, client
):
    app = app_with(trusted_proxies="127.0.0.1, 10.1.0.0/24")

    answer = seen(app, peer, X_Forwarded_For=forwarded).json
    assert answer["client"] == client
    assert answer["left"] == []


def test_scheme_and_host_count_from_proxies_only(app_with):
    headers = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "hosts.example"}
    expected = ("https", "hosts.example")
    app = app_with(trusted_proxies="10.1.0.0/24", allowed_hosts="hosts.example")

    from_proxy = seen(app, "10.1.0.3", **headers)
    from_others = seen(app, "10.2.0.3", **headers)

    assert (from_proxy.json["scheme"], from_proxy.json["host"]) == expected
    assert (from_others.json["scheme"], from_others.json["host"]) == (
        "http",
        "localhost",
    )
    assert "Strict-Transport-Security" in from_proxy.headers
    assert "Strict-Transport-Security" not in from_others.headers


def test_a_host_from_a_proxy_must_be_allowed_and_is_not_reflected(app_with):
    app = app_with(trusted_proxies="127.0.0.1")

    for headers in (
        {"X_Forwarded_Host": "evil.example"},
        {"Host": "evil.example"},
        {"X_Forwarded_Host": "localhost, evil.example"},
    ):
        response = seen(app, **headers)
        assert response.status_code == 400
        assert "evil" not in response.text + str(response.headers)


def test_no_proxy_is_trusted_by_itself(app_with):
    answer = seen(
        app_with(), X_Forwarded_For="6.6.6.6", X_Forwarded_Host="evil.example"
    ).json

    assert (answer["client"], answer["host"]) == ("127.0.0.1", "localhost")


def test_guesses_count_for_the_client_that_a_proxy_names(app_with):
    browser = app_with(trusted_proxies="127.0.0.1").test_client()
    token = csrf(browser, "/login")

    def guess(client, number):
        data = {"csrf_token": token, "username": f"n{number}", "password": "wrong"}
        headers = {"X-Forwarded-For": f"6.6.6.{number}, {client}"}
        return browser.post("/login", data=data, headers=headers).status_code

    assert [guess("203.0.113.1", n) for n in range(11)] == [401] * 10 + [429]
    assert guess("203.0.113.2", 12) == 401


# ---- cookies


def cookie_of(app):
    client = app.test_client()
    return client.get("/login").headers["Set-Cookie"]


def test_the_cookie_is_for_our_pages_only(app_with):
    cookie = cookie_of(app_with())

    assert cookie.startswith("hostadmin=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_tls_nobody_else_can_plant_or_read_the_cookie(app_with):
    cookie = cookie_of(app_with(secure_cookies=True))

    assert cookie.startswith("__Host-hostadmin=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


# ---- names


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:1", True),
        ("[::1]:8000", True),
        ("hosts.example", True),
        ("Hosts.Example.:443", True),
        ("ported.example:8443", True),
        ("ported.example", False),
        ("ported.example:443", False),
        ("hosts.example:0", False),
        ("hosts.example:65536", False),
        ("hosts.example:999999", False),
        ("hosts.example:", False),
        ("hosts.example:8o", False),
        ("x.hosts.example", False),
        ("hosts.example.evil", False),
        ("hosts.example@evil", False),
        ("[::1", False),
        ("", False),
        ("hosts.example, evil", False),
    ],
)
def test_a_name_is_ours_with_any_port_but_a_wrong_one(host, allowed):
    assert is_allowed(host, ("hosts.example", "ported.example:8443")) is allowed


# ---- the second line behind the token


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({}, True),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://localhost:80"}, True),
        ({"Origin": "https://hosts.example"}, True),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "nonsense"}, False),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Origin": "http://user@localhost"}, False),
        ({"Origin": "file://localhost"}, False),
        ({"Origin": "http://[::1"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_a_form_of_another_site_is_refused(app_with, headers, accepted):
    client = log_in(app_with(allowed_hosts="hosts.example").test_client())
    given = {"hostname": "web1", "csrf_token": csrf(client, "/hosts/new/")}

    response = client.post("/hosts/new/", data=given, headers=headers)

    assert response.status_code == (302 if accepted else 403)
    hosts = parse(client.get("/hosts/")).select("tbody tr")
    assert len(hosts) == (1 if accepted else 0)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_links_from_other_sites_may_be_followed(client):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://wiki.example"}

    assert client.get("/hosts/", headers=headers).status_code == 200


# ---- sizes


def test_a_page_may_take_less_than_others_and_reads_no_more(app_with, monkeypatch):
    app = app_with()
    monkeypatch.setitem(app.config["BODY_LIMITS"], "hosts.create_view", 1000)
    client = log_in(app.test_client())
    data = {"csrf_token": csrf(client, "/hosts/new/"), "notes": "x" * 1000}

    assert client.post("/hosts/new/", data=data).status_code == 413


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/x-www-form-urlencoded", {"notes": "x" * 2_200_000}),
        ("application/x-www-form-urlencoded", {"unknown": "x" * 2_200_000}),
        ("multipart/form-data", {f"x{n}": "" for n in range(2500)}),
    ],
)
def test_too_many_or_too_large_fields_are_refused(client, kind, data):
    response = client.post("/hosts/new/", data=data, content_type=kind)

    assert response.status_code == 413
    assert parse(response).h1.text == "Too large"


def test_an_address_that_is_too_long_is_refused(client):
    response = client.get("/hosts/", query_string={"q": "x" * 70_000})

    assert response.status_code == 414
    assert len(response.text) < 10_000


# ---- ways back

OTHERS = [
    "//evil.example", "///evil.example", "////evil.example", "https://evil.example/",
    "http:evil.example", "https:/evil.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
    "\\\\evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example",
    "\t//evil.example", " //evil.example", "/\n/evil.example", "/\r\nX: y",
    "/%09/evil.example", "/%2f/evil.example", "/%2Fevil.example", "/%5cevil.example",
    "/\x00/evil.example", "http://localhost/", "evil.example", "@evil.example", "?x",
    "#x", ".", "/\u2028/evil.example", "\ufeff//evil.example", "/\u3000\u00a0/x",
    "http://[::1", "//[", "/x" * 5000, "", None,
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_an_address_of_others_is_none_of_our_paths(text):
    assert own_path(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "/hosts/",
        "/hosts/?q=env:prod+web*&sort=-ip",
        "/hosts/?q=url%3A%2F%2Fx",
        "/hosts/?next=https://x",
        "/views/My%20own",
        "/é",
    ],
)
def test_a_path_of_ours_is_followed_as_it_is(text):
    assert own_path(text) == text


@pytest.mark.parametrize("target", [text for text in OTHERS if text])
def test_whatever_a_page_believes_a_redirect_stays_here(app_with, target):
    app = app_with()
    app.extensions["away"] = "".join(c for c in target if c >= " ")

    location = app.test_client().get("/away").headers["Location"]
    assert own_path(location) == location


def test_the_redirect_to_a_slash_names_no_host(client):
    assert client.get("/hosts?x=1").headers["Location"] == "/hosts/?x=1"
    assert "evil" not in str(client.get("//evil.example/hosts").headers).replace(
        "/evil.example/hosts", ""
    )
