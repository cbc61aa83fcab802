"""Who may do what: every route, every method, every role, with real requests."""

import base64

import pytest
import sqlalchemy as sa

from hostadmin import create_app, history
from hostadmin.auth import accounts, tokens
from hostadmin.config import Settings
from hostadmin.db.session import db
from hostadmin.models import ApiToken, ChangeEntry, ChangeSet, Host
from hostadmin.permissions import policy
from hostadmin.permissions.policy import OPEN, POLICY, Permission

from ..helpers.accounts import log_in
from ..helpers.dumps import dump_tables
from ..helpers.pages import csrf, parse

ROLES = ("viewer", "editor", "admin")
MAY = {
    Permission.READ: ROLES,
    Permission.OWN: ROLES,
    Permission.CHANGE: ("editor", "admin"),
    Permission.ADMIN: ("admin",),
}
# What stands for the parts of an address.
PARTS = {"format": "csv", "kind": "csv", "filename": "hostadmin.css"}
API = "/api/v1/"


def routes(app):
    """Yield endpoint, method and an address for every route there is."""
    for rule in app.url_map.iter_rules():
        parts = {name: PARTS.get(name, "1") for name in rule.arguments}
        with app.test_request_context():
            url = app.url_map.bind("localhost").build(rule.endpoint, parts)
        for method in sorted(rule.methods):
            yield rule.endpoint, method, f"{url}?id=1"


@pytest.fixture
def row(make_host, make_group):
    """A host and a group, whose ids are asked for where a page wants one."""
    return make_host(hostname="a"), make_group(name="g")


def test_every_route_has_its_line_and_every_line_its_route(app):
    there = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert policy.missing_lines(app) == ""
    assert {(e, m) for e, lines in POLICY.items() for m in lines} - there == set()


def test_a_route_without_a_line_does_not_start(monkeypatch, tmp_path):
    monkeypatch.delitem(POLICY, "help.index")

    with pytest.raises(RuntimeError, match=r"policy.py for: help.index GET"):
        create_app(
            Settings(
                _env_file=None,
                database_uri=f"sqlite:///{tmp_path}/x.sqlite",
                secret_key="x" * 40,
            )
        )


def test_a_route_that_came_without_a_line_is_shut(app, client, monkeypatch):
    monkeypatch.delitem(POLICY, "help.index")

    assert client.get("/help/").status_code == 403


def test_nobody_gets_anywhere_but_to_the_log_in(app, nobody, row):
    before = dump_tables(app)
    without_log_in = (Permission.OPEN, Permission.LOGIN)
    for endpoint, method, url in routes(app):
        response = nobody.open(url, method=method)
        where = f"{method} {url}: {response.status}"
        if policy.needed(endpoint, method) in without_log_in:
            assert response.status_code in (200, 400, 404), where
        elif response.status_code == 302:
            assert response.location.split("?")[0] == "/login", where
        else:
            assert response.status_code == 401, where
            assert response.headers["WWW-Authenticate"].startswith("Bearer"), where
    assert dump_tables(app) == before


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_exactly_what_its_lines_say(
    app, client_of, make_token, row, role
):
    browser, tool = client_of(role), app.test_client()
    headers = bearer(make_token(role))
    # Notes that the token is in use.
    tool.get(f"{API}hosts", headers=headers)
    before = dump_tables(app)
    for endpoint, method, url in routes(app):
        needs = policy.needed(endpoint, method)
        if needs in (Permission.OPEN, Permission.LOGIN):
            continue
        if url.startswith(API):
            response = tool.open(url, method=method, headers=headers)
        else:
            response = browser.open(url, method=method)
        where = f"{role} {method} {url}: {response.status}"
        # Without the token of a form, what would be allowed ends with 400; without a
        # body or a version, the API says so.
        if role in MAY[needs]:
            assert response.status_code in (200, 302, 400, 404, 415, 422, 428), where
        else:
            assert response.status_code == 403, where
    assert dump_tables(app) == before


def test_only_a_token_in_the_header_opens_the_api(app, client, make_token, row):
    key = make_token("admin")
    for endpoint, method, url in routes(app):
        if not url.startswith(API) or policy.needed(endpoint, method) is OPEN:
            continue
        for headers in ({}, basic(key)):
            response = client.open(url, method=method, headers=headers)
            assert response.status_code == 401, f"{method} {url}"
            assert response.mimetype == "application/problem+json" or method == "HEAD"


