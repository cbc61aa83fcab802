"""What surrounds every request: tokens, headers, hosts, error pages."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hostadmin.models import Host

from ..helpers.dumps import dump_tables
from ..helpers.pages import csrf, parse
from ..helpers.paths import ROOT

TEMPLATES = ROOT / "templates"
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
LEAKS = re.compile(r"Traceback|SELECT |INSERT |UPDATE |sqlalchemy|psycopg|pymysql")


def rules(app, method):
    return [rule for rule in app.url_map.iter_rules() if method in rule.methods]


def test_no_post_without_a_token_changes_anything(app, client, make_host, make_group):
    host, group = make_host(hostname="a"), make_group(name="g")
    before = dump_tables(app)

    for rule in rules(app, "POST"):
        id_ = group if "groups" in rule.rule else host
        for url in (rule.rule, f"{rule.rule}?id={id_}"):
            data = {"id": id_, "hostname": "b", "name": "b", "row_version": "1"}
            # What takes tokens alone does not even look at a cookie.
            expected = (401,) if rule.endpoint.startswith("api.") else (400, 404)
            assert client.post(url, data=data).status_code in expected, url
    assert dump_tables(app) == before


def test_no_get_writes(app, client, make_host, make_group, statements):
    host, group = make_host(hostname="a"), make_group(name="g")

    with statements() as seen:
        for rule in rules(app, "GET"):
            if rule.endpoint == "static":
                continue
            id_ = group if "groups" in rule.rule else host
            client.get(f"{rule.rule.replace('<format>', 'csv')}?id={id_}")
            client.get(rule.rule.replace("<format>", "csv"))
    assert seen
    writes = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
    assert [s for s in seen if s.lstrip().upper().startswith(writes)] == []


@pytest.mark.parametrize(
    "url", ["/hosts/", "/nope", "/hosts/?x=1", "/healthz", "/static/hostadmin.css"]
)
def test_every_answer_has_the_headers(client, url):
    headers = client.get(url).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
    ],
)
def test_only_known_names_are_answered(client, host, status):
    assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)("/hosts/").status_code in (400, 405)


def test_a_body_that_is_too_large_is_refused(client):
    token = csrf(client, "/hosts/new/")

    response = client.post(
        "/hosts/new/", data={"csrf_token": token, "notes": "x" * 3 * 1024 * 1024}
    )

    assert response.status_code in (400, 413)


def test_a_bug_shows_no_trace(app, client, monkeypatch):
    def broken(*_: object) -> None:
        raise LookupError("SELECT secret FROM trace")

    monkeypatch.setattr("hostadmin.admin.hosts.list_page.list_hosts", broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        response = client.get("/hosts/")
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = None

    assert response.status_code == 500
    assert not LEAKS.search(response.text)
    assert response.headers["X-Request-ID"] in response.text


def test_a_database_that_is_away_is_shown(app, client, monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed"))

    monkeypatch.setattr("hostadmin.admin.hosts.list_page.list_hosts", away)
    response = client.get("/hosts/")

    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert not LEAKS.search(response.text)


def test_markup_in_values_is_shown_as_text(client, session, make_host, make_group):
    make_group(name=MARKUP, description=MARKUP, vars={MARKUP: MARKUP})
    id_ = make_host(
        hostname=MARKUP,
        aliases=[f"x{MARKUP}"],
        environment=MARKUP,
        os=MARKUP,
        location=MARKUP,
        role=MARKUP,
        owner=MARKUP,
        groups=[MARKUP],
        vars={MARKUP: [MARKUP]},
        notes=MARKUP,
    )
    with client.session_transaction():
        pass
    urls = [
        "/hosts/",
        f"/hosts/details/?id={id_}",
        f"/hosts/edit/?id={id_}",
        f"/hosts/delete/?id={id_}",
        "/stats/",
        "/groups/",
        f"/hosts/?flt_hostname_equals={MARKUP}",
        f"/hosts/?flt_{MARKUP}_equals=1",
        f"/hosts/?{MARKUP}=1",
        f"/hosts/?sort={MARKUP}",
        f"/{MARKUP}",
    ]
    group = session.scalar(sa.select(Host)).groups[0].id
    urls += [f"/groups/{page}/?id={group}" for page in ("details", "edit", "delete")]

    for url in urls:
        page = parse(client.get(url))
        assert page.select("img, [onerror]") == [], url
        assert [s for s in page.select("script") if not s.get("src")] == [], url


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "\\\\evil.example",
        "/\\evil.example",
        "http:evil.example",
    ],
)
def test_a_way_back_leads_nowhere_else(client, make_host, url):
    id_ = make_host()

    page = client.get("/hosts/edit/", query_string={"id": id_, "url": url})

    links = [a["href"] for a in parse(page).select("a[href]")]
    assert [link for link in links if not link.startswith(("/", "#"))] == []
    assert [link for link in links if link.startswith(("//", "/\\"))] == []


def test_templates_have_no_inline_script_and_every_form_a_token():
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        for form in re.findall(
            r"<form[^>]*method=\"post\".*?</form>", text, re.S | re.I
        ):
            assert "csrf" in form or "hidden_fields" in form, path
