"""Below a path of a proxy: every address that the server tells leads below it."""

import re
from urllib.parse import urlsplit, urlunsplit

import pytest

from hostadmin import create_app, history
from hostadmin.auth import tokens
from hostadmin.config import Settings
from hostadmin.db.session import Base, db
from hostadmin.inventory import groups, hosts

from ..helpers.accounts import add_person, cookie_of
from ..helpers.apps import SeparateClient
from ..helpers.pages import form_of, parse

PREFIX = "/inventory"
# As a browser asks: the test client would take the prefix out of the path by itself.
ROOT = "http://localhost/"
# In HTML and in JSON.
ADDRESS = re.compile(r"""["'](/[^"'\s<>]*)["']|(?:url|href)=(/[^"'\s<>]*)""")
# What would need a database of its own, or ends the crawl.
LEFT_OUT = ("/logout",)
ENOUGH = 60


def build(tmp_path, **more):
    settings = Settings(
        _env_file=None,
        database_uri=f"sqlite:///{tmp_path}/hosts.sqlite",
        secret_key="x" * 40,
        **more,
    )
    app = create_app(settings.model_copy(update={"testing": True}))
    app.test_client_class = SeparateClient
    return app


@pytest.fixture
def mounted(tmp_path):
    app = build(tmp_path, url_prefix=f"{PREFIX}/")
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with history.writing(actor="tests"):
            groups.add_group({"name": "web"})
            for number in range(60):
                fields = {"hostname": f"web-{number}", "environment": "prod"}
                hosts.add_host({**fields, "groups": ["web"], "ip_addr": "10.0.0.1"})
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def browser(mounted):
    client = mounted.test_client()
    key = add_person(mounted, "admin")
    client.set_cookie(*cookie_of(mounted, key), path=PREFIX)
    return client


def addresses(response):
    """Return the addresses of this server that an answer tells."""
    found = {one or other for one, other in ADDRESS.findall(response.text)}
    if place := response.headers.get("Location"):
        found.add(urlsplit(place).path)
    return {address.replace("&amp;", "&") for address in found}


def linked(response):
    """Return what a browser may follow by a click."""
    links = [link["href"] for link in parse(response).select("a[href]")]
    if place := response.headers.get("Location"):
        links.append(place)
    return [urlunsplit(("", "", *urlsplit(link)[2:4], "")) for link in links]


def test_every_link_leads_below_the_prefix(browser):
    waiting, seen = [f"{PREFIX}/"], set()
    while waiting and len(seen) < ENOUGH:
        address = waiting.pop(0)
        response = browser.get(address, base_url=ROOT)
        assert response.status_code in (200, 302, 304), f"{address}: {response.status}"
        kind = response.mimetype
        if kind not in ("text/html", "application/json") or "/export/" in address:
            continue
        for found in addresses(response):
            assert found.startswith(f"{PREFIX}/"), f"{found} on {address}"
        for found in linked(response):
            # One address of each kind, or numbers would be most of them.
            key = re.sub(r"\d+", "1", found.split("?")[0]) + str(
                sorted(part.split("=")[0] for part in found.split("?")[-1].split("&"))
            )
            if found and key not in seen and not found.endswith(LEFT_OUT):
                seen.add(key)
                waiting.append(found)
    assert len(seen) > 40


def test_a_form_leads_below_the_prefix(browser):
    # The client of the tests puts the prefix before it.
    data = form_of(browser, "/hosts/new/") | {"hostname": "new"}
    answer = browser.post(f"{PREFIX}/hosts/new/", data=data, base_url=ROOT)
    assert answer.headers["Location"].startswith(f"{PREFIX}/hosts/")
    page = parse(browser.get(answer.headers["Location"], base_url=ROOT))
    assert "new" in page.main.h1.text


@pytest.mark.parametrize("path", ["/", "/hosts/", f"{PREFIX}-other/hosts/"])
def test_what_is_not_below_it_explains_how_proxies_must_ask(browser, path):
    answer = browser.get(path, base_url=ROOT)
    assert answer.status_code == 404
    assert f"All pages are below {PREFIX}/." in parse(answer).main.text
    assert all(address.startswith(PREFIX) for address in addresses(answer))


def test_who_watches_the_server_itself_needs_no_prefix(browser):
    for path in ("/healthz", "/readyz", f"{PREFIX}/healthz", f"{PREFIX}/readyz"):
        assert browser.get(path, base_url=ROOT).status_code == 200


def test_who_is_not_logged_in_is_led_back(mounted):
    client = mounted.test_client()
    answer = client.get(f"{PREFIX}/stats/?by=os", base_url=ROOT)
    assert answer.headers["Location"] == (
        f"{PREFIX}/login?next={PREFIX.replace('/', '%2F')}%2Fstats%2F%3Fby%3Dos"
    ) or answer.headers["Location"].startswith(f"{PREFIX}/login?next={PREFIX}/stats/")
    page = client.get(answer.headers["Location"], base_url=ROOT)
    assert parse(page).select_one("[name=next]")["value"] == f"{PREFIX}/stats/?by=os"
    # Another program at the same proxy is none of ours.
    page = client.get(f"{PREFIX}/login?next=/other/", base_url=ROOT)
    assert "/other/" not in page.text


@pytest.mark.parametrize(
    ("secure", "name"), [(False, "hostadmin"), (True, "__Secure-hostadmin")]
)
def test_cookies_are_for_the_prefix_alone(tmp_path, secure, name):
    app = build(tmp_path, url_prefix=PREFIX, secure_cookies=secure)
    with app.app_context():
        Base.metadata.create_all(db.engine)
    client = app.test_client()
    answer = client.get(f"{PREFIX}/login", base_url=ROOT.replace("http:", "https:"))
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert f"Path={PREFIX};" in f"{cookie};"
    with app.app_context():
        db.engine.dispose()


def test_the_api_tells_addresses_below_the_prefix(mounted):
    with mounted.app_context(), history.writing(actor="tests"):
        key = tokens.add_token("tool", "viewer")[1]
    client = mounted.test_client()
    headers = {"Authorization": f"Bearer {key}"}
    for path in ("/api/v1/hosts?limit=10", "/api/v1/groups"):
        answer = client.get(f"{PREFIX}{path}", base_url=ROOT, headers=headers)
        assert answer.status_code == 200, answer.text
        for address in re.findall(r'"(/api/v1[^"]*)"', answer.text):
            pytest.fail(f"{address} in {path}")
        if link := answer.headers.get("Link"):
            assert f"{PREFIX}/api/v1/" in link
    document = client.get(f"{PREFIX}/api/v1/openapi.json", base_url=ROOT).json
    assert document["servers"] == [{"url": PREFIX}]