def test_what_the_history_shows_of_accounts_can_be_looked_at(app, client_of):
    browser = client_of("admin")
    with app.app_context(), history.writing("tests"):
        accounts.record(accounts.list_accounts()[0], "logged in")
        tokens.add_token("t", "viewer")
    entries = parse(browser.get("/changes/")).select("td a[href^='/changes/']")
    links = {a["href"] for a in entries}
    for url in sorted(links):
        page = browser.get(url)
        links |= {a["href"] for a in parse(page).select("main a[href]")}
    assert any("kind=" in url or "object=" in url for url in links)
    for url in sorted(links):
        assert browser.get(url).status_code == 200, url


@pytest.mark.parametrize("role", ROLES)
def test_only_admins_read_what_people_did(app, client_of, make_host, with_token, role):
    host_id = make_host(hostname="web-1")
    browser = client_of(role)
    with app.app_context():
        with history.writing("somebody", address="203.0.113.9"):
            accounts.record(accounts.list_accounts()[0], "logged in")
        rows = db.session.execute(
            sa.select(ChangeEntry.id, ChangeEntry.change_set_id, ChangeEntry.subject)
        )
        found = {row.subject: row for row in rows}
    assert set(found) == {"host", "account", "token"}
    personal = [found["account"], found["token"]]
    may = role == "admin"

    listed = browser.get("/changes/").text
    assert "web-1" in listed
    assert ("token tool" in listed) is may
    signed_in = browser.get("/changes/?sign_ins=1")
    assert ("logged in" in signed_in.text) is may
    kinds = {o.text for o in parse(browser.get("/changes/")).select("[name=kind] *")}
    assert ({"account", "token"} <= kinds) is may
    for row in personal:
        urls = [f"/changes/{row.change_set_id}/", f"/changes/{row.change_set_id}/undo"]
        urls.append(f"/changes/{row.change_set_id}/{row.id}/")
        for url in urls:
            shown = browser.get(url)
            assert shown.status_code in ((200, 404) if may else (403, 404)), url
            assert ("203.0.113.9" in shown.text) <= may
        kind = browser.get(f"/changes/?kind={row.subject}")
        assert kind.status_code == (200 if may else 403)
    for url in ("?actor=somebody", "?object=tool", f"?object={role}-1", "?field=role"):
        shown = browser.get(f"/changes/{url}").text
        assert ("logged in" in shown or "created token" in shown.lower()) <= may
    host = found["host"]
    for url in (f"{host.change_set_id}/", f"{host.change_set_id}/{host.id}/"):
        assert browser.get(f"/changes/{url}").status_code == 200
    assert browser.get(f"/changes/?host=%23{host_id}").status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_no_shown_link_or_button_leads_to_a_refusal(app, client_of, row, role):
    host, group = row
    browser = client_of(role)
    pages = [
        "/hosts/",
        f"/hosts/details/?id={host}",
        "/groups/",
        f"/groups/details/?id={group}",
        "/inventory/details/?id=1",
        "/stats/",
        "/help/",
        "/data-quality/",
        "/changes/",
        "/account/",
    ]
    links, actions = set(), set()
    for url in pages:
        page = parse(browser.get(url))
        links |= {a["href"].split("#")[0] for a in page.select("a[href]")}
        for form in page.select("form"):
            action = form.get("action", url)
            links |= {action} if form.get("method") != "post" else set()
            actions |= {action} if form.get("method") == "post" else set()
    assert len(links) > 10
    for url in sorted(links - {""}):
        assert browser.get(url).status_code != 403, url
    for url in sorted(actions):
        assert browser.post(url).status_code != 403, url


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_what_a_role_may_not_is_not_offered(client_of, row, role):
    host, group = row
    browser = client_of(role)
    for url in (
        "/hosts/",
        f"/hosts/details/?id={host}",
        "/groups/",
        f"/groups/details/?id={group}",
        "/inventory/details/?id=1",
    ):
        page = parse(browser.get(url))
        words = {a.text.strip() for a in page.select("main a, main button")}
        offered = {w for w in words if w.startswith(("Edit", "New", "Delete", "Dupl"))}
        assert bool(offered) == (role == "editor"), url


def test_a_viewer_is_shown_on_a_page(client_of, row):
    response = client_of("viewer").get("/hosts/new/")

    assert response.status_code == 403
    assert "Your role (viewer) does not allow this." in response.text


def test_a_form_of_somebody_else_is_no_key(client_of, make_host):
    make_host(hostname="a")
    editor, viewer = client_of("editor"), client_of("viewer")
    token = csrf(editor, "/hosts/new/")

    response = viewer.post("/hosts/new/", data={"csrf_token": token, "hostname": "b"})

    assert response.status_code == 403


@pytest.mark.parametrize(
    "field", ["role", "id", "version", "created_at", "hostname_key"]
)
def test_fields_that_a_form_does_not_have_are_ignored(app, client_of, make_host, field):
    id_ = make_host(hostname="a", owner="me")
    browser = client_of("editor")
    page = parse(browser.get(f"/hosts/edit/?id={id_}"))
    form = {
        f["name"]: f.get("value") or f.text.strip()
        for f in page.select("main [name]")
        if f.name != "select"
    }
    form["status"] = "active"
    if field != "role":
        form[field] = "77"

    done = browser.post(f"/hosts/edit/?id={id_}", data=form | {"is_admin": "1"})

    assert done.status_code == 302
    with app.app_context():
        host = db.session.get(Host, id_)
        assert (host.id, host.hostname_key) == (id_, "a")
        assert host.created_at.year > 2000


# ---- forms without a good token

OURS = {"Origin": "http://localhost"}


def test_no_post_works_without_the_token_of_its_own_session(app, client_of, row):
    host, _ = row
    admin, other = client_of("admin"), client_of("editor")
    foreign = csrf(other, "/hosts/new/")
    before = dump_tables(app)
    posts = [
        url
        for _, method, url in routes(app)
        if method == "POST" and not url.startswith(API)
    ]
    assert len(posts) > 20
    for url in posts:
        for sent in (None, "", "nonsense", foreign):
            data = {"id": host, "row_version": "1", "name": "x", "username": "x"}
            data |= {} if sent is None else {"csrf_token": sent}
            response = admin.post(url, data=data)
            assert response.status_code == 400, url
    assert dump_tables(app) == before


def test_what_was_typed_is_kept_and_sent_again(app, client_of):
    browser = client_of("editor")
    typed = {"hostname": "a", "status": "active", "notes": "one\r\ntwo <b>"}
    stale = browser.post(
        "/hosts/new/", data={**typed, "csrf_token": "of-yesterday"}, headers=OURS
    )

    page = parse(stale)
    assert stale.status_code == 400
    assert "Nothing was saved." in page.main.text
    assert page.select("main b") == []
    form = {field["name"]: field["value"] for field in page.select("main input")}
    assert form.items() > typed.items()
    assert browser.post("/hosts/new/", data=form, headers=OURS).status_code == 302
    with app.app_context():
        assert db.session.scalars(sa.select(Host.hostname)).all() == ["a"]


@pytest.mark.parametrize(
    ("url", "fields", "headers"),
    [
        # Without a sign that a page of ours sent it, one click must not be enough.
        ("/hosts/new/", {"hostname": "a"}, {}),
        ("/account/password", {"current": "secret"}, OURS),
        ("/accounts/new/", {"username": "a", "password": "secret"}, OURS),
        ("/login", {"username": "a", "password": "secret"}, OURS),
    ],
)
def test_passwords_and_forms_of_others_are_not_filled_in(client, url, fields, headers):
    response = client.post(url, data=fields, headers=headers)

    assert response.status_code == 400
    form = parse(response).select_one("main form")
    assert form is None or url.startswith("/account")
    assert "secret" not in response.text


def test_nobody_and_those_who_may_not_get_no_form_back(nobody, client_of):
    data = {"hostname": "a"}
    shown = nobody.post("/hosts/new/", data=data, headers=OURS)
    assert shown.status_code == 401
    assert parse(shown).select_one("main form")["action"] == "/login"
    viewer = client_of("viewer")
    assert viewer.post("/hosts/new/", data=data, headers=OURS).status_code == 403


# ---- who acted


def test_the_history_names_who_it_was_and_from_where(app, client_of):
    browser = log_in(app.test_client(), "editor", "ann")
    browser.environ_base["REMOTE_ADDR"] = "203.0.113.5"
    token = csrf(browser, "/hosts/new/")
    data = {"csrf_token": token, "hostname": "a", "status": "active"}
    assert browser.post("/hosts/new/", data=data).status_code == 302

    with app.app_context():
        change = db.session.scalars(sa.select(ChangeSet)).one()
        assert (change.actor, change.source, change.address) == (
            "ann",
            "web",
            "203.0.113.5",
        )
        url = f"/changes/{change.id}/"
    assert "203.0.113.5" in client_of("admin").get(url).text
    assert "203.0.113.5" not in client_of("viewer").get(url).text


# ---- tools


@pytest.fixture
def make_token(app):
    def make(role="viewer", **options):
        with app.app_context(), history.writing("tests"):
            return tokens.add_token("tool", role, **options)[1]

    return make


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def basic(key, name="any"):
    encoded = base64.b64encode(f"{name}:{key}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


@pytest.mark.parametrize("how", [bearer, basic])
def test_a_token_opens_the_exports(nobody, make_token, make_host, how):
    make_host(hostname="a")

    response = nobody.get("/export/csv", headers=how(make_token()))

    assert response.status_code == 200
    assert "a" in response.text
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer hostadmin_" + "x" * 43},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"x:hostadmin_y").decode()},
        {"Authorization": "Digest username=x"},
        {"Authorization": "Bearer \xff"},
    ],
)
def test_a_tool_without_a_good_token_gets_401_and_no_page_to_log_in(
    nobody, client, headers
):
    for url in ("/export/csv", "/export/nonsense", "/api/v1/hosts", "/metrics"):
        response = nobody.get(url, headers=headers)
        assert response.status_code == 401, url
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="hostadmin"'
    if headers:
        assert nobody.get("/hosts/", headers=headers).status_code == 401
        # A bad token is not made good by a cookie.
        assert client.get("/export/csv", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "accept", ["application/json", "application/json, text/html;q=0.1"]
)
def test_who_wants_json_is_a_tool(nobody, accept):
    assert nobody.get("/hosts/", headers={"Accept": accept}).status_code == 401


@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "*/*"])
def test_who_wants_anything_is_led_to_the_log_in(nobody, accept):
    response = nobody.get("/nowhere/", headers={"Accept": accept})

    assert (response.status_code, response.location) == (302, "/login?next=/nowhere/")


def test_a_token_in_the_address_is_none(nobody, make_token):
    key = make_token()
    for url in (f"/export/csv?token={key}", f"/export/csv?access_token={key}"):
        assert nobody.get(url).status_code == 401


def test_a_token_may_read_and_an_editors_one_may_write_but_not_more(
    app, nobody, make_token
):
    viewer, editor = make_token(), make_token("editor")
    read_only, admin = make_token("editor", read_only=True), make_token("admin")
    data = {"hostname": "a", "status": "active"}

    for key in (viewer, read_only):
        assert (
            nobody.post("/hosts/new/", data=data, headers=bearer(key)).status_code
            == 403
        )
    done = nobody.post("/hosts/new/", data=data, headers=bearer(editor))
    assert done.status_code == 302
    with app.app_context():
        change = db.session.scalars(
            sa.select(ChangeSet).order_by(ChangeSet.id.desc()).limit(1)
        ).one()
        assert (change.actor, change.source) == ("token tool", "api")
    for url in ("/account/", "/accounts/"):
        for key in (viewer, editor, admin):
            assert nobody.get(url, headers=bearer(key)).status_code in (403, 404)


def test_a_token_as_a_password_only_reads(app, client, make_token, make_host):
    # A browser may remember a password, and another site then send it along.
    url = f"/hosts/edit/?id={make_host(hostname='a')}"
    data = {"csrf_token": csrf(client, "/hosts/new/"), "hostname": "b"}
    key = make_token("editor")
    # Notes that the token is in use.
    assert client.get("/hosts/", headers=basic(key)).status_code == 200
    before = dump_tables(app)

    for method, path in (("POST", "/hosts/new/"), ("POST", url), ("GET", url)):
        response = client.open(path, method=method, data=data, headers=basic(key))
        assert response.status_code == 403
    assert dump_tables(app) == before


def test_the_password_of_a_proxy_is_none_of_ours(nobody, client):
    headers = basic("secret of the proxy", "ann")

    for url in ("/hosts/", "/export/csv", "/account/"):
        assert client.get(url, headers=headers).status_code == 200
    data = {"csrf_token": csrf(client, "/account/"), "theme": "dark"}
    assert client.post("/account/theme", data=data, headers=headers).location
    # Who is not logged in comes to the log-in page; tools get 401, as they always do.
    shown = nobody.get("/hosts/", headers=headers)
    assert (shown.status_code, shown.location) == (302, "/login?next=/hosts/")
    assert nobody.get("/login", headers=headers).status_code == 200
    assert nobody.get("/export/csv", headers=headers).status_code == 401


def test_the_use_of_a_token_is_noted(app, nobody, make_token):
    key = make_token()
    nobody.get("/export/csv", headers=bearer(key))

    with app.app_context():
        assert db.session.scalars(sa.select(ApiToken.last_used_at)).one() is not None


def test_a_revoked_token_is_dead_at_the_next_request(app, nobody, make_token):
    key = make_token()
    assert nobody.get("/export/csv", headers=bearer(key)).status_code == 200
    with app.app_context(), history.writing("tests"):
        tokens.revoke(tokens.find_token(key).identity.token_id)

    assert nobody.get("/export/csv", headers=bearer(key)).status_code == 401
